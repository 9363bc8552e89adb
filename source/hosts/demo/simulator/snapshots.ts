/**
Taking snapshots and checkpoints on the demo host, as libvirt 9.0 records them. Used by virsh's commands and to build the estate.
*/
import path from 'node:path';
import {readDisks, readWritableDisks, switchDisks, type DiskPlace} from './domain-xml.ts';
import {letGuestWrite} from './lifecycle.ts';
import {addFile, emptyImageBytes, ownedByQemu, type DemoDomain, type DemoWorld} from './world.ts';
import {child, element, textAt, textElement, withAttributes, type XmlNode} from './xml-node.ts';

/** `overlayPath`: of external ones. */
export type SnapshotDisk = {mode: 'no' | 'internal' | 'external' | 'manual'; overlayPath?: string};

type Moment = {name: string; description?: string; atMs: number};

export type NewSnapshot = Moment & {
	/** `path`: of a file of its own. */
	memory: {mode: 'no' | 'internal' | 'external'; path?: string};
	/** All disks of the domain, by target. */
	disks: Map<string, SnapshotDisk>;
	/** Of the new overlays. */
	allocatedBytes?: number;
	/** The overlays are there already. */
	isReused?: boolean;
	/** Nothing is recorded. */
	hasNoMetadata?: boolean;
};

/** libvirt's own naming: the extension of the current file makes way for the snapshot's name. */
export function overlayName(file: string, snapshot: string): string {
	return path.posix.join(path.posix.dirname(file), `${path.posix.basename(file).replace(/(.)\.[^.]*$/, '$1')}.${snapshot}`);
}

/** What the guest's memory takes in a file: much of it is zeros. */
export function memoryBytesOf(domain: DemoDomain): number {
	return Math.floor(Number(textAt(domain.definition, 'memory') ?? 0) * 0.35) * 1024;
}

/** The caller has seen to it that the names are free. */
export function takeSnapshot(world: DemoWorld, domain: DemoDomain, request: NewSnapshot): void {
	const isActive = domain.live !== undefined;
	const disks = readDisks(domain.live ?? domain.definition);
	const record = recordOf(domain, request, disks);
	freezeDisks(world, domain, request, disks);
	if (request.memory.path !== undefined) {
		addFile(world, {
			path: request.memory.path, kind: 'memory', format: 'raw', allocatedBytes: memoryBytesOf(domain), modifiedAtMs: request.atMs, mode: 0o600, memory: child(record, 'domain'),
		});
	}

	switchDisks(world, domain, {paths: new Map([...request.disks].flatMap(([target, {overlayPath}]) => overlayPath === undefined ? [] : [[target, overlayPath]]))});
	if (!request.hasNoMetadata) {
		domain.snapshots.set(request.name, record);
		domain.currentSnapshot = request.name;
	}

	if (isActive && request.allocatedBytes === undefined) {
		letGuestWrite(world, domain);
	}
}

function freezeDisks(world: DemoWorld, domain: DemoDomain, request: NewSnapshot, disks: readonly DiskPlace[]): void {
	let memoryBytes = request.memory.mode === 'internal' ? memoryBytesOf(domain) : 0;
	for (const {target, path: file} of disks) {
		const disk = request.disks.get(target);
		const image = world.files.get(file ?? '');
		if (disk?.mode === 'internal' && image) {
			image.tags.push({tag: request.name, memoryBytes, atMs: request.atMs, writes: [...image.writes]});
			image.allocatedBytes += memoryBytes;
			// Only one of the images holds the memory.
			memoryBytes = 0;
		} else if (disk?.overlayPath !== undefined && !request.isReused) {
			makeOverlay(world, {path: disk.overlayPath, basePath: file!, atMs: request.atMs, allocatedBytes: request.allocatedBytes});
		}
	}
}

function recordOf(domain: DemoDomain, request: NewSnapshot, disks: readonly DiskPlace[]): XmlNode {
	const {memory} = request;
	return element('domainsnapshot', {}, [
		...headOf(request, domain.currentSnapshot, textElement('state', domain.live && memory.mode === 'no' ? 'disk-snapshot' : domain.state)),
		element('memory', {snapshot: memory.mode, file: memory.path}),
		element('disks', {}, disks.map(({target}) => {
			const {mode, overlayPath} = request.disks.get(target) ?? {mode: 'no'};
			const overlay = overlayPath === undefined ? undefined : overlayParts(overlayPath);
			return element('disk', {name: target, snapshot: mode, type: overlay && 'file'}, overlay);
		})),
		definitionOf(domain),
		domain.live ? {...domain.definition, name: 'inactiveDomain'} : undefined,
		memory.mode === 'no' ? undefined : element('cookie', {}, [element('cpu', {mode: 'custom', match: 'exact', check: 'full'}, [element('model', {fallback: 'forbid'}, 'qemu64')])]),
	]);
}

/** What the record of a snapshot says of a disk's overlay. */
export function overlayParts(path: string): XmlNode[] {
	return [element('driver', {type: 'qcow2'}), element('source', {file: path})];
}

export function takeCheckpoint(world: DemoWorld, domain: DemoDomain, request: Moment & {parent?: string; targets?: ReadonlySet<string>}): void {
	const disks = readWritableDisks(domain.live ?? domain.definition);
	const isMeant = (target: string) => request.targets?.has(target) ?? true;
	for (const {path} of disks.filter(({target}) => isMeant(target))) {
		world.files.get(path)?.bitmaps.push(request.name);
	}

	domain.checkpoints.set(request.name, element('domaincheckpoint', {}, [
		...headOf(request, request.parent),
		element('disks', {}, disks.map(({target}) => element('disk', {name: target, checkpoint: isMeant(target) ? 'bitmap' : 'no', bitmap: isMeant(target) ? request.name : undefined}))),
		definitionOf(domain),
	]));
}

/** What every record begins with. */
function headOf({name, description, atMs}: Moment, parent: string | undefined, state?: XmlNode): Array<XmlNode | undefined> {
	return [
		textElement('name', name),
		textElement('description', description),
		state,
		parent === undefined ? undefined : element('parent', {}, [textElement('name', parent)]),
		textElement('creationTime', String(Math.floor(atMs / 1000))),
	];
}

/** What the domain was, without the number that it has while it runs. */
export function definitionOf(domain: DemoDomain): XmlNode {
	return domain.live ? withAttributes(domain.live, {id: undefined}) : domain.definition;
}

/** A file that is there already, as where its name was reserved, keeps nothing but its name. */
export function makeOverlay(world: DemoWorld, {path: file, basePath, atMs, allocatedBytes = emptyImageBytes}: {path: string; basePath: string; atMs: number; allocatedBytes?: number}): void {
	const {virtualSizeBytes = 0, format = 'qcow2', bitmaps = []} = world.files.get(basePath) ?? {};
	addFile(world, {path: file, virtualSizeBytes, allocatedBytes, backing: {name: basePath, format}, bitmaps: [...bitmaps], ...ownedByQemu, modifiedAtMs: atMs});
}
