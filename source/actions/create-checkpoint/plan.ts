/**
The planner for `checkpoint create`: bitmaps in the heads of the disks, from one moment on, and a record that says which. A running domain makes them itself; while
it is off qemu-img does, which libvirt takes over at the next start (9.0, 11.3, 12.8).
*/
import type {CreateCheckpointAction} from '../../model/plan/request.ts';
import {headDisks, isWritableMedium, type Disk} from '../../model/domain/domain.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {together, type Result} from '../../model/result.ts';
import {buildCheckpointXml} from '../../model/xml/build-checkpoint.ts';
import {refuseBrokenChain, refuseBusyDomain} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {imageCommands} from '../../planner/hypervisor/commands.ts';
import type {RecordedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {planContext} from '../../planner/plan-context.ts';
import {assembleCheckpointPlan, isOff, lastCheckpoint} from '../../planner/records/checkpoint-plan.ts';
import {step} from '../../planner/steps/step.ts';
import {describeCheckpoint} from './words.ts';

/** QEMU's default, and libvirt's: no smaller than a cluster, and no larger than it. */
const granularityOf = ({clusterSizeBytes = 65_536}: Image): number => Math.min(Math.max(clusterSizeBytes, 4096), 65_536);

/** Why the disk can have no bitmap, as the end of a sentence; undefined: it can. */
function misfitOf({graph}: PlanContext, disk: Disk): string | undefined {
	const image = disk.sourcePath === undefined ? undefined : imageAt(graph, disk.sourcePath);
	const rules: Array<[boolean, string]> = [
		[!isWritableMedium(disk), 'the guest does not write to it'],
		[disk.transient !== undefined, 'it is transient: QEMU allows no checkpoint of it'],
		[disk.sourcePath === undefined || image === undefined, 'its image is not a file on this host'],
		[(image?.format ?? 'qcow2') !== 'qcow2', `its image is ${image?.format ?? 'unknown'}, and only qcow2 can hold a bitmap`],
		[image?.isVersion2 === true, 'its image is qcow2 of version 2 (compat 0.10), which holds no bitmap'],
	];
	return rules.find(([holds]) => holds)?.[1];
}

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
		const misfit = misfitOf(context, disk);
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
			remedy: 'A checkpoint needs a disk on a qcow2 image: qemu-img convert -O qcow2 makes one, while the domain is off.',
		});
	}

	return chosen;
}

function refuseNames(context: PlanContext, {checkpoint}: CreateCheckpointAction, recorded: readonly RecordedDisk[]): void {
	const {checkpoints} = context.inventory.details;
	const problem = checkpointNameProblem(checkpoint);
	if (problem !== undefined) {
		context.blockers.push({kind: 'name', text: `The name for the checkpoint ${problem}.`, remedy: 'Choose another name.'});
	} else if (checkpoints.some(({name}) => name === checkpoint)) {
		context.blockers.push({kind: 'name-taken', text: `A checkpoint "${checkpoint}" exists already.`, remedy: 'Choose another name.'});
	}

	for (const {target, path, bitmap} of recorded) {
		if (bitmap !== checkpoint && !context.can.namesBitmaps) {
			context.blockers.push({kind: 'not-supported', text: `libvirt wants the bitmap of ${target} to be called like the checkpoint.`, remedy: 'Leave --bitmap out.'});
		}

		const bitmapProblem = bitmap === checkpoint ? undefined : checkpointNameProblem(bitmap);
		if (bitmapProblem !== undefined) {
			context.blockers.push({kind: 'name', text: `The name for the bitmap of ${target} ${bitmapProblem}.`, remedy: 'Choose another name.'});
		}

		if (imageAt(context.graph, path)?.bitmaps.some(({name}) => name === bitmap)) {
			context.blockers.push({
				kind: 'name-taken',
				text: `${path} holds a bitmap "${bitmap}" already, which no checkpoint of that name accounts for.`,
				remedy: 'Choose another name, or remove that bitmap if nobody needs it (vsnap-tui doctor).',
			});
		}
	}
}

/** Each bitmap by qemu-img, then the record. */
function offSteps(context: PlanContext, checkpoint: string, {recorded, xml}: {recorded: RecordedDisk[]; xml: string}): Step[] {
	const {hypervisor: {checkpoints}, uuid} = context;
	return [
		...recorded.map(({target, path, bitmap}) => step('create', {
			id: `bitmap-${target}`,
			title: `Add bitmap "${bitmap}" to the image of ${target}`,
			command: imageCommands.addBitmap({path, name: bitmap, granularityBytes: granularityOf(imageAt(context.graph, path)!)}),
			undo: [{...imageCommands.removeBitmap(path, bitmap), onlyIf: {kind: 'image-has-bitmap', path, bitmap}}],
			doneWhen: {kind: 'image-has-bitmap', path, bitmap},
			undoWhileOff: true,
			needsOff: true,
			failureChangesNothing: true,
			whenStopped: 'Recover would remove the bitmaps; nothing else is touched.',
		})),
		step('switch', {
			id: 'checkpoint',
			title: `Record checkpoint "${checkpoint}"`,
			command: checkpoints.replace('checkpoint', xml),
			undo: [{...checkpoints.deleteMetadata(checkpoint), onlyIf: {kind: 'checkpoint-exists', uuid, name: checkpoint}}],
			doneWhen: {kind: 'checkpoint-exists', uuid, name: checkpoint},
			whenStopped: 'Recover would remove the record and the bitmaps; nothing else is touched.',
		}),
	];
}

/** Fails with `refused` and every reason at once, or with `unreadable` where the document cannot be made. */
export function planCreateCheckpoint(action: CreateCheckpointAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const {checkpoints} = inventory.details;
	const {recorded, leftOut} = chooseDisks(context, action);
	refuseBusyDomain(context, {staysOn: {disks: new Set(recorded.map(({target}) => target))}});
	refuseNames(context, action, recorded);
	if (isOff(context)) {
		for (const {path} of recorded) {
			refuseBrokenChain(context, path);
		}
	} else {
		requireActiveDisks(context, 'Until then it sees no bitmaps, and can make none that lasts.');
	}

	const {checkpoint, description} = action;
	const parent = lastCheckpoint(checkpoints)?.name;
	const disks = [...recorded, ...leftOut.map(({target}) => ({target, bitmap: undefined}))].map(({target, bitmap}) => ({target, bitmap}));
	const documents = together({
		requestXml: buildCheckpointXml({name: checkpoint, description, disks}),
		recordXml: buildCheckpointXml({
			name: checkpoint, description, disks, recorded: {parent, createdAt: Math.floor(given.now.getTime() / 1000)},
		}),
	});
	if (!documents.ok) {
		return documents;
	}

	const {requestXml, recordXml} = documents.value;
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
				? offSteps(context, checkpoint, {recorded, xml: recordXml})
				: context.hypervisor.checkpoints.createRunning({name: checkpoint, requestXml, recordXml, disks: recorded}))
			: [],
		written: recorded.map(({path}) => path),
		basis: recorded.map(({path}) => path),
		consequences: describeCheckpoint({checkpoint, parent, recorded: recorded.map(({target}) => target), leftOut, others: checkpoints.map(({name}) => name)}),
	});
}
