/**
The planner for `checkpoint create`: bitmaps in the heads of the disks, from one moment on, and a record that says which. A running domain makes them itself; while
it is off qemu-img does, which libvirt takes over at the next start (9.0, 11.3, 12.8).
*/
import type {CreateCheckpointAction} from '../../model/plan/request.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {refuseBrokenChain, refuseBusyDomain} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import type {RecordedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {planContext} from '../../planner/plan-context.ts';
import {assembleCheckpointPlan, isOff} from '../../planner/records/checkpoint-plan.ts';
import {bitmapMisfit, newCheckpoint} from '../../planner/records/new-checkpoint.ts';
import {recordOff} from '../../planner/records/record-off.ts';
import {describeCheckpoint} from './words.ts';

type Chosen = {recorded: RecordedDisk[]; leftOut: Array<{target: string; reason: string | undefined}>};

/** Appends a blocker for what was named and cannot take part, and where nothing is left. */
function chooseDisks(context: PlanContext, {checkpoint, disks: asked}: CreateCheckpointAction): Chosen {
	const known = headDisks(context.inventory.details.domain).filter(disk => isWritableMedium(disk) || asked.some(({target}) => target === disk.target));
	const isSelective = asked.some(({isIncluded}) => isIncluded === true);
	const chosen: Chosen = {recorded: [], leftOut: []};
	for (const {target} of asked.filter(({target}) => !known.some(disk => disk.target === target))) {
		context.blockers.push({kind: 'not-supported', text: `The domain has no disk "${target}".`, remedy: `It has ${known.map(disk => disk.target).join(', ')}.`});
	}

	for (const disk of known) {
		const own = asked.find(({target}) => target === disk.target);
		const misfit = bitmapMisfit(context, disk);
		if (own?.isIncluded && misfit !== undefined) {
			context.blockers.push({kind: 'not-supported', text: `${disk.target} can have no checkpoint: ${misfit}.`, remedy: `Leave it out: --disk ${disk.target}=no.`});
		} else if (misfit === undefined && (own?.isIncluded ?? !isSelective)) {
			chosen.recorded.push({target: disk.target, path: disk.sourcePath!, bitmap: own?.bitmap ?? checkpoint});
		} else {
			chosen.leftOut.push({target: disk.target, reason: misfit});
		}
	}

	if (chosen.recorded.length === 0 && context.blockers.length === 0) {
		context.blockers.push({
			kind: 'not-supported',
			text: `No disk can have a checkpoint: ${chosen.leftOut.map(({target, reason}) => `${target} ${reason === undefined ? 'is left out' : `(${reason})`}`).join(', ')}.`,
			remedy: 'A checkpoint needs a disk on a qcow2 image: qemu-img convert -O qcow2 makes one while the domain is off, and virsh edit puts the disk on it.',
		});
	}

	return chosen;
}

/** Fails with `refused` and every reason at once, or with `unreadable` where the document cannot be made. */
export function planCreateCheckpoint(action: CreateCheckpointAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const {checkpoints} = inventory.details;
	const {recorded, leftOut} = chooseDisks(context, action);
	refuseBusyDomain(context, {staysOn: {disks: new Set(recorded.map(({target}) => target))}});
	if (isOff(context)) {
		for (const {path} of recorded) {
			refuseBrokenChain(context, path);
		}
	} else {
		requireActiveDisks(context, 'Until then it sees no bitmaps, and can make none that lasts.');
	}

	const {checkpoint, description} = action;
	const parts = newCheckpoint(context, {name: checkpoint, description, recorded, now: given.now});
	if (!parts.ok) {
		return parts;
	}

	const {parent, requestXml, recordXml} = parts.value;
	const isPlanned = context.blockers.length === 0;
	return assembleCheckpointPlan(context, {
		action,
		arguments: given,
		proof: {
			checkpoints: [...checkpoints.map(({name, parent: above}) => ({name, parent: above})), {name: checkpoint, parent}],
			bitmaps: recorded.map(({path, bitmap}) => ({path, name: bitmap})),
		},
	}, {
		steps: isPlanned
			? (isOff(context)
				? recordOff(context, checkpoint, {recorded, xml: recordXml})
				: context.hypervisor.checkpoints.createRunning({name: checkpoint, requestXml, recordXml, disks: recorded}))
			: [],
		written: recorded.map(({path}) => path),
		basis: recorded.map(({path}) => path),
		consequences: describeCheckpoint({checkpoint, parent, recorded: recorded.map(({target}) => target), leftOut, others: checkpoints.map(({name}) => name)}),
	});
}
