/**
Checkpoints over a revert. libvirt alone leaves them all broken; those older than the snapshot go on if their bitmaps are opened anew on the new
overlays, because the frozen images hold what was recorded until then. Later ones describe a time that is left, and are forgotten.

libvirt up to 10.0 refuses to touch snapshot records while checkpoints exist, so there all records are taken out and the good ones put back.
*/
import {imageAt} from '../../model/images/image-graph.ts';
import type {Consequence, Step} from '../../model/plan/plan.ts';
import {
	allOf, mapResult, succeed, type Result,
} from '../../model/result.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {changeCheckpointParent} from '../../model/xml/change-checkpoint.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {buildPath} from './build-folder.ts';
import type {OverlaidDisk} from './revert-disks.ts';
import {step} from './step.ts';

type CheckpointSteps = {
	/** While the new overlays are prepared. */
	bitmaps: Step[];
	/** Before snapshot records are changed, and after. */
	before: Step[];
	after: Step[];
	consequences: Consequence[];
};

function carriedBitmaps(context: PlanContext, checkpoint: Checkpoint, disks: OverlaidDisk[]) {
	return disks.flatMap(disk => {
		const recorded = checkpoint.disks.find(candidate => candidate.target === disk.target && candidate.bitmap !== undefined);
		const bitmap = imageAt(context.graph, disk.basePath)?.bitmaps.find(candidate => candidate.name === recorded?.bitmap);
		return recorded ? [{disk, bitmap}] : [];
	});
}

/** Files are numbered: a name may be as long as a file's name can be. */
function forgetStep(context: PlanContext, checkpoint: Checkpoint, index: number): Step {
	return step('switch', {
		id: `forget-checkpoint-${checkpoint.name}`,
		title: `Set the record of checkpoint "${checkpoint.name}" aside`,
		command: context.hypervisor.checkpoints.deleteMetadata(checkpoint.name),
		undo: [{
			...context.hypervisor.checkpoints.replace(`checkpoint-${index}`, checkpoint.xml),
			onlyIf: {kind: 'checkpoint-missing', uuid: context.uuid, name: checkpoint.name},
		}],
		doneWhen: {kind: 'checkpoint-missing', uuid: context.uuid, name: checkpoint.name},
	});
}

function redefineStep(context: PlanContext, checkpoint: Checkpoint, given: {index: number; xml: string}): Step {
	return step('switch', {
		id: `redefine-checkpoint-${checkpoint.name}`,
		title: `Restore the record of checkpoint "${checkpoint.name}"`,
		command: context.hypervisor.checkpoints.replace(`checkpoint-${given.index}-again`, given.xml),
		undo: [{
			...context.hypervisor.checkpoints.deleteMetadata(checkpoint.name),
			onlyIf: {kind: 'checkpoint-exists', uuid: context.uuid, name: checkpoint.name},
		}],
	});
}

/** Oldest first: a checkpoint's parent must be known before it. */
export function byAge(checkpoints: Checkpoint[]): Checkpoint[] {
	const names = new Map(checkpoints.map(checkpoint => [checkpoint.name, checkpoint]));
	const ordered = new Set<Checkpoint>();
	const place = (start: Checkpoint) => {
		const path: Checkpoint[] = [];
		for (let next: Checkpoint | undefined = start; next && !ordered.has(next) && !path.includes(next); next = next.parent === undefined ? undefined : names.get(next.parent)) {
			path.push(next);
		}

		for (const checkpoint of path.reverse()) {
			ordered.add(checkpoint);
		}
	};

	for (const checkpoint of checkpoints) {
		place(checkpoint);
	}

	return [...ordered];
}

/** The record when only good checkpoints are left: after the nearest good one above it. */
function recordAfter(checkpoint: Checkpoint, all: Checkpoint[], good: ReadonlySet<Checkpoint>): Result<string> {
	const [, ...ancestors] = withAncestors(all, checkpoint.name);
	const parent = ancestors.find(ancestor => good.has(ancestor))?.name;
	return parent === checkpoint.parent ? succeed(checkpoint.xml) : changeCheckpointParent(checkpoint.xml, parent);
}

/** For plans that change snapshot records and nothing that a checkpoint is about: a picky libvirt refuses that while there are checkpoints. */
export function checkpointsAside(context: PlanContext): {before: Step[]; after: Step[]} {
	const all = byAge(context.inventory.details.checkpoints);
	return context.can.redefinesBesideCheckpoints
		? {before: [], after: []}
		: {
			before: all.map((checkpoint, index) => forgetStep(context, checkpoint, index)).reverse(),
			after: all.map((checkpoint, index) => redefineStep(context, checkpoint, {index, xml: checkpoint.xml})),
		};
}

/** Fails with `unreadable` where a record cannot be changed. */
export function checkpointSteps(context: PlanContext, given: {snapshot: Snapshot; disks: OverlaidDisk[]}): Result<CheckpointSteps> {
	const all = byAge(context.inventory.details.checkpoints);
	const result: CheckpointSteps = {bitmaps: [], before: [], after: [], consequences: []};
	const good = new Set<Checkpoint>();
	for (const checkpoint of all) {
		const carried = carriedBitmaps(context, checkpoint, given.disks);
		const isOlder = checkpoint.createdAt <= given.snapshot.createdAt;
		if (!isOlder || carried.some(({bitmap}) => !bitmap?.isUsable)) {
			result.consequences.push({
				severity: 'warning',
				text: isOlder
					? `The checkpoint "${checkpoint.name}" is deleted: its bitmaps are not complete in the frozen images. The next backup must be a full one.`
					: `The checkpoint "${checkpoint.name}" is deleted: it is newer than the snapshot.`,
			});
			continue;
		}

		good.add(checkpoint);
		for (const {disk, bitmap} of carried) {
			result.bitmaps.push(step('create', {
				id: `bitmap-${disk.target}-${checkpoint.name}`,
				title: `Continue checkpoint "${checkpoint.name}" in the new overlay of ${disk.target}`,
				command: imageCommands.addBitmap({path: buildPath(disk), name: bitmap!.name, granularityBytes: bitmap!.granularityBytes}),
				whenStopped: 'The new overlays would be removed again: the domain is as it was.',
			}));
		}
	}

	const out = all.filter(checkpoint => !context.can.redefinesBesideCheckpoints || !good.has(checkpoint));
	result.before = [...out].reverse().map(checkpoint => forgetStep(context, checkpoint, all.indexOf(checkpoint)));
	const after = allOf((context.can.redefinesBesideCheckpoints ? [] : [...good]).map(checkpoint =>
		mapResult(recordAfter(checkpoint, all, good), xml => redefineStep(context, checkpoint, {index: all.indexOf(checkpoint), xml}))));
	return mapResult(after, steps => ({...result, after: steps}));
}
