/**
Encrypted images in the documents that libvirt is given. It reads the headers of a chain, which name no secret: so each layer is recorded in `<backingStore>`, with its own. In
the `<disks>` of a snapshot the engine is named as well: libvirt fills it in for the disks of a domain alone, and starts none without it (9.0 to 12.8).
*/
import type {Encryption} from '../../domain/domain.ts';
import {succeed, type Result} from '../../result.ts';
import {
	changeXml, contentOf, element, find, findAll, keepOnly, nameOf, type XmlItem,
} from '../change-xml.ts';
import {formatInXml} from '../change-domain.ts';
import {rootNameOf} from '../read-xml.ts';
import {namedPath, sourceOf} from './source-element.ts';

export type RecordedLayer = {path: string; format: string; isDevice: boolean; encryption?: Encryption};

/** The image that a document names and all that it is backed by, from the top down. Undefined: nothing of it is encrypted, or it is not known. */
type LayersAt = (path: string) => RecordedLayer[] | undefined;

function encryptionElement({format, secret}: Encryption): XmlItem {
	const name: Record<string, string> = secret === undefined ? {} : ('uuid' in secret ? {uuid: secret.uuid} : {usage: secret.usage});
	return element('encryption', {format, ...(format === 'luks' && {engine: 'qemu'})}, secret === undefined ? [] : [element('secret', {type: 'passphrase', ...name})]);
}

function sourceElement(layer: RecordedLayer): XmlItem {
	const {attributes, servers} = sourceOf(layer);
	return element('source', attributes, [...servers, ...layer.encryption ? [encryptionElement(layer.encryption)] : []]);
}

function chainElement([layer, ...below]: readonly RecordedLayer[]): XmlItem {
	return layer === undefined
		? element('backingStore', {})
		: element('backingStore', {type: sourceOf(layer).type}, [element('format', {type: formatInXml(layer.format)}), sourceElement(layer), chainElement(below)]);
}

/** One that is plain loses what was said of the image that was there before. */
function setEncryption(disk: XmlItem, source: XmlItem, {encryption}: RecordedLayer): void {
	const isOther = (item: XmlItem) => nameOf(item) !== 'encryption';
	disk.disk = keepOnly(contentOf(disk), isOther);
	source.source = [...keepOnly(contentOf(source), isOther), ...encryption ? [encryptionElement(encryption)] : []];
}

function recordDisk(disk: XmlItem, layersAt: LayersAt, {withChain}: {withChain: boolean}): boolean {
	const source = find(contentOf(disk), 'source');
	const path = namedPath(source);
	const layers = path === undefined ? undefined : layersAt(path);
	if (source === undefined || layers === undefined) {
		return false;
	}

	setEncryption(disk, source, layers[0]!);
	if (withChain && find(contentOf(disk), 'backingStore') === undefined) {
		const content = contentOf(disk);
		content.splice(content.indexOf(source) + 1, 0, chainElement(layers.slice(1)));
	}

	return true;
}

/** The `<domain>`, `<inactiveDomain>` or `<domainsnapshot>` with what is encrypted in it; the same text where nothing is. A chain that is recorded already stays. */
export function recordSecrets(xml: string, layersAt: LayersAt): Result<string> {
	let isChanged = false;
	const root = rootNameOf(xml) ?? '';
	if (!['domain', 'inactiveDomain', 'domainsnapshot'].includes(root)) {
		return succeed(xml);
	}

	const changed = changeXml(xml, 'The XML of a domain or snapshot', [root], item => {
		const isSnapshot = root === 'domainsnapshot';
		const domains = isSnapshot ? contentOf(item).filter(part => ['domain', 'inactiveDomain'].includes(nameOf(part))) : [item];
		for (const disk of domains.flatMap(domain => findAll(contentOf(find(contentOf(domain), 'devices') ?? {}), 'disk'))) {
			isChanged = recordDisk(disk, layersAt, {withChain: true}) || isChanged;
		}

		for (const disk of isSnapshot ? findAll(contentOf(find(contentOf(item), 'disks') ?? {}), 'disk') : []) {
			isChanged = recordDisk(disk, layersAt, {withChain: false}) || isChanged;
		}

		return succeed(item);
	});
	return changed.ok && !isChanged ? succeed(xml) : changed;
}
