/**
A snapshot as its `<domainsnapshot>` tells it.

Two file names matter for each external disk: the image that the snapshot *froze* stands in its stored `<domain>`; the overlay that was started
because of it stands in its `<disks>` (after a revert by libvirt >= 9.9 to a snapshot with children: in its `<revertDisks>`).
*/
import type {DomainDefinition, SnapshotMode} from './domain.ts';
import {withAncestors, withDescendants} from './tree.ts';

export type SnapshotDisk = {
	target: string;
	mode: SnapshotMode;
	overlayPath: string | undefined;
	/** The overlay is on a block device (`type='block'`). */
	isDevice?: true;
};

export type SnapshotMemory = {mode: 'no'} | {mode: 'internal'} | {mode: 'external'; path: string};

export type Snapshot = {
	name: string;
	description: string | undefined;
	/** As libvirt writes it: running, paused, shutoff, disk-snapshot, shutdown, crashed … */
	state: string;
	parent: string | undefined;
	/** Unix seconds. */
	createdAt: number;
	isCurrent: boolean;
	memory: SnapshotMemory;
	disks: SnapshotDisk[];
	/** Overlays in use after libvirt's own revert to a snapshot that has children. */
	revertDisks: SnapshotDisk[];
	/** The stored `<domain>`: undefined in very old records; then the frozen images are unknown. */
	domain: DomainDefinition | undefined;
	/** The guest's file systems were frozen when it was taken. */
	isFrozen?: true;
	/** The checkpoints that the domain had when this state was left. */
	checkpoints?: NotedCheckpoint[];
	/** The stored `<domain>` and `<inactiveDomain>`, byte for byte. */
	domainXml: string | undefined;
	inactiveDomainXml: string | undefined;
	/** The whole document. */
	xml: string;
};

export type CheckpointDisk = {
	target: string;
	bitmap: string | undefined;
	/** Bytes of the next incremental backup from here, as QEMU counts them while the domain runs; undefined there: the bitmap is missing or broken. */
	sizeBytes?: number;
	/** More layers of the disk count, some of them perhaps the same blocks: it is at most that. */
	isUpTo?: true;
};

export type Checkpoint = {
	name: string;
	description: string | undefined;
	parent: string | undefined;
	createdAt: number;
	disks: CheckpointDisk[];
	/** QEMU was asked for the sizes of its disks. */
	isMeasured?: boolean;
	xml: string;
};

/** `origins`: by target, the lowest image that held its bitmap. */
export type NotedCheckpoint = {checkpoint: Checkpoint; origins: ReadonlyMap<string, string>};

/** Nobody has a snapshot of libvirt from before its version 0.8.0. */
const firstMoment = Date.UTC(2010, 3, 12) / 1000;

/**
When the snapshot was taken, in Unix seconds; undefined where the time that is recorded cannot be true, because a clock was wrong or somebody wrote the record: from
before there were snapshots, before that of an ancestor, or after that of a descendant.
*/
export function trueMoment(snapshots: readonly Snapshot[], {name, createdAt}: Snapshot): number | undefined {
	const descendants = withDescendants(snapshots, name);
	const isInOrder = withAncestors(snapshots, name).every(ancestor => ancestor.createdAt <= createdAt)
		&& snapshots.every(snapshot => !descendants.has(snapshot.name) || snapshot.createdAt >= createdAt);
	return createdAt >= firstMoment && isInOrder ? createdAt : undefined;
}

/** libvirt's definition: external if the memory or at least one disk is; everything else counts as internal. */
export function isExternal(snapshot: Pick<Snapshot, 'memory' | 'disks'>): boolean {
	return snapshot.memory.mode === 'external' || snapshot.disks.some(disk => disk.mode === 'external');
}

/**
How good the state is that a snapshot keeps, as far as its record tells. `crash-consistent`: the disks of a guest that ran, as after a power failure. Whether somebody
else's snapshot had its file systems frozen is not recorded, so that one counts as crash-consistent, which is true of it as well.
*/
export type Condition = 'off' | 'crash-consistent' | 'frozen' | 'memory' | 'unknown';

const conditions: Readonly<Record<string, Condition>> = {
	shutoff: 'off',
	shutdown: 'off',
	'disk-snapshot': 'crash-consistent',
	running: 'crash-consistent',
	blocked: 'crash-consistent',
	paused: 'crash-consistent',
	crashed: 'crash-consistent',
	pmsuspended: 'crash-consistent',
};

export function conditionOf({memory, state, isFrozen}: Pick<Snapshot, 'memory' | 'state' | 'isFrozen'>): Condition {
	if (memory.mode !== 'no') {
		return 'memory';
	}

	const condition = conditions[state] ?? 'unknown';
	return isFrozen && condition === 'crash-consistent' ? 'frozen' : condition;
}

/** The file that the snapshot keeps for a disk; undefined where its record does not say. */
export function frozenPath(snapshot: Snapshot, target: string): string | undefined {
	return snapshot.domain?.disks.find(disk => disk.target === target)?.sourcePath;
}
