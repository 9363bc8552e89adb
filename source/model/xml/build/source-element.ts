/**
`<source>` of a disk and `type` beside it, from the name of an image and back: a file, a block device, or an image in the network.
*/
import {networkPath, networkPlace} from '../../qemu/network-image.ts';
import {
	attribute, contentOf, element, findAll, nameOf, type XmlItem,
} from '../change-xml.ts';
import {attributeOf, childrenOf, type XmlNode} from '../read-xml.ts';

type Place = {path: string; isDevice?: boolean};

export function sourceOf({path, isDevice = false}: Place): {type: string; attributes: Record<string, string>; servers: XmlItem[]} {
	const place = networkPlace(path);
	if (place === undefined) {
		return {type: isDevice ? 'block' : 'file', attributes: {[isDevice ? 'dev' : 'file']: path}, servers: []};
	}

	const {protocol, name, server} = place;
	return {
		type: 'network',
		attributes: {protocol, ...(name !== undefined && {name})},
		servers: [element('host', 'socket' in server ? {transport: 'unix', socket: server.socket} : {name: server.host, port: String(server.port)})],
	};
}

type Named = {of: (name: string) => string | undefined; attributes: string[]; hosts: Array<(name: string) => string | undefined>; children: string[]};

const ownAttributes = new Set(['protocol', 'name', 'tls', 'index', 'startupPolicy']);
const ownChildren = new Set(['host', 'address', '#text', '#comment']);

/** libvirt itself adds `tls='no'` while the domain runs. Whatever else is said of the connection would be lost, so that such a source has no name here. */
function inNetwork({of, attributes, hosts: [host, ...others], children}: Named): string | undefined {
	const isPlain = of('protocol') === 'nbd' && (of('tls') ?? 'no') === 'no' && others.length === 0
		&& attributes.every(name => ownAttributes.has(name)) && children.every(name => ownChildren.has(name));
	if (!isPlain || host === undefined) {
		return undefined;
	}

	const [transport, socket, server, port] = [host('transport') ?? 'tcp', host('socket'), host('name'), host('port')];
	const place = transport === 'unix' ? (socket === undefined ? undefined : {socket}) : (server === undefined || transport !== 'tcp' ? undefined : {host: server, port: Number(port ?? 10_809)});
	return place && networkPath({protocol: 'nbd', name: of('name'), server: place});
}

/** The file or block device that a `<source>` names. */
export const localPathOf = (source: XmlNode | undefined): string | undefined => attributeOf(source, 'file') ?? attributeOf(source, 'dev');

/** The image that a `<source>` names; undefined where it is none that has a name here. */
export function sourcePathOf(source: XmlNode | undefined): string | undefined {
	return localPathOf(source) ?? (source && inNetwork({
		of: name => attributeOf(source, name),
		hosts: childrenOf(source, 'host').map(host => name => attributeOf(host, name)),
		attributes: Object.keys(source[':@'] ?? {}),
		children: Object.keys(source).filter(key => key !== ':@'),
	}));
}

/** The same of a document that is being changed. */
export function namedPath(source: XmlItem | undefined): string | undefined {
	const path = attribute(source, 'file') ?? attribute(source, 'dev');
	return path ?? (source && inNetwork({
		of: name => attribute(source, name),
		hosts: findAll(contentOf(source), 'host').map(host => name => attribute(host, name)),
		attributes: Object.keys(source[':@'] ?? {}),
		children: contentOf(source).map(item => nameOf(item)),
	}));
}
