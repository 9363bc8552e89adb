/**
Taking snapshots and checkpoints on the demo host, as libvirt 9.0 records them. Used by virsh's commands and to build the estate.
*/
import path from 'node:path';
import {readDisks, withBackingChains, withDiskPaths} from './domain-xml.ts';
import {addFile, qemuUser, type DemoDomain, type DemoWorld} from './world.ts';
import {element, type XmlNode} from './xml-node.ts';

export type NewSnapshot = {
	name: string;
	description?: string;
	atMs: number;
	kind: 'disks' | 'memory' | 'internal';
	/** Of the new overlays. */
	allocatedBytes?: number;
	memoryPath?: string;
	/** Overlays whose names were asked for, by target. */
	overlays?: Map<string, string>;
	/** Disks that take no part. */
	leftOut?: Set<string>;
};

/** The XML of the record. The caller has seen to it that the name is free. */
export function takeSnapshot(world: DemoWorld, domain: DemoDomain, wish: NewSnapshot): void {
	const isActive = domain.live !== undefined;
	// Only what has run has its chain written out.
	const before = {live: domain.live && withoutId(domain.live), inactive: isActive ? withBackingChains(world, domain.definition, false) : domain.definition};
	const disks = readDisks(domain.live ?? domain.definition).map(disk => ({
		...disk,
		overlayPath: wish.kind !== 'internal' && disk.isWritable && disk.path !== undefined && !wish.leftOut?.has(disk.target)
			? wish.overlays?.get(disk.target) ?? overlayName(disk.path, wish.name)
			: undefined,
	}));
	const overlays = new Map<string, string>();
	for (const disk of disks) {
		if (disk.overlayPath !== undefined) {
			makeOverlay(world, {path: disk.overlayPath, basePath: disk.path!, atMs: wish.atMs, allocatedBytes: wish.allocatedBytes});
			overlays.set(disk.target, disk.overlayPath);
		} else if (wish.kind === 'internal' && disk.isWritable && disk.path !== undefined) {
			world.files.get(disk.path)?.tags.push({tag: wish.name, memoryBytes: 0, atMs: wish.atMs});
		}
	}

	const memoryPath = wish.kind === 'memory' ? wish.memoryPath ?? `${disks[0]!.path!}.${wish.name}.mem` : undefined;
	const record = element('domainsnapshot', {}, [
		element('name', {}, wish.name),
		wish.description === undefined ? undefined : element('description', {}, wish.description),
		element('state', {}, stateOf(domain, wish)),
		domain.currentSnapshot === undefined ? undefined : element('parent', {}, [element('name', {}, domain.currentSnapshot)]),
		element('creationTime', {}, String(Math.floor(wish.atMs / 1000))),
		element('memory', {snapshot: memoryPath === undefined ? 'no' : 'external', file: memoryPath}),
		element('disks', {}, disks.map(disk => disk.overlayPath === undefined
			? element('disk', {name: disk.target, snapshot: wish.kind === 'internal' && disk.isWritable ? 'internal' : 'no'})
			: element('disk', {name: disk.target, snapshot: 'external', type: 'file'}, [
				element('driver', {type: 'qcow2'}), element('source', {file: disk.overlayPath}),
			]))),
		before.live ?? before.inactive,
		before.live ? {...before.inactive, name: 'inactiveDomain'} : undefined,
	]);
	if (memoryPath !== undefined) {
		addFile(world, {path: memoryPath, kind: 'memory', format: 'raw', allocatedBytes: 734_003_200, modifiedAtMs: wish.atMs, mode: 0o600, memory: before.live});
	}

	if (overlays.size > 0) {
		domain.definition = withDiskPaths(domain.definition, overlays);
		if (isActive) {
			domain.definition = withBackingChains(world, domain.definition, false);
			const {id} = domain.live!.attributes;
			const live = withBackingChains(world, withDiskPaths(domain.live!, overlays), true);
			domain.live = {...live, attributes: {...live.attributes, id: id!}};
		}
	}

	domain.snapshots.set(wish.name, record);
	domain.currentSnapshot = wish.name;
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

export function makeOverlay(world: DemoWorld, overlay: {path: string; basePath: string; atMs: number; allocatedBytes?: number}): void {
	const base = world.files.get(overlay.basePath);
	addFile(world, {
		path: overlay.path,
		virtualSizeBytes: base?.virtualSizeBytes ?? 0,
		allocatedBytes: overlay.allocatedBytes ?? 200_704,
		backing: {name: overlay.basePath, format: base?.format ?? 'qcow2'},
		bitmaps: [...base?.bitmaps ?? []],
		uid: qemuUser,
		gid: qemuUser,
		mode: 0o600,
		modifiedAtMs: overlay.atMs,
	});
}

function stateOf(domain: DemoDomain, wish: NewSnapshot): string {
	return domain.live && wish.kind === 'disks' ? 'disk-snapshot' : domain.state;
}

/** libvirt's own naming: the extension of the present file makes way for the snapshot's name. */
function overlayName(file: string, snapshot: string): string {
	return path.posix.join(path.posix.dirname(file), `${path.posix.basename(file).replace(/\.[^.]*$/, '')}.${snapshot}`);
}

function withoutId(domain: XmlNode): XmlNode {
	const {id: _, ...attributes} = domain.attributes;
	return {...domain, attributes};
}
