/**
Taking snapshots and checkpoints on the demo host, as libvirt 9.0 records them. Used by virsh's commands and to build the estate.
*/
import path from 'node:path';
import {
	readDisks, withBackingChains, withOverlays, type DiskPlace,
} from './domain-xml.ts';
import {letGuestWrite} from './lifecycle.ts';
import {
	addFile, emptyImageBytes, qemuUser, type DemoDomain, type DemoWorld,
} from './world.ts';
import {
	child, element, textAt, type XmlNode,
} from './xml-node.ts';

export type DiskMode = 'no' | 'internal' | 'external' | 'manual';

/** `overlayPath`: of external ones. */
export type SnapshotDisk = {mode: DiskMode; overlayPath?: string};

export type NewSnapshot = {
	name: string;
	description?: string;
	atMs: number;
	memory: {mode: 'no'} | {mode: 'internal'} | {mode: 'external'; path: string};
	/** All disks of the domain, by target. */
	disks: Map<string, SnapshotDisk>;
	/** Of the new overlays. */
	allocatedBytes?: number;
	/** The overlays are there already. */
	isReused?: boolean;
	/** Nothing is recorded. */
	hasNoMetadata?: boolean;
};

/** libvirt's own naming: the extension of the present file makes way for the snapshot's name. */
export function overlayName(file: string, snapshot: string): string {
	return path.posix.join(path.posix.dirname(file), `${path.posix.basename(file).replace(/(.)\.[^.]*$/, '$1')}.${snapshot}`);
}

/** What the guest's memory takes in a file: much of it is zeros. */
export function memoryBytesOf(domain: DemoDomain): number {
	return Math.floor(Number(textAt(domain.definition, 'memory') ?? 0) * 0.35) * 1024;
}

/** The caller has seen to it that the names are free. */
export function takeSnapshot(world: DemoWorld, domain: DemoDomain, wish: NewSnapshot): void {
	const isActive = domain.live !== undefined;
	const disks = readDisks(domain.live ?? domain.definition);
	const record = recordOf(world, domain, wish, disks);
	freezeDisks(world, domain, wish, disks);
	if (wish.memory.mode === 'external') {
		addFile(world, {
			path: wish.memory.path, kind: 'memory', format: 'raw', allocatedBytes: memoryBytesOf(domain), modifiedAtMs: wish.atMs, mode: 0o600, memory: child(record, 'domain'),
		});
	}

	const overlays = new Map([...wish.disks].flatMap(([target, {overlayPath}]) => overlayPath === undefined ? [] : [[target, overlayPath]]));
	if (overlays.size > 0) {
		const targets = new Set(overlays.keys());
		const definition = withOverlays(domain.definition, overlays);
		domain.definition = isActive ? withBackingChains(world, definition, {isLive: false, targets}) : definition;
		domain.live &&= withBackingChains(world, withOverlays(domain.live, overlays), {isLive: true, targets});
	}

	if (!wish.hasNoMetadata) {
		domain.snapshots.set(wish.name, record);
		domain.currentSnapshot = wish.name;
	}

	if (isActive && wish.allocatedBytes === undefined) {
		letGuestWrite(world, domain);
	}
}

function freezeDisks(world: DemoWorld, domain: DemoDomain, wish: NewSnapshot, disks: readonly DiskPlace[]): void {
	let memoryBytes = wish.memory.mode === 'internal' ? memoryBytesOf(domain) : 0;
	for (const {target, path: file} of disks) {
		const disk = wish.disks.get(target);
		const image = file === undefined ? undefined : world.files.get(file);
		if (disk?.mode === 'internal' && image) {
			image.tags.push({tag: wish.name, memoryBytes, atMs: wish.atMs, writes: [...image.writes]});
			image.allocatedBytes += memoryBytes;
			// Only one of the images holds the memory.
			memoryBytes = 0;
		} else if (disk?.overlayPath !== undefined && !wish.isReused) {
			makeOverlay(world, {path: disk.overlayPath, basePath: file!, atMs: wish.atMs, allocatedBytes: wish.allocatedBytes});
		}
	}
}

function recordOf(world: DemoWorld, domain: DemoDomain, wish: NewSnapshot, disks: readonly DiskPlace[]): XmlNode {
	const {memory} = wish;
	return element('domainsnapshot', {}, [
		element('name', {}, wish.name),
		wish.description === undefined ? undefined : element('description', {}, wish.description),
		element('state', {}, domain.live && memory.mode === 'no' ? 'disk-snapshot' : domain.state),
		domain.currentSnapshot === undefined ? undefined : element('parent', {}, [element('name', {}, domain.currentSnapshot)]),
		element('creationTime', {}, String(Math.floor(wish.atMs / 1000))),
		element('memory', {snapshot: memory.mode, file: memory.mode === 'external' ? memory.path : undefined}),
		element('disks', {}, disks.map(({target}) => {
			const {mode, overlayPath} = wish.disks.get(target) ?? {mode: 'no'};
			return overlayPath === undefined
				? element('disk', {name: target, snapshot: mode})
				: element('disk', {name: target, snapshot: mode, type: 'file'}, [element('driver', {type: 'qcow2'}), element('source', {file: overlayPath})]);
		})),
		domain.live ? withoutId(domain.live) : domain.definition,
		domain.live ? {...domain.definition, name: 'inactiveDomain'} : undefined,
		memory.mode === 'no' ? undefined : element('cookie', {}, [element('cpu', {mode: 'custom', match: 'exact', check: 'full'}, [element('model', {fallback: 'forbid'}, 'qemu64')])]),
	]);
}

export function takeCheckpoint(world: DemoWorld, domain: DemoDomain, wish: {name: string; description?: string; parent?: string; atMs: number}): void {
	const disks = readDisks(domain.live ?? domain.definition).filter(disk => disk.isWritable && disk.path !== undefined);
	for (const disk of disks) {
		world.files.get(disk.path!)?.bitmaps.push(wish.name);
	}

	domain.checkpoints.set(wish.name, element('domaincheckpoint', {}, [
		element('name', {}, wish.name),
		wish.description === undefined ? undefined : element('description', {}, wish.description),
		wish.parent === undefined ? undefined : element('parent', {}, [element('name', {}, wish.parent)]),
		element('creationTime', {}, String(Math.floor(wish.atMs / 1000))),
		element('disks', {}, disks.map(disk => element('disk', {name: disk.target, checkpoint: 'bitmap', bitmap: wish.name}))),
		domain.live ? withoutId(domain.live) : domain.definition,
	]));
}

/** A file that is there already, as where its name was reserved, keeps nothing but its name. */
export function makeOverlay(world: DemoWorld, overlay: {path: string; basePath: string; atMs: number; allocatedBytes?: number}): void {
	const base = world.files.get(overlay.basePath);
	addFile(world, {
		path: overlay.path,
		virtualSizeBytes: base?.virtualSizeBytes ?? 0,
		allocatedBytes: overlay.allocatedBytes ?? emptyImageBytes,
		backing: {name: overlay.basePath, format: base?.format ?? 'qcow2'},
		bitmaps: [...base?.bitmaps ?? []],
		uid: qemuUser,
		gid: qemuUser,
		mode: 0o600,
		modifiedAtMs: overlay.atMs,
	});
}

function withoutId(domain: XmlNode): XmlNode {
	const {id: _, ...attributes} = domain.attributes;
	return {...domain, attributes};
}
