/**
A `<domainsnapshot>` as libvirt writes it. The stored `<domain>` and `<inactiveDomain>` are cut out byte for byte: they are what the domain is put
back from.
*/
import type {DomainDefinition} from '../domain/domain.ts';
import type {Snapshot, SnapshotDisk, SnapshotMemory} from '../domain/snapshot.ts';
import {fail, succeed, type Result} from '../result.ts';
import {parseCheckpointsNote} from './checkpoints-note.ts';
import {parseDomainXml, toSnapshotMode} from './parse-domain.ts';
import {localPathOf} from './build/source-element.ts';
import {
	attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode,
} from './read-xml.ts';

function parseDisk(node: XmlNode): SnapshotDisk {
	const overlayPath = localPathOf(childOf(node, 'source'));
	return {
		target: attributeOf(node, 'name') ?? '',
		// libvirt writes the mode of every disk; in a record made by hand a path means external.
		mode: toSnapshotMode(attributeOf(node, 'snapshot')) ?? (overlayPath === undefined ? 'no' : 'external'),
		overlayPath,
		...(attributeOf(node, 'type') === 'block' && {isDevice: true as const}),
	};
}

function parseDisks(list: XmlNode | undefined): SnapshotDisk[] {
	return childrenOf(list, 'disk').map(node => parseDisk(node));
}

/** libvirt's rule for a record without `<memory>`: a file means external, a state without RAM means none, everything else is internal. */
function parseMemory(memory: XmlNode | undefined, state: string): SnapshotMemory {
	const path = attributeOf(memory, 'file');
	const mode = attributeOf(memory, 'snapshot') ?? (path === undefined ? undefined : 'external');
	if (mode === 'external' && path !== undefined) {
		return {mode, path};
	}

	if (mode === 'no' || mode === 'internal') {
		return {mode};
	}

	return {mode: state === 'shutoff' || state === 'disk-snapshot' ? 'no' : 'internal'};
}

/** The element as it stands in the document, tags included. `content` is the text between its tags, which the parser left as it was. */
function cutOut(xml: string, name: string, content: string): string | undefined {
	const end = `${content}</${name}>`;
	const from = xml.search(new RegExp(String.raw`<${name}[\s>]`));
	const at = from === -1 ? -1 : xml.indexOf(end, from);
	return at === -1 ? undefined : xml.slice(xml.lastIndexOf(`<${name}`, at), at + end.length);
}

function storedXml(root: XmlNode, xml: string, name: string): string | undefined {
	const content = textOf(childOf(root, name));
	return content === undefined || content === '' ? undefined : cutOut(xml, name, content);
}

/** Internal snapshots of one domain mostly hold the same document, one after the other. */
let last: {xml: string; domain: Result<DomainDefinition>} | undefined;

function parseStoredDomain(xml: string): Result<DomainDefinition> {
	if (last?.xml !== xml) {
		last = {xml, domain: parseDomainXml(xml)};
	}

	return last.domain;
}

/** Fails with `unreadable`. A stored domain that cannot be read (very old records hold only a UUID) is left undefined. */
export function parseSnapshotXml(xml: string, options: {isCurrent?: boolean} = {}): Result<Snapshot> {
	const read = readXml(xml, 'The XML of a snapshot', ['domainsnapshot']);
	if (!read.ok) {
		return read;
	}

	const root = read.value;
	const name = textOf(childOf(root, 'name'));
	if (name === undefined || name === '') {
		return fail({kind: 'unreadable', what: 'The XML of a snapshot', reason: 'it has no <name>'});
	}

	const state = textOf(childOf(root, 'state')) ?? 'nostate';
	const domainXml = storedXml(root, xml, 'domain');
	const domain = domainXml === undefined ? undefined : parseStoredDomain(domainXml);
	const isOwn = (note: {snapshot: string; uuid: string} | undefined) => domain?.ok === true && note?.snapshot === name && note.uuid === domain.value.uuid;
	const checkpointsNote = parseCheckpointsNote(domainXml);
	return succeed({
		name,
		description: textOf(childOf(root, 'description')),
		state,
		parent: textOf(childOf(root, 'parent', 'name')),
		createdAt: Number(textOf(childOf(root, 'creationTime')) ?? 0),
		isCurrent: options.isCurrent ?? false,
		memory: parseMemory(childOf(root, 'memory'), state),
		disks: parseDisks(childOf(root, 'disks')),
		revertDisks: parseDisks(childOf(root, 'revertDisks')),
		...(isOwn(domain?.ok ? domain.value.frozenNote : undefined) && {isFrozen: true as const}),
		...(isOwn(checkpointsNote) && {checkpoints: checkpointsNote!.checkpoints}),
		domain: domain?.ok ? domain.value : undefined,
		domainXml: domain?.ok ? domainXml : undefined,
		inactiveDomainXml: storedXml(root, xml, 'inactiveDomain'),
		xml,
	});
}
