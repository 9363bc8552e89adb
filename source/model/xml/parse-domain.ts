/**
What a `<domain>` (or `<inactiveDomain>`) document says about the domain and its disks.
*/
import type {
	BootFile, Disk, DomainDefinition, Encryption, RecordedChain, SecretName, SnapshotMode,
} from '../domain/domain.ts';
import {bootFilesOf as bootFilesOfCommandLine} from '../qemu/command-line.ts';
import {fail, succeed, type Result} from '../result.ts';
import {commandLineOf} from './bare-domain.ts';
import {parseFrozenNote} from './frozen-note.ts';
import {parseLeftImages} from './left-images.ts';
import {parseRestoredNote} from './restored-note.ts';
import {localPathOf, sourcePathOf} from './build/source-element.ts';
import {
	attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode,
} from './read-xml.ts';

const snapshotModes = new Set<string>(['no', 'internal', 'external', 'manual'] satisfies SnapshotMode[]);
const devices = new Set<string>(['disk', 'cdrom', 'floppy', 'lun'] satisfies Array<Disk['device']>);

export function toSnapshotMode(text: string | undefined): SnapshotMode | undefined {
	return text !== undefined && snapshotModes.has(text) ? text as SnapshotMode : undefined;
}

/**
Bytes of an amount with libvirt's units: none is KiB; a letter alone or with "iB" counts by 1024, with "B" by 1000. Undefined where it is not
understood.
*/
export function parseAmount(text: string | undefined, unit: string | undefined): number | undefined {
	const value = Number(text?.trim());
	const [, letter = '', rest = ''] = /^([bkmgtpe])(ytes?|ib|b)?$/i.exec(unit ?? 'KiB') ?? [];
	if (text === undefined || text.trim() === '' || !Number.isFinite(value) || letter === '') {
		return undefined;
	}

	const power = 'bkmgtpe'.indexOf(letter.toLowerCase());
	return value * ((rest.toLowerCase() === 'b' ? 1000 : 1024) ** power);
}

function sourceVolumeOf(source: XmlNode | undefined): Disk['sourceVolume'] {
	const [pool, volume] = [attributeOf(source, 'pool'), attributeOf(source, 'volume')];
	return pool === undefined || volume === undefined ? undefined : {pool, volume};
}

/** A label without a model is for all of them. */
function dacLabelOf(node: XmlNode | undefined): XmlNode | undefined {
	const labels = childrenOf(node, 'seclabel');
	return labels.find(label => attributeOf(label, 'model') === 'dac') ?? labels.find(label => attributeOf(label, 'model') === undefined);
}

/** Undefined where the domain leaves it to libvirt, as most do. A static label relabels unless it says `no`; the type `none` never does. */
function fileOwnershipOf(root: XmlNode): DomainDefinition['fileOwnership'] {
	const label = dacLabelOf(root);
	if (label === undefined) {
		return undefined;
	}

	const [, uid] = /^\+(\d+):\+\d+$/.exec(textOf(childOf(label, 'label'))?.trim() ?? '') ?? [];
	return {keepsOwners: attributeOf(label, 'relabel') === 'no' || attributeOf(label, 'type') === 'none', uid: uid === undefined ? undefined : Number(uid)};
}

/**
libvirt names the overlay of a transient disk after the image and the domain (qemu_snapshot.c, since 7.1; seen on 9.0 to 12.8). Only one of that name is
taken for it.
*/
function withoutTransientOverlay(disk: Disk, node: XmlNode, domainName: string): Disk {
	if (childOf(node, 'transient') === undefined) {
		return disk;
	}

	const backing = childOf(node, 'backingStore');
	const basePath = sourcePathOf(childOf(backing, 'source'));
	return basePath !== undefined && disk.sourcePath === `${basePath}.TRANSIENT-${domainName}`
		? {...disk, sourcePath: basePath, format: attributeOf(childOf(backing, 'format'), 'type'), transient: {overlayPath: disk.sourcePath}, recordedChain: undefined}
		: {...disk, transient: {overlayPath: undefined}};
}

/** Within the disk or the layer, or as libvirt writes it, within its source. */
function encryptionOf(node: XmlNode): Encryption | undefined {
	const found = childOf(node, 'encryption') ?? childOf(childOf(node, 'source'), 'encryption');
	const secret = childOf(found, 'secret');
	const [uuid, usage] = [attributeOf(secret, 'uuid'), attributeOf(secret, 'usage')];
	const name: SecretName | undefined = uuid === undefined ? (usage === undefined ? undefined : {usageType: 'volume', usage}) : {uuid};
	return found === undefined ? undefined : {format: attributeOf(found, 'format') ?? 'default', ...(name && {secret: name})};
}

/** libvirt calls an image that is encrypted as a whole raw. */
const formatWith = (format: string | undefined, encryption: Encryption | undefined) => (format ?? 'raw') === 'raw' && encryption?.format === 'luks' ? 'luks' : format;

function recordedChainOf(disk: XmlNode): RecordedChain | undefined {
	const layers: RecordedChain['layers'] = [];
	let layer = childOf(disk, 'backingStore');
	for (let next = layer; next !== undefined && childOf(next, 'source') !== undefined; next = childOf(next, 'backingStore')) {
		const source = childOf(next, 'source');
		const encryption = encryptionOf(next);
		layers.push({
			path: sourcePathOf(source),
			format: formatWith(attributeOf(childOf(next, 'format'), 'type'), encryption),
			isEncrypted: encryption !== undefined,
			...(encryption && {encryption}),
		});
		layer = childOf(next, 'backingStore');
	}

	return layers.length === 0 && layer === undefined ? undefined : {layers, isWhole: layer !== undefined};
}

function parseDisk(node: XmlNode, domainName: string): Disk {
	const recordedChain = recordedChainOf(node);
	const encryption = encryptionOf(node);
	const device = attributeOf(node, 'device') ?? 'disk';
	const source = childOf(node, 'source');
	const sourceVolume = sourceVolumeOf(source);
	const mirror = childOf(node, 'mirror');
	const disk: Disk = {
		target: attributeOf(childOf(node, 'target'), 'dev') ?? '',
		device: devices.has(device) ? device as Disk['device'] : 'disk',
		sourceType: attributeOf(node, 'type') ?? 'file',
		// Nothing here opens an encrypted image in the network, and one that is not raw may have a backing file there: it stays unnamed.
		sourcePath: encryption === undefined && (attributeOf(childOf(node, 'driver'), 'type') ?? 'raw') === 'raw' ? sourcePathOf(source) : localPathOf(source),
		...(sourceVolume && {sourceVolume}),
		format: formatWith(attributeOf(childOf(node, 'driver'), 'type'), encryption),
		readonly: childOf(node, 'readonly') !== undefined,
		shareable: childOf(node, 'shareable') !== undefined,
		snapshotMode: toSnapshotMode(attributeOf(node, 'snapshot')),
		hasMirror: mirror !== undefined,
		...(mirror && {mirror: {job: attributeOf(mirror, 'job'), isReady: attributeOf(mirror, 'ready') === 'yes', path: localPathOf(childOf(mirror, 'source'))}}),
		isEncrypted: encryption !== undefined,
		...(encryption && {encryption}),
		...(attributeOf(dacLabelOf(source), 'relabel') === 'no' && {keepsOwner: true}),
		hasSlices: childOf(source, 'slices') !== undefined,
		...(recordedChain && {recordedChain}),
		...(attributeOf(source, 'startupPolicy') === 'optional' && {isOptional: true}),
	};
	return withoutTransientOverlay(disk, node, domainName);
}

type Variables = Pick<DomainDefinition, 'nvramPath' | 'hasVarstore' | 'nvramElsewhere'>;

/**
`<nvram>PATH</nvram>`, since libvirt 8.5 also `<nvram type='file'><source file='PATH'/></nvram>`, or of the type `block` or `network`; since 12.1
`<varstore path='PATH'/>`.
*/
function variablesOf(os: XmlNode | undefined): Variables {
	const varstore = childOf(os, 'varstore');
	if (varstore !== undefined) {
		return {nvramPath: attributeOf(varstore, 'path'), hasVarstore: true};
	}

	const nvram = childOf(os, 'nvram');
	const source = childOf(nvram, 'source');
	const type = attributeOf(nvram, 'type');
	const path = localPathOf(source) ?? textOf(nvram)?.trim();
	return {
		nvramPath: path === '' ? undefined : path,
		...(type === 'block' && {nvramElsewhere: 'on a block device'}),
		...(type === 'network' && {nvramElsewhere: `on the network (${attributeOf(source, 'protocol') ?? 'unknown protocol'})`}),
	};
}

/** `<tpm><backend type='emulator'/></tpm>`, since libvirt 10.10 with a `<source>`. */
function tpmOf(root: XmlNode): Pick<DomainDefinition, 'tpm' | 'hasTpmPlace'> {
	const tpm = childOf(childOf(root, 'devices'), 'tpm');
	const backend = childOf(tpm, 'backend');
	return tpm === undefined ? {} : {tpm: attributeOf(backend, 'type') ?? 'unknown', ...(childOf(backend, 'source') !== undefined && {hasTpmPlace: true})};
}

/** A loader of 12.1 or later may have no path of its own; relative ones do not exist. */
function bootFilesOf(os: XmlNode | undefined): BootFile[] {
	const named: Array<[BootFile['what'], string | undefined]> = [
		['kernel', textOf(childOf(os, 'kernel'))],
		['initrd', textOf(childOf(os, 'initrd'))],
		['device tree', textOf(childOf(os, 'dtb'))],
		['firmware', textOf(childOf(os, 'loader'))],
		['NVRAM template', attributeOf(childOf(os, 'nvram'), 'template')],
	];
	return named.flatMap(([what, text]) => text?.trim().startsWith('/') ? [{what, path: text.trim()}] : []);
}

/** `<secret>` of a disk or a network source, and the `secret` of a TPM's `<encryption>`. */
function secretsOf(node: XmlNode): SecretName[] {
	const found: SecretName[] = [];
	for (const [name, children] of Object.entries(node)) {
		for (const child of Array.isArray(children) ? children : []) {
			const uuid = attributeOf(child, name === 'encryption' ? 'secret' : 'uuid');
			const usage = attributeOf(child, 'usage');
			if ((name === 'secret' || name === 'encryption') && uuid !== undefined) {
				found.push({uuid});
			} else if (name === 'secret' && usage !== undefined) {
				const type = attributeOf(child, 'type') ?? attributeOf(node, 'type') ?? '';
				// Of an encrypted image it says what the secret is, and not what it is for.
				found.push({usageType: type === 'passphrase' ? 'volume' : type, usage});
			}

			found.push(...secretsOf(child));
		}
	}

	return found;
}

/**
Accepts a document with the root `domain` or `inactiveDomain`. Fails with `unreadable` where it is cut off, is something else, or has no name (very
old snapshot records hold nothing but a UUID). Names keep every character.
*/
export function parseDomainXml(xml: string): Result<DomainDefinition> {
	const root = readXml(xml, 'The XML of a domain', ['domain', 'inactiveDomain']);
	if (!root.ok) {
		return root;
	}

	const name = textOf(childOf(root.value, 'name'));
	if (name === undefined || name === '') {
		return fail({kind: 'unreadable', what: 'The XML of a domain', reason: 'it has no <name>'});
	}

	const memory = childOf(root.value, 'memory');
	const os = childOf(root.value, 'os');
	const type = childOf(os, 'type');
	const tpm = tpmOf(root.value);
	const generationId = textOf(childOf(root.value, 'genid'))?.trim();
	const metadata = textOf(childOf(root.value, 'metadata'));
	const uuid = textOf(childOf(root.value, 'uuid'))?.trim() ?? '';
	const leftImages = parseLeftImages(metadata, uuid);
	const frozenNote = parseFrozenNote(metadata);
	const restoredAt = parseRestoredNote(metadata, uuid);
	const variables = variablesOf(os);
	const started = commandLineOf(xml);
	// Variables that are gone are the matter of what puts them back.
	const bootFiles = started === undefined ? bootFilesOf(os) : bootFilesOfCommandLine(started).filter(({path}) => path !== variables.nvramPath);
	// Most definitions name no secret, and a walk through all of one costs more than this look at its text.
	const secrets = /<secret\s|\ssecret=/u.test(xml) ? secretsOf(childOf(root.value, 'devices') ?? {}) : [];
	const fileOwnership = fileOwnershipOf(root.value);
	return succeed({
		name,
		uuid,
		disks: childrenOf(childOf(root.value, 'devices'), 'disk').map(node => parseDisk(node, name)),
		memoryBytes: parseAmount(textOf(memory), attributeOf(memory, 'unit')) ?? 0,
		machine: attributeOf(type, 'machine'),
		arch: attributeOf(type, 'arch'),
		...variables,
		...tpm,
		...(generationId !== undefined && {generationId}),
		...(bootFiles.length > 0 && {bootFiles}),
		...(secrets.length > 0 && {secrets}),
		...(fileOwnership && {fileOwnership}),
		...(leftImages.length > 0 && {leftImages}),
		...(frozenNote && {frozenNote}),
		...(restoredAt !== undefined && {restoredAt}),
	});
}
