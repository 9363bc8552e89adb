/**
Creating a snapshot of a running domain of libvirt. libvirt holds the monitor, so it does the work, in one call; what that call comes to in QEMU is
shown beside it. libvirt puts back by itself what fails on its way; the undo here is for what it leaves, and for a call that was done and must be taken back.
*/
import {headDisks} from '../../../model/domain/domain.ts';
import {imageAt} from '../../../model/images/image-graph.ts';
import type {
	Command, Consequence, Probe, Step,
} from '../../../model/plan/plan.ts';
import {inPlace} from '../../../model/plan/placed-command.ts';
import {mapResult} from '../../../model/result.ts';
import {buildSnapshotRequest} from '../../../model/xml/build/snapshot-request.ts';
import {placeOf, refuseFolderRisks} from '../../steps/build-folder.ts';
import type {PlanContext} from '../../context.ts';
import {describeUncontinued, requireActiveDisks} from '../../checks/inactive-disks.ts';
import {mergedBack} from '../../steps/merge.ts';
import {requireFreeTag} from '../../steps/nvram-inside.ts';
import {reserving, step} from '../../steps/step.ts';
import {fileCommands} from '../commands.ts';
import {inMode, isMade, type NewOverlay} from '../../disk-plan.ts';
import type {Hypervisor, RunningSnapshot} from '../hypervisor.ts';
import {freezeSteps, requireAgent, thawing} from './agent.ts';
import {onDomain, virsh} from './virsh.ts';
import {frozenNoteSteps} from './frozen-note.ts';
import {ownOverlays} from './overlays.ts';

const whenStopped = 'libvirt would put the guest back on its old disks.';

function refuseQuiesced(context: PlanContext, {action, memory}: RunningSnapshot): void {
	if (action.isQuiesced && memory.mode !== 'no') {
		context.blockers.push({
			kind: 'not-supported',
			text: '--quiesce freezes the file systems for a disk-only snapshot; a snapshot with memory does not need it.',
			remedy: 'Leave --quiesce out, or ask for the disks alone (--disk-only).',
		});
	} else if (action.isQuiesced) {
		requireAgent(context);
	}
}

/** libvirt takes the state of a running guest by migrating it to a file, and refuses that beside a transient disk (seen on 9.0). */
function requireNoTransientDisk(context: PlanContext, {memory}: RunningSnapshot): void {
	const transient = headDisks(context.inventory.details.domain).filter(disk => disk.transient !== undefined).map(({target}) => target);
	if (memory.mode !== 'no' && transient.length > 0) {
		context.blockers.push({
			kind: 'not-supported',
			text: `${transient.join(', ')} ${transient.length === 1 ? 'is' : 'are'} transient, and libvirt cannot save the memory of a guest with such a disk.`,
			remedy: 'Ask for the disks alone (--disk-only).',
		});
	}
}

/** Memory inside an image takes flash memory along, which has to be able to hold it. A `<varstore>` is no such image: it is part of the memory. */
function refuseNvram(context: PlanContext): void {
	const {nvramPath, nvramFiles, details: {domain}} = context.inventory;
	const isTooOld = !context.can.savesNvramInside;
	if (nvramPath !== undefined && domain.liveDefinition?.hasVarstore !== true && (isTooOld || nvramFiles.get(nvramPath)?.isRaw)) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The domain has firmware variables (NVRAM, ${nvramPath}), and this version of libvirt cannot save memory inside an image beside them${isTooOld ? '' : ' unless their file is qcow2, and this one is raw'}.`,
			remedy: 'Ask for --memory external, or for the disks alone (--disk-only).',
		});
	}
}

/** libvirt's flag is for all overlays or for none. */
function refuseReuse(context: PlanContext, disks: NewOverlay[]): void {
	for (const disk of disks.filter(({reuse}) => reuse === 'no-backing-file')) {
		context.blockers.push({
			kind: 'not-supported',
			text: `${disk.target} would get an overlay without a backing file, which libvirt cannot do while the domain is running.`,
			remedy: 'Shut the domain down first, or leave that option out.',
		});
	}

	const made = disks.filter(disk => isMade(disk));
	if (made.length > 0 && made.length < disks.length) {
		context.blockers.push({
			kind: 'not-supported',
			text: `While the domain is running, libvirt takes prepared overlays for all disks or for none; ${made.map(({target}) => target).join(', ')} has none.`,
			remedy: 'Prepare one for each disk, leave the others out (--disk DISK=no), or shut the domain down first.',
		});
	}
}

/** In the words of QEMU's monitor what libvirt will do, in order. */
function qmpPreview(context: PlanContext, {action, memory, disks}: RunningSnapshot): string[] {
	if (memory.mode === 'internal') {
		return ['stop', `savevm ${JSON.stringify(action.snapshot)}`, 'cont'];
	}

	const isRunning = context.inventory.details.domain.state === 'running';
	const isFrozenByLibvirt = action.isQuiesced && !action.isFrozenApart;
	const isLeftPaused = inMode(disks, 'manual').length > 0;
	const pauses = isLeftPaused || (memory.mode === 'external' && !action.isLive);
	const overlays = inMode(disks, 'external');
	const created = overlays.filter(disk => isMade(disk)).map(disk => JSON.stringify({
		execute: 'blockdev-create',
		arguments: {
			options: {
				driver: 'qcow2', file: disk.overlayPath, size: imageAt(context.graph, disk.headPath)?.virtualSizeBytes, 'backing-file': disk.headPath, 'backing-fmt': disk.format,
			},
		},
	}));
	const added = overlays.map(disk => JSON.stringify({execute: 'blockdev-add', arguments: {driver: 'qcow2', file: disk.overlayPath, backing: null}}));
	const transaction = JSON.stringify({
		execute: 'transaction',
		arguments: {actions: overlays.map(disk => ({type: 'blockdev-snapshot', data: {node: disk.headPath, overlay: disk.overlayPath}}))},
	});
	return [
		...(isFrozenByLibvirt ? ['guest-fsfreeze-freeze (guest agent)'] : []),
		...(pauses && isRunning ? ['stop'] : []),
		...(memory.mode === 'external' ? [JSON.stringify({execute: 'migrate', arguments: {uri: `fd:${memory.path}`}})] : []),
		...(overlays.length === 0 ? [] : [...created, ...added, transaction]),
		...(action.isHalted ? ['quit'] : ((pauses || memory.mode === 'external') && isRunning && !isLeftPaused ? ['cont'] : [])),
		...(isFrozenByLibvirt ? ['guest-fsfreeze-thaw (guest agent)'] : []),
	];
}

function flagsOf({action, memory, disks}: RunningSnapshot): string[] {
	const isExternal = memory.mode !== 'internal';
	return [
		...(memory.mode === 'no' ? ['--disk-only'] : []),
		...(isExternal ? ['--atomic'] : []),
		...(action.isQuiesced && !action.isFrozenApart ? ['--quiesce'] : []),
		...(action.isLive ? ['--live'] : []),
		...(action.isHalted ? ['--halt'] : []),
		...(action.hasNoMetadata ? ['--no-metadata'] : []),
		...(inMode(disks, 'external').some(disk => !isMade(disk)) ? ['--reuse-external'] : []),
	];
}

/**
Most of it finds nothing to do: libvirt has put its own things back. Where the call was done, or ended after the switch (as with a name that is too long), the
overlays are merged back into the images that the domain had, which is as it was: by its QEMU, or by qemu-img where the guest has ended meanwhile.
*/
function undoOf(context: PlanContext, {action, memory, disks}: RunningSnapshot): Command[] {
	const {uuid, hypervisor: {records}} = context;
	const overlays = inMode(disks, 'external');
	const [first] = overlays;
	const exists: Probe = {kind: 'snapshot-exists', uuid, name: action.snapshot};
	const remove = memory.mode === 'internal' ? records.deleteWithState : records.deleteMetadata;
	return [
		...(action.isQuiesced ? [thawing(context)] : []),
		...(action.hasNoMetadata || remove === undefined ? [] : [{...remove(action.snapshot), onlyIf: exists}]),
		...mergedBack(context, overlays),
		...(first !== undefined && context.inventory.details.domain.isPersistent
			? [{
				...context.hypervisor.domain.define('definition-before', context.inventory.definitionXml),
				onlyIf: {kind: 'off-on', uuid, target: first.target, path: first.overlayPath},
			} as const]
			: []),
		...overlays.filter(disk => isMade(disk)).map((disk): Command => ({...inPlace(placeOf(context, disk.overlayPath), fileCommands.remove(disk.overlayPath)), onlyIf: {kind: 'image-unused', path: disk.overlayPath}})),
		// It is empty from before the call, and libvirt leaves files that it did not make.
		...(memory.mode === 'external' ? [{...fileCommands.remove(memory.path), onlyIf: {kind: 'file-exists', path: memory.path}} as const] : []),
	];
}

function happenedWhen(context: PlanContext, {action, memory, disks}: RunningSnapshot): Probe {
	if (!action.hasNoMetadata) {
		return {kind: 'snapshot-exists', uuid: context.uuid, name: action.snapshot};
	}

	const [first] = inMode(disks, 'external');
	if (first !== undefined) {
		return {kind: 'head-is', uuid: context.uuid, target: first.target, path: first.overlayPath};
	}

	const [inside] = inMode(disks, 'internal');
	return memory.mode === 'internal' && inside !== undefined ? {kind: 'image-has-tag', path: inside.headPath, tag: action.snapshot} : {kind: 'never'};
}

function describe(context: PlanContext, {action, memory, disks}: RunningSnapshot): Consequence[] {
	const isRunning = context.inventory.details.domain.state === 'running';
	const manual = inMode(disks, 'manual').map(({target}) => target);
	const rules: Array<[boolean, Consequence]> = [
		[memory.mode === 'internal' && isRunning, {severity: 'info', about: 'guest', text: 'The guest is paused while its memory is saved inside the image.'}],
		[memory.mode === 'external' && isRunning, {severity: 'info', about: 'guest', ...(action.isLive && {saysItGoesOn: true}), text: `The memory is saved in ${memory.mode === 'external' ? memory.path : ''}; the guest ${action.isLive ? 'keeps running' : 'is paused meanwhile'}.`}],
		[manual.length > 0, {
			severity: 'warning',
			text: `${manual.join(', ')} is left to you: libvirt leaves the guest paused for that, until you resume it (virsh resume).`,
		}],
	];
	return rules.flatMap(([holds, consequence]) => holds ? [consequence] : []);
}

function refuse(context: PlanContext, request: RunningSnapshot): void {
	const {action, memory, disks} = request;
	const {checkpoints} = context.inventory.details;
	refuseQuiesced(context, request);
	if (memory.mode === 'internal') {
		requireFreeTag(context, action.snapshot);
		refuseNvram(context);
	}

	requireNoTransientDisk(context, request);
	if (inMode(disks, 'external').length > 0 && checkpoints.length > 0) {
		requireActiveDisks(context, describeUncontinued(checkpoints));
	}
}

/** What the step of libvirt's snapshot does to the guest. */
function guestOf(context: PlanContext, {action, memory, disks}: RunningSnapshot): Partial<Pick<Step, 'guest'>> {
	if (action.isHalted) {
		return {guest: 'off'};
	}

	if (context.inventory.details.domain.state !== 'running') {
		return {};
	}

	return inMode(disks, 'manual').length > 0 ? {guest: 'paused'} : (memory.mode === 'external' && !action.isLive ? {guest: 'paused-meanwhile'} : {});
}

/** For `Hypervisor`. */
export function snapshotRunning(context: PlanContext, given: RunningSnapshot): ReturnType<Hypervisor['snapshotRunning']> {
	const {action, memory, records} = given;
	const memoryPath = memory.mode === 'external' ? memory.path : undefined;
	refuse(context, given);
	const own = ownOverlays(context, given.disks);
	const request = {...given, disks: own.disks};
	const internal = inMode(own.disks, 'internal');
	refuseReuse(context, inMode(own.disks, 'external'));
	if (memoryPath !== undefined) {
		refuseFolderRisks(context, [memoryPath], {writer: 'libvirt'});
	}

	// Of a snapshot inside the images libvirt wants to hear of internal disks alone; of others we tell each one's mode.
	const mentioned = memory.mode === 'internal' ? internal : own.disks;
	const xmlPath = `${context.workPath}/snapshot-wanted.xml`;
	const frozen = frozenNoteSteps(context, action);
	const freeze = freezeSteps(context, action);
	return mapResult(buildSnapshotRequest({name: action.snapshot, description: action.description, memory, disks: mentioned}), xml => ({
		steps: [
			...(action.isQuiesced ? [step('check', {id: 'agent', title: 'Check that the guest agent answers', command: onDomain(context, 'domtime')})] : []),
			...(memoryPath === undefined
				? []
				: [step('create', {
					id: 'reserve-memory',
					title: 'Create an empty memory file',
					...reserving(memoryPath),
					whenStopped: 'Recover would remove the empty file; the domain is as it was.',
				})]),
			...own.steps,
			...freeze.before,
			...frozen.before,
			step('switch', {
				id: 'snapshot',
				title: `Create snapshot "${action.snapshot}" with libvirt`,
				command: virsh(context, ['snapshot-create', '--domain', context.uuid, '--xmlfile', xmlPath, ...flagsOf(request)], [{path: xmlPath, text: xml}]),
				undo: undoOf(context, request),
				doneWhen: happenedWhen(context, request),
				whenStopped,
				...(memoryPath !== undefined && {progress: {kind: 'domain-job', uuid: context.uuid} as const, copyBytes: context.inventory.details.domain.definition.memoryBytes, cancel: [onDomain(context, 'domjobabort')]}),
				...(internal.length > 0 && {changesInside: memory.mode === 'internal' ? 'adds-with-memory' as const : 'adds' as const}),
				...guestOf(context, request),
				qmpPreview: qmpPreview(context, request),
			}),
			...freeze.after,
			...frozen.after,
			...own.after,
			...records,
		],
		consequences: [
			...describe(context, request),
			...(own.reason === undefined ? [] : [{severity: 'info', text: `${own.reason}: the overlays are made beforehand, with the owners of the disks.`} as const]),
		],
	}));
}
