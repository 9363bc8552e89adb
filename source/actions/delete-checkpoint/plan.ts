/**
The planner for `checkpoint delete`. Every bitmap of a disk records all the time, so those that stay lose nothing when one between them goes. In libvirt's domains
that run libvirt removes the bitmaps; else qemu-img does, after the record has gone.
*/
import type {DeleteCheckpointAction} from '../../model/plan/request.ts';
import {healthOf} from '../../model/domain/checkpoint-health.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {withAncestors, withDescendants} from '../../model/domain/tree.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {allOf, mapResult, succeed, type Result} from '../../model/result.ts';
import {changeCheckpointParent} from '../../model/xml/change-checkpoint.ts';
import {refuseBrokenChain, refuseJobs, refuseReadOnly} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {imageCommands} from '../../planner/hypervisor/commands.ts';
import type {RecordedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {planContext} from '../../planner/plan-context.ts';
import {
	assembleCheckpointPlan, findCheckpoint, imagesWithBitmap, isOff,
} from '../../planner/records/checkpoint-plan.ts';
import {writtenHeads} from '../../planner/records/lineage.ts';
import {byAge} from '../../planner/steps/checkpoints.ts';
import {step} from '../../planner/steps/step.ts';
import {describeDeletion} from './words.ts';

/** Those that an action of this scope deletes, in the order of the list. */
function checkpointsDeleted(checkpoints: readonly Checkpoint[], {checkpoint: name, others = [], scope}: DeleteCheckpointAction): Checkpoint[] {
	const below = withDescendants(checkpoints, name);
	return checkpoints.filter(checkpoint => others.includes(checkpoint.name) || (scope === 'one' ? checkpoint.name === name : below.has(checkpoint.name) && (scope === 'with-children' || checkpoint.name !== name)));
}

/** The disks whose heads have a good bitmap of it, as far as this can be told: of a running domain by its size. */
function recordedDisks(context: PlanContext, checkpoint: Checkpoint): RecordedDisk[] {
	const heads = new Map(writtenHeads(context).map(({target, path}) => [target, path]));
	return checkpoint.disks.flatMap(({target, bitmap}) => bitmap === undefined || !heads.has(target) ? [] : [{target, path: heads.get(target)!, bitmap}]);
}

/** A bitmap that is missing or broken: libvirt refuses to delete such a checkpoint, all but its record. */
function isBroken({graph, inventory: {details: {domain, checkpoints}}}: PlanContext, checkpoint: Checkpoint): boolean {
	return healthOf(checkpoint, {domain, graph, all: checkpoints}).some(({health}) => health === 'broken');
}

/** Paused, QEMU may tell of no bitmap though all are there: whether one can be removed is not known then. Appends a blocker. */
function requireKnownBitmaps(context: PlanContext, deleted: readonly Checkpoint[]): void {
	const {graph, inventory: {details: {domain, checkpoints}}} = context;
	if (domain.isFreshlyResumed !== true && deleted.some(checkpoint => checkpoint.isMeasured && healthOf(checkpoint, {domain, graph, all: checkpoints}).some(({health}) => health === 'unknown'))) {
		context.blockers.push({
			kind: 'domain-state',
			text: 'The domain is paused, and QEMU tells of no bitmap at all: either all of them are broken, or QEMU has not activated its disks yet.',
			remedy: 'Resume the guest, and try again while it runs; or delete the record alone: --metadata.',
		});
	}
}

function deleteRecord({hypervisor: {checkpoints}, uuid}: PlanContext, {name, xml}: Checkpoint, id: string): Step {
	return step('switch', {
		id,
		title: `Delete the record of checkpoint "${name}"`,
		command: checkpoints.deleteMetadata(name),
		undo: [{...checkpoints.replace(`${id}-before`, xml), onlyIf: {kind: 'checkpoint-missing', uuid, name}}],
		doneWhen: {kind: 'checkpoint-missing', uuid, name},
		whenStopped: 'Recover would put the record back; no bitmap is touched before that.',
	});
}

/** The bitmaps in the files, of all layers: those below the head hold what was written before the snapshots that froze them. */
function fileSteps(context: PlanContext, checkpoint: Checkpoint, id: string): Step[] {
	return checkpoint.disks.flatMap(({target, bitmap}) => imagesWithBitmap(context, {target, bitmap}).map(({path}, index) => step('remove', {
		id: `${id}-${target}-${index + 1}`,
		title: `Remove bitmap "${bitmap!}" from ${path}`,
		command: {...imageCommands.removeBitmap(path, bitmap!), onlyIf: {kind: 'image-has-bitmap', path, bitmap: bitmap!}},
		doneWhen: {kind: 'image-lacks-bitmap', path, bitmap: bitmap!},
		needsOff: true,
		whenStopped: 'The record has gone; recover would remove the bitmaps that are left.',
	})));
}

/** Who comes after one that goes is told the next one above. libvirt does that by itself; records of ours are written anew. */
function reparentSteps(context: PlanContext, deleted: readonly Checkpoint[]): Result<Step[]> {
	const {inventory: {details: {checkpoints}}, hypervisor, can} = context;
	const deletedNames = new Set(deleted.map(({name}) => name));
	const orphans = checkpoints.filter(({name, parent}) => !deletedNames.has(name) && parent !== undefined && deletedNames.has(parent));
	return can.recordsRunning
		? succeed([])
		: allOf(orphans.map((checkpoint, index) => {
			const [, ...ancestors] = withAncestors(checkpoints, checkpoint.name);
			return mapResult(changeCheckpointParent(checkpoint.xml, ancestors.find(({name}) => !deletedNames.has(name))?.name), xml => step('switch', {
				id: `parent-${index + 1}`,
				title: `Reparent checkpoint "${checkpoint.name}"`,
				command: hypervisor.checkpoints.replace(`checkpoint-child-${index + 1}`, xml),
				undo: [hypervisor.checkpoints.replace(`checkpoint-child-${index + 1}-before`, checkpoint.xml)],
			}));
		}));
}

function stepsFor(context: PlanContext, deleted: readonly Checkpoint[], {isMetadataOnly}: DeleteCheckpointAction): Step[] {
	// A parent cannot be redefined after what comes after it, so on the way back the oldest comes first.
	return [...byAge([...deleted])].reverse().flatMap((checkpoint, index) => {
		const id = `delete-${index + 1}`;
		if (isMetadataOnly) {
			return [deleteRecord(context, checkpoint, id)];
		}

		if (isOff(context)) {
			return [deleteRecord(context, checkpoint, id), ...fileSteps(context, checkpoint, id)];
		}

		return isBroken(context, checkpoint) ? [deleteRecord(context, checkpoint, id)] : context.hypervisor.checkpoints.deleteRunning({id, checkpoint, disks: recordedDisks(context, checkpoint)});
	});
}

/** Fails with `checkpoint-not-found`, with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planDeleteCheckpoint(action: DeleteCheckpointAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const found = findCheckpoint(context, action.checkpoint);
	if (!found.ok) {
		return found;
	}

	const {checkpoints} = inventory.details;
	const deleted = checkpointsDeleted(checkpoints, action);
	if (deleted.length === 0) {
		context.blockers.push({kind: 'not-supported', text: `No checkpoint comes after "${action.checkpoint}".`, remedy: 'Leave --children-only out to delete the checkpoint itself.'});
	}

	refuseReadOnly(context);
	refuseJobs(context);
	const written = isOff(context) && !action.isMetadataOnly ? [...new Set(deleted.flatMap(({disks}) => disks.flatMap(disk => imagesWithBitmap(context, disk).map(({path}) => path))))] : [];
	for (const path of written) {
		refuseBrokenChain(context, path);
	}

	if (!isOff(context) && !action.isMetadataOnly) {
		requireActiveDisks(context, 'Until then it sees no bitmaps, and none can be removed.');
		requireKnownBitmaps(context, deleted);
	}

	const parents = reparentSteps(context, deleted);
	if (!parents.ok) {
		return parents;
	}

	const deletedNames = new Set(deleted.map(({name}) => name));
	const steps = context.blockers.length > 0 ? [] : [...parents.value, ...stepsFor(context, deleted, action)];
	return assembleCheckpointPlan(context, {
		action,
		arguments: given,
		proof: {
			checkpoints: checkpoints.filter(({name}) => !deletedNames.has(name)).map(({name}) => ({
				name, parent: withAncestors(checkpoints, name).slice(1).find(ancestor => !deletedNames.has(ancestor.name))?.name,
			})),
			goneCheckpoints: [...deletedNames],
		},
	}, {
		steps,
		written,
		basis: written,
		consequences: describeDeletion({
			deleted, stay: checkpoints.filter(({name}) => !deletedNames.has(name)), isMetadataOnly: action.isMetadataOnly, broken: isOff(context) ? [] : deleted.filter(checkpoint => isBroken(context, checkpoint)), now: given.now,
		}),
	});
}
