/**
Checkpoints over a snapshot of a domain that is off: their bitmaps continue in the new overlays, as QEMU itself has them continue while a domain runs. libvirt refuses such
snapshots, because it does not do that.
*/
import {bitmapHealth} from '../../model/domain/checkpoint-health.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import type {CheckpointProof, Consequence, Step} from '../../model/plan/plan.ts';
import {mapResult, succeed, type Result} from '../../model/result.ts';
import {describeGood} from '../../model/text/describe-checkpoint.ts';
import type {PlanContext} from '../../planner/context.ts';
import {inMode, isMade, type DiskPlan} from '../../planner/disk-plan.ts';
import {imageCommands} from '../../planner/hypervisor/commands.ts';
import {buildPath} from '../../planner/steps/build-folder.ts';
import {
	byAge, checkpointRecords, continueStep, goodAmong, recordedBelow,
} from '../../planner/steps/checkpoints.ts';
import {toOverlaid} from '../../planner/steps/overlay.ts';
import {describeEnd} from './words.ts';

type ContinuedCheckpoints = {
	/** In the overlays that are made, and in those that were there. */
	bitmaps: Step[];
	preparedBitmaps: Step[];
	/** Around the steps for the record of the snapshot. */
	before: Step[];
	after: Step[];
	expected: CheckpointProof;
	consequences: Consequence[];
};

/** Whether the guest reads something else from it than from the image below: nothing has recorded that. */
const isOther = ({reuse, request}: Extract<DiskPlan, {mode: 'external'}>): boolean => reuse === 'no-backing-file' || request?.reuse === 'existing-with-data';

/** `isRecorded`: the snapshot gets a record. Fails with `unreadable` where the record of a checkpoint cannot be changed. */
export function continueCheckpoints(context: PlanContext, all: DiskPlan[], isRecorded: boolean): Result<ContinuedCheckpoints> {
	const disks = inMode(all, 'external');
	const {checkpoints} = context.inventory.details;
	const result: ContinuedCheckpoints = {
		bitmaps: [], preparedBitmaps: [], before: [], after: [], expected: {}, consequences: [],
	};
	const ended: Checkpoint[] = [];
	const good: Checkpoint[] = [];
	const proven: CheckpointProof['bitmaps'] = [];
	for (const checkpoint of byAge(checkpoints)) {
		const {bitmaps, isWhole} = recordedBelow(context, checkpoint, disks.map(disk => toOverlaid(context, disk)));
		const others = disks.filter(disk => isOther(disk) && checkpoint.disks.some(({target, bitmap}) => target === disk.target && bitmap !== undefined));
		if (others.length > 0) {
			ended.push(checkpoint);
			result.consequences.push(describeEnd(checkpoint, others.map(({target}) => target)));
			continue;
		}

		if (isWhole && bitmaps.length > 0) {
			good.push(checkpoint);
		}

		for (const {disk, bitmap} of bitmaps.filter(({disk, bitmap}) => bitmapHealth(context.graph, disk.basePath, bitmap.name) === 'good')) {
			const path = buildPath(disk);
			proven.push({path: disk.overlayPath, name: bitmap.name});
			if (disks.some(other => other.target === disk.target && !isMade(other))) {
				const undo = [{...imageCommands.removeBitmap(path, bitmap.name), onlyIf: {kind: 'image-has-bitmap', path, bitmap: bitmap.name} as const}];
				result.preparedBitmaps.push(continueStep(disk, {path, checkpoint: checkpoint.name, bitmap, undo}));
			} else {
				result.bitmaps.push(continueStep(disk, {path, checkpoint: checkpoint.name, bitmap}));
			}
		}
	}

	result.consequences.push(...describeGood(goodAmong(context, good)));
	return isRecorded || ended.length > 0
		? mapResult(checkpointRecords(context, {stay: checkpoints.filter(checkpoint => !ended.includes(checkpoint))}), records => ({...result, ...records, expected: {...records.expected, bitmaps: proven}}))
		: succeed({...result, expected: {bitmaps: proven}});
}
