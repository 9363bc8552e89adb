/**
What a checkpoint is good for, in words: whether a backup can copy just the changes since then, and how much that is.
*/
import {healthOf, type BitmapHealth, type DiskHealth} from '../domain/checkpoint-health.ts';
import {isOfVirtnbdbackup} from '../domain/checkpoint-name.ts';
import type {DomainDetails} from '../domain/inventory.ts';
import type {Checkpoint} from '../domain/snapshot.ts';
import {buildImageGraph} from '../images/image-graph.ts';
import type {Consequence} from '../plan/plan.ts';
import {formatBytes} from './format.ts';
import {listNames} from './list-names.ts';

export const healthWords: Record<BitmapHealth, string> = {
	good: 'good', broken: 'broken', missing: 'not there', unknown: 'not known',
};

/** The worst first. */
const byGravity: BitmapHealth[] = ['broken', 'missing', 'unknown', 'good'];

/** `isUpTo`: more layers count the same blocks, so that it may be less. */
export type SizeSince = {bytes: number; isUpTo: boolean};

export type CheckpointSummary = {
	checkpoint: Checkpoint;
	/** Those that take part. */
	disks: Array<DiskHealth & {size: SizeSince | undefined}>;
	/** Of the worst disk. */
	health: BitmapHealth;
	/** Of all disks; undefined where that of one is not known. */
	size: SizeSince | undefined;
};

/** Kept for each picture: a list asks for all of its rows at each key press. */
const known = new WeakMap<DomainDetails, Map<string, CheckpointSummary>>();

export function summariseCheckpoint(details: DomainDetails, checkpoint: Checkpoint): CheckpointSummary {
	const facts = known.get(details) ?? summariseAll(details);
	known.set(details, facts);
	return facts.get(checkpoint.name)!;
}

function summariseAll({domain, images, checkpoints}: DomainDetails): Map<string, CheckpointSummary> {
	const graph = buildImageGraph(images, []);
	return new Map(checkpoints.map(checkpoint => {
		const sizes = new Map(checkpoint.disks.map(({target, sizeBytes: bytes, isUpTo = false}) => [target, bytes === undefined ? undefined : {bytes, isUpTo}]));
		const disks = healthOf(checkpoint, {domain, graph, all: checkpoints}).map(disk => ({...disk, size: sizes.get(disk.target)}));
		return [checkpoint.name, {
			checkpoint,
			disks,
			health: byGravity.find(health => disks.some(disk => disk.health === health)) ?? 'missing',
			size: disks.every(({size}) => size !== undefined)
				? {bytes: disks.reduce((sum, {size}) => sum + size!.bytes, 0), isUpTo: disks.some(({size}) => size!.isUpTo)}
				: undefined,
		}];
	}));
}

export const formatSince = (size: SizeSince | undefined): string => size === undefined ? '' : `${size.isUpTo ? 'up to ' : ''}${formatBytes(size.bytes)}`;

/** "good", or what is wrong where: "broken on vda, vdb". */
export function describeHealth({disks, health}: CheckpointSummary): string {
	return health === 'good' || disks.length === 0
		? healthWords[health]
		: byGravity.filter(each => each !== 'good').flatMap(each => {
			const targets = disks.filter(disk => disk.health === each).map(({target}) => target);
			return targets.length === 0 ? [] : [`${healthWords[each]} on ${targets.join(', ')}`];
		}).join('; ');
}

/** What that means for the next backup, in a sentence; undefined: it can build on the checkpoint. */
export function describeNextBackup({checkpoint: {name}, disks}: CheckpointSummary): string | undefined {
	const lost = disks.filter(({health}) => health === 'broken' || health === 'missing').map(({target}) => target);
	const unknown = disks.some(({health}) => health === 'unknown');
	if (lost.length > 0) {
		return `A backup since "${name}" copies ${lost.join(', ')} whole: what was written to ${lost.length === 1 ? 'it' : 'them'} is not recorded.`;
	}

	return unknown ? 'Whether a backup can copy just the changes is known once the domain runs or is off.' : undefined;
}

/** Behind a name, where another program made it for itself. */
export const ownerOf = (name: string): string => isOfVirtnbdbackup(name) ? 'of virtnbdbackup' : '';

/** The same sentence whatever is done to the disks. */
export function describeGood(checkpoints: readonly Checkpoint[]): Consequence[] {
	const [first] = checkpoints;
	return first === undefined
		? []
		: [{
			severity: 'info',
			text: checkpoints.length === 1
				? `The checkpoint "${first.name}" stays good: incremental backups continue from it.`
				: `The checkpoints ${listNames(checkpoints.map(({name}) => `"${name}"`), 6)} stay good: incremental backups continue from them.`,
		}];
}
