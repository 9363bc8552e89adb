/**
What a delete or a merge does to checkpoints: which stay good, which end, and the steps beside those of the merges themselves.
*/
import {headDisks} from '../../model/domain/domain.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import type {CheckpointProof, Consequence, Step} from '../../model/plan/plan.ts';
import {mapResult, type Result} from '../../model/result.ts';
import type {PlanContext} from '../../planner/context.ts';
import {bitmapsOfMerge, removeEnded} from '../../planner/records/merged-bitmaps.ts';
import {checkpointRecords, goodAmong} from '../../planner/steps/checkpoints.ts';
import {openDiskOf} from '../../planner/steps/merge.ts';
import {describeCheckpoints} from './words.ts';

type DroppedCheckpoints = {
	/** Around the steps for snapshot records. */
	before: Step[];
	after: Step[];
	expected: CheckpointProof;
	/** Last of all. */
	remove: Step[];
	consequences: Consequence[];
};

/** Of a disk whose head is above the merged images, the checkpoints that `isMeant` holds for. */
function recordedAbove(context: PlanContext, merge: Merge, isMeant: (bitmap: string) => boolean): Checkpoint[] {
	const {graph, inventory: {details: {checkpoints, domain}}} = context;
	const heads = new Set(headDisks(domain).flatMap(({target, sourcePath}) =>
		sourcePath !== undefined && chainOf(graph, sourcePath).some(path => graph.keyOf(path) === graph.keyOf(merge.top)) ? [target] : []));
	return checkpoints.filter(({disks}) => disks.some(({target, bitmap}) => bitmap !== undefined && heads.has(target) && isMeant(bitmap)));
}

/** Fails with `unreadable` where a record cannot be changed. */
export function checkpointsOver(context: PlanContext, merges: readonly Merge[]): Result<DroppedCheckpoints> {
	const {graph, inventory: {details: {checkpoints}}} = context;
	const byQemuImg = merges.filter(({top}) => openDiskOf(context, top) === undefined);
	const ended = new Set(byQemuImg.flatMap(merge => {
		const names = bitmapsOfMerge(context, merge).ended;
		return recordedAbove(context, merge, bitmap => names.includes(bitmap));
	}));
	const remaining = checkpoints.filter(checkpoint => !ended.has(checkpoint));
	const good = goodAmong(context, remaining.filter(checkpoint => merges.some(merge => recordedAbove(context, merge, () => true).includes(checkpoint))));
	const larger = new Set(byQemuImg.filter(({method}) => method === 'pull').flatMap(merge => recordedAbove(context, merge, bitmap => imageAt(graph, merge.top)?.bitmaps.some(({name}) => name === bitmap) ?? false)));
	return mapResult(checkpointRecords(context, {stay: remaining}), records => ({
		...records,
		remove: removeEnded(context, byQemuImg),
		consequences: describeCheckpoints({
			ended: [...ended], good, larger: good.filter(checkpoint => larger.has(checkpoint)),
		}),
	}));
}
