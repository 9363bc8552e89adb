/**
The few verbs that the demo estate is told with: make a domain, start it, take a snapshot, go back. Each leaves behind what libvirt and qemu-img would.
*/
import {createHash} from 'node:crypto';
import path from 'node:path';
import type {CopyJob} from './copying.ts';
import {buildDomainXml, readDisks, withOverlays} from './domain-xml.ts';
import {startDomain, stopDomain, suspendDomain} from './lifecycle.ts';
import {
	makeOverlay, overlayName, takeCheckpoint, takeSnapshot, type SnapshotDisk,
} from './snapshots.ts';
import {
	addFile, addFolder, qemuUser, type DemoDomain, type DemoWorld,
} from './world.ts';
import {child, element, textAt, type XmlNode} from './xml-node.ts';

const gibibyte = 1024 ** 3;
const hourMs = 3_600_000;
const defaultFolder = '/var/lib/libvirt/images';

export type DiskWish = {
	target?: string;
	gib: number;
	/** How full it is, 0 to 1. */
	used?: number;
	format?: 'qcow2' | 'raw';
	/** A template that it is a clone of. */
	onPath?: string;
};

export type DomainWish = {
	name: string;
	title?: string;
	description?: string;
	state?: DemoDomain['state'];
	memoryMiB?: number;
	cpus?: number;
	disks?: DiskWish[];
	folder?: string;
	/** The stem of its files, where the name is not fit for one. */
	fileStem?: string;
	isoPath?: string;
	hasManagedSave?: boolean;
	/** Whether the guest agent behind the domain's channel answers; missing: there is no channel. */
	agent?: 'answers' | 'silent';
	job?: CopyJob;
};

export type SnapshotWish = {
	hoursAgo: number;
	kind?: 'disks' | 'memory' | 'internal';
	description?: string;
	/** How much has been written to each new overlay since. */
	gib?: number;
	/** Disks that take no part. */
	leftOut?: ReadonlySet<string>;
};

export function addDomain(world: DemoWorld, wish: DomainWish): DemoDomain {
	const folder = wish.folder ?? defaultFolder;
	const uuid = uuidOf(wish.name);
	addFolder(world, folder);
	const disks = (wish.disks ?? [{gib: 20}]).map((disk, index) => {
		const target = disk.target ?? `vd${String.fromCodePoint(97 + index)}`;
		const file = path.posix.join(folder, `${wish.fileStem ?? wish.name}-${target}.${disk.format === 'raw' ? 'img' : 'qcow2'}`);
		addFile(world, {
			path: file,
			format: disk.format ?? 'qcow2',
			virtualSizeBytes: disk.gib * gibibyte,
			allocatedBytes: roundToClusters(disk.gib * gibibyte * (disk.used ?? 0.3)),
			backing: disk.onPath === undefined ? undefined : {name: disk.onPath, format: 'qcow2'},
			uid: qemuUser,
			gid: qemuUser,
			mode: 0o600,
			modifiedAtMs: world.now().getTime() - 2000 * hourMs,
		});
		return {target, path: file, format: disk.format};
	});
	const domain: DemoDomain = {
		uuid,
		name: wish.name,
		id: undefined,
		state: 'shutoff',
		definition: buildDomainXml({
			name: wish.name,
			uuid,
			title: wish.title,
			description: wish.description,
			memoryMiB: wish.memoryMiB ?? 2048,
			cpus: wish.cpus ?? 2,
			disks: [...disks, ...(wish.isoPath === undefined ? [] : [{target: 'sda', path: wish.isoPath, format: 'raw' as const, device: 'cdrom' as const}])],
			password: `vnc-${uuid.slice(0, 6)}`,
			hasAgentChannel: wish.agent !== undefined,
		}),
		live: undefined,
		hasManagedSave: wish.hasManagedSave ?? false,
		hasAgent: wish.agent === 'answers',
		job: undefined,
		blockJobs: new Map(),
		snapshots: new Map(),
		currentSnapshot: undefined,
		checkpoints: new Map(),
	};
	world.domains.set(uuid, domain);
	if (wish.state !== undefined && wish.state !== 'shutoff') {
		startDomain(world, domain, {isPaused: wish.state === 'paused', how: 'Booted'});
		domain.job = wish.job;
	}

	return domain;
}

export function snapshot(world: DemoWorld, domain: DemoDomain, name: string, wish: SnapshotWish): void {
	const {hoursAgo, kind = 'disks', gib = 0.7, leftOut, description} = wish;
	const places = readDisks(domain.definition);
	const folder = path.posix.dirname(places[0]!.path!);
	const disks = new Map(places.map(({target, path: file, isWritable}): [string, SnapshotDisk] => {
		if (!isWritable || file === undefined || leftOut?.has(target)) {
			return [target, {mode: 'no'}];
		}

		return [target, kind === 'internal' ? {mode: 'internal'} : {mode: 'external', overlayPath: overlayName(file, name)}];
	}));
	takeSnapshot(world, domain, {
		name,
		description,
		atMs: world.now().getTime() - hoursAgo * hourMs,
		memory: kind === 'memory'
			? {mode: 'external', path: path.posix.join(folder, `${domain.name}-${name}.mem`)}
			: {mode: kind === 'internal' && domain.live ? 'internal' : 'no'},
		disks,
		allocatedBytes: roundToClusters(gib * gibibyte),
	});
}

export function checkpoint(world: DemoWorld, domain: DemoDomain, name: string, wish: {hoursAgo: number; parent?: string; description?: string}): void {
	takeCheckpoint(world, domain, {name, parent: wish.parent, description: wish.description, atMs: world.now().getTime() - wish.hoursAgo * hourMs});
}

/** Back to a snapshot, the present state thrown away: what a careful revert leaves behind on libvirt 9.0. */
export function goBack(world: DemoWorld, domain: DemoDomain, name: string, wish: {hoursAgo: number; gib?: number}): void {
	const record = domain.snapshots.get(name)!;
	const stateBefore = domain.state;
	stopDomain(world, domain);
	const atMs = world.now().getTime() - wish.hoursAgo * hourMs;
	const heads = new Map<string, string>();
	for (const disk of readDisks(child(record, 'domain'))) {
		if (disk.isWritable && disk.path !== undefined) {
			const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
			const file = `${disk.path.replace(/\.[^/]*$/, '')}.${stamp}`;
			makeOverlay(world, {path: file, basePath: disk.path, atMs, allocatedBytes: roundToClusters((wish.gib ?? 0.2) * gibibyte)});
			heads.set(disk.target, file);
		}
	}

	for (const disk of readDisks(domain.definition)) {
		if (disk.path !== undefined && disk.isWritable && !isFrozen(domain, disk.path)) {
			world.files.delete(disk.path);
		}
	}

	domain.definition = withOverlays(domain.definition, heads);
	domain.currentSnapshot = name;
	if (![...domain.snapshots.values()].some(xml => textAt(xml, 'parent', 'name') === name)) {
		domain.snapshots.set(name, naming(record, heads));
	}

	if (stateBefore !== 'shutoff') {
		startDomain(world, domain, {isPaused: false, how: 'Booted'});
		if (stateBefore === 'paused') {
			suspendDomain(world, domain);
		}
	}
}

function isFrozen(domain: DemoDomain, file: string): boolean {
	return [...domain.snapshots.values()].some(xml => readDisks(child(xml, 'domain')).some(disk => disk.path === file));
}

function naming(record: XmlNode, heads: Map<string, string>): XmlNode {
	return {
		...record,
		children: record.children.map(part => part.name === 'disks'
			? {
				...part,
				children: part.children.map(disk => heads.has(disk.attributes.name!)
					? {...disk, children: [element('driver', {type: 'qcow2'}), element('source', {file: heads.get(disk.attributes.name!)})]}
					: disk),
			}
			: part),
	};
}

function uuidOf(name: string): string {
	const hex = createHash('sha256').update(name).digest('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function roundToClusters(bytes: number): number {
	return Math.max(3, Math.round(bytes / 65_536)) * 65_536;
}
