/**
Images in the network. One name serves for each, whoever names it: the URL that QEMU writes into the header of an overlay. libvirt names the same in elements of XML, or as block
options in JSON. Only what both can say without loss is taken for such a name: NBD with one server, by TCP or by a UNIX socket, without TLS. What is named otherwise stays unknown.
*/

import {posix} from 'node:path';

/** As libvirt's `<source>` and QEMU's block options have it, with the words of libvirt. */
export type NetworkPlace = {
	protocol: 'nbd';
	/** The export; undefined: the default one. */
	name: string | undefined;
	server: {host: string; port: number} | {socket: string};
};

const defaultPort = 10_809;
const plainName = /^[\w.\-/]+$/;
const plainHost = /^(?:[\w.-]+|[\da-f:.]*:[\da-f:.]*)$/i;

/** Whether the name of an image is such a URL. */
export const isInNetwork = (path: string): boolean => networkPlace(path) !== undefined;

/** What names an image: a file or device on the host, or an image in the network. Anything else is no node of the image graph. */
export const isImageName = (path: string | undefined): path is string => path !== undefined && (path.startsWith('/') || isInNetwork(path));

/** Undefined where the URL could not say it. */
export function networkPath({name, server}: NetworkPlace): string | undefined {
	if (name !== undefined && (!plainName.test(name) || name.startsWith('/'))) {
		return undefined;
	}

	if ('socket' in server) {
		return server.socket.startsWith('/') && plainName.test(server.socket) ? `nbd+unix:///${name ?? ''}?socket=${server.socket}` : undefined;
	}

	const host = server.host.includes(':') ? `[${server.host}]` : server.host;
	return plainHost.test(server.host) ? `nbd://${host}:${server.port}${name === undefined ? '' : `/${name}`}` : undefined;
}

/** Takes also what QEMU takes: without a port, and with `nbd+tcp`. Undefined for whatever is no such URL. */
export function networkPlace(path: string): NetworkPlace | undefined {
	const tcp = /^nbd(?:\+tcp)?:\/\/(?:\[(?<v6>[\da-f:.]+)]|(?<host>[\w.-]+))(?::(?<port>\d{1,5}))?(?:\/(?<name>[\w.\-/]*))?$/i.exec(path)?.groups;
	const unix = /^nbd\+unix:\/{3}(?<name>[\w.\-/]*)\?socket=(?<socket>\/[\w.\-/]+)$/i.exec(path)?.groups;
	const name = (tcp ?? unix)?.name;
	const given = name === undefined || name === '' ? undefined : name;
	if (tcp) {
		return {protocol: 'nbd', name: given, server: {host: tcp.v6 ?? tcp.host!, port: tcp.port === undefined ? defaultPort : Number(tcp.port)}};
	}

	return unix && {protocol: 'nbd', name: given, server: {socket: unix.socket!}};
}

/** For people, where the whole name has been said already: the last part of a path, or the export and its server. */
export function shortName(path: string): string {
	const place = networkPlace(path);
	const server = place && ('socket' in place.server ? posix.basename(place.server.socket) : `${place.server.host}:${place.server.port}`);
	return place === undefined ? posix.basename(path) : `${place.name ?? 'the default export'} of ${server}`;
}

/** For people: what it is, of an image that is no file. */
export const deviceWord = (path: string): string => isInNetwork(path) ? 'in the network' : 'a block device';

const textOf = (value: unknown): string | undefined => typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

/** Of QEMU's block options, as libvirt writes them into a header: `{"driver":"nbd","server":{"type":"unix","path":"/s"},"export":"x"}`, by itself or as the file of a raw image. */
export function networkPathInOptions(options: unknown): string | undefined {
	if (typeof options !== 'object' || options === null) {
		return undefined;
	}

	const {driver, file, server, export: name, ...rest} = options as {driver?: unknown; file?: unknown; server?: Record<string, unknown>; export?: unknown};
	if (driver !== 'nbd') {
		return (driver === undefined || driver === 'raw') && file !== undefined ? networkPathInOptions(file) : undefined;
	}

	const [host, port, socket] = [textOf(server?.host), textOf(server?.port), textOf(server?.path)];
	const isPlain = Object.keys(rest).length === 0 && (name === undefined || typeof name === 'string');
	const place = server?.type === 'unix' ? (socket === undefined ? undefined : {socket}) : (host === undefined || port === undefined ? undefined : {host, port: Number(port)});
	return isPlain && place ? networkPath({protocol: 'nbd', name, server: place}) : undefined;
}
