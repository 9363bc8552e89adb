/**
Reverting to an internal snapshot: the images are changed in place, so nothing else may need their content (R11), and the current state is
always held by an internal snapshot of its own first. On discard that one is removed at the end: until then everything can be put back.

Disks alone are put back by qemu-img, with the domain off. Where memory was saved and is wanted back, libvirt starts QEMU from it.
*/
import {stampOf} from '../../model/text/format.ts';
import type {RevertAction} from '../../model/plan/request.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import type {Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {imageCommands} from '../../planner/hypervisor/commands.ts';
import {keepMemory} from '../go-back/keep-memory.ts';
import {leftImagesOf, type PlanContext} from '../../planner/context.ts';
import {
	requireStart, bootSteps, defineStep, endStateOf, startStep, stopSteps,
} from '../../planner/steps/domain.ts';
import {describeIdentity} from '../../planner/steps/guest-identity.ts';
import {keepPresentState} from '../../planner/steps/keep.ts';
import {nvramImageOf, nvramInside} from '../../planner/steps/nvram-inside.ts';
import {noNvramChange, revertNvram} from '../../planner/steps/nvram-revert.ts';
import {
	describeEmptied, emptiedDrives, refuseLostMedia, requireStartFiles,
} from '../../planner/checks/start-files.ts';
import {step} from '../../planner/steps/step.ts';
import {filesAt} from '../../planner/steps/overlay.ts';
import type {NewDefinition} from '../go-back/definition.ts';
import {describeLeftOut, lostContent} from '../go-back/words.ts';
import {filePathOf} from '../../planner/storage/storage.ts';
import type {GoBackParts} from '../go-back/plan.ts';
import {keptDescription} from '../current-state.ts';
import {requireInternalDisks, type InternalDisk} from './internal-disks.ts';

const nameOf = ({target}: InternalDisk) => target === 'nvram' ? 'the firmware variables' : target;

/** What puts the disks back as they were before the switch, from the safety snapshot inside each image. */
function backFromSafety(disks: InternalDisk[], safetyName: string): Array<Step['command']> {
	return disks.map(disk => ({
		...imageCommands.applyTag(disk.path, safetyName),
		onlyIf: {kind: 'image-has-tag', path: disk.path, tag: safetyName},
	}));
}

/** A disk that was put back can only be put forward again by that safety snapshot. */
function needSafety(disks: InternalDisk[], tag: string): Pick<Step, 'undoNeeds'> {
	return {undoNeeds: {probe: {kind: 'all', of: disks.map(({path}) => ({kind: 'image-has-tag', path, tag}))}, lost: `The state before the revert is no longer in ${disks.map(({path}) => path).join(', ')} ("${tag}").`}};
}

/** Disks that the snapshot left out keep what they have: their files in its stored definition may be frozen since. */
function presentSources(context: PlanContext, disks: InternalDisk[]): Map<string, {path: string; format: string}> {
	return new Map(headDisks(context.inventory.details.domain).flatMap(head => {
		const path = filePathOf(head);
		return disks.some(disk => disk.target === head.target) || !isWritableMedium(head) || path === undefined || head.format === undefined
			? []
			: [[head.target, {path, format: head.format}]];
	}));
}

/** `usesMemory`: libvirt itself goes back to the memory inside the images, by the definition in its record. Appends blockers where a start would fail. */
function newDefinition(context: PlanContext, snapshot: Snapshot, given: {disks: InternalDisk[]; usesMemory: boolean}): Result<NewDefinition> {
	const {disks, usesMemory} = given;
	const pending = snapshot.inactiveDomainXml === undefined ? undefined : parseDomainXml(snapshot.inactiveDomainXml);
	const emptied = emptiedDrives(context, pending?.ok ? pending.value : snapshot.domain!);
	const xml = changeDomainXml(snapshot.inactiveDomainXml ?? snapshot.domainXml!, {
		name: context.inventory.details.domain.name,
		rootName: 'domain',
		sources: presentSources(context, disks),
		emptied: emptied.map(({target}) => target),
		leftImages: leftImagesOf(context),
		generationId: context.generationId,
	});
	if (!xml.ok) {
		return xml;
	}

	if (usesMemory && context.can.emptiesDrives) {
		refuseLostMedia(context, snapshot.domain!);
	}

	requireStartFiles(context, xml.value);
	return succeed({xml: xml.value, emptied});
}

function offlineSteps(context: PlanContext, snapshot: Snapshot, given: {disks: InternalDisk[]; safetyName: string; definitionXml: string}): Step[] {
	return [
		...given.disks.map((disk): Step => step('switch', {
			id: `apply-${disk.target}`,
			title: `Revert ${nameOf(disk)} to "${snapshot.name}" inside ${disk.target === 'nvram' ? 'their file' : 'its image'}`,
			command: imageCommands.applyTag(disk.path, snapshot.name),
			changesInside: 'reverts',
			undo: backFromSafety([disk], given.safetyName),
			...needSafety([disk], given.safetyName),
			doneWhen: {kind: 'never'},
			whenStopped: `Recover would finish the switch; the current state is kept in "${given.safetyName}".`,
		})),
		defineStep(context, given.definitionXml),
	];
}

/** Removes the safety snapshot, in one go or from each image: by its QEMU where it runs. */
function removeSafetySteps(context: PlanContext, given: {disks: InternalDisk[]; safetyName: string; definitionXml: string; isOff: boolean}): Step[] {
	const {safetyName, definitionXml} = given;
	const {records, blocks} = context.hypervisor;
	const remove = (id: string, more: Pick<Step, 'title' | 'command' | 'doneWhen'>) =>
		step('remove', {id, whenStopped: 'The revert is done; recover would remove the state before it.', changesInside: 'deletes', ...more});
	const title = `Remove "${safetyName}", which held the state before the revert`;
	const doneWhen = {kind: 'snapshot-missing', uuid: context.uuid, name: safetyName} as const;
	return records.deleteWithState === undefined
		? [
			...given.disks.flatMap(({target, path}) => (given.isOff ? [imageCommands.untag(path, safetyName)] : blocks.untag({target, path, tag: safetyName, definitionXml})).map(command =>
				remove(`remove-safety-${target}`, {title: `${title}, from ${target}`, command, doneWhen: {kind: 'image-lacks-tag', path, tag: safetyName}}))),
			remove('remove-safety', {title: `Delete the record of "${safetyName}"`, command: records.deleteMetadata(safetyName), doneWhen}),
		]
		: [remove('remove-safety', {title, command: records.deleteWithState(safetyName), doneWhen})];
}

function currentStep(context: PlanContext, snapshot: Snapshot): Step {
	const former = context.inventory.details.currentSnapshot;
	return step('switch', {
		id: 'current',
		title: `Make "${snapshot.name}" current`,
		command: context.hypervisor.records.makeCurrent(snapshot.name),
		undo: former === undefined || former === snapshot.name ? [] : [context.hypervisor.records.makeCurrent(former)],
		whenStopped: 'Recover would finish the switch.',
	});
}

/** The domain is started with the memory inside its images, which puts the disks back as well. Appends blockers. */
function memorySteps(context: PlanContext, snapshot: Snapshot, given: {disks: InternalDisk[]; safetyName: string; definitionXml: string; isPaused: boolean}): Step[] {
	const {disks, safetyName, definitionXml, isPaused} = given;
	const {inventory: {details, definitionXml: before}, hypervisor: {domain, records}} = context;
	const others = headDisks(details.domain).filter(head => isWritableMedium(head) && !disks.some(disk => disk.target === head.target));
	for (const {target} of context.can.resumesWithAllDisks ? others : []) {
		context.blockers.push({
			kind: 'not-supported',
			text: `QEMU restores memory from inside its images only together with all disks, and the snapshot leaves out ${target}.`,
			remedy: 'Revert with --shutoff: then only the disks of the snapshot are reverted.',
		});
	}

	requireStart(context, definitionXml);
	if (context.blockers.length > 0) {
		return [];
	}

	const {switchesToo, ...how} = domain.resumeInside({snapshot: snapshot.name, definitionXml, isPaused});
	const former = details.currentSnapshot;
	const start = startStep(context, how);
	return [
		...(switchesToo ? [] : [defineStep(context, definitionXml), currentStep(context, snapshot)]),
		{
			...start,
			countsOnlyIfLogged: true,
			changesInside: 'reverts',
			...needSafety(disks, safetyName),
			undo: [
				...start.undo!,
				...backFromSafety(disks, safetyName),
				...(switchesToo ? [domain.define('definition-before', before), ...(former === undefined ? [] : [records.makeCurrent(former)])] : []),
			],
		},
	];
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function planInternalRevert(context: PlanContext, action: RevertAction, given: {snapshot: Snapshot; now: Date}): Result<GoBackParts> {
	const {snapshot, now} = given;
	const endState = endStateOf(action.endState, snapshot.state);
	const disks = requireInternalDisks(context, snapshot);
	const untouched = new Set(headDisks(context.inventory.details.domain).map(disk => disk.target));
	for (const disk of disks) {
		untouched.delete(disk.target);
	}

	keepMemory(context, action.currentState, {now, untouched, kind: 'internal'});
	const safetyName = action.currentState.kind === 'keep' ? action.currentState.name : `before-revert-${stampOf(now)}`;
	const usesMemory = snapshot.memory.mode === 'internal' && endState !== 'shutoff';
	const definition = newDefinition(context, snapshot, {disks, usesMemory});
	if (!definition.ok) {
		return definition;
	}

	const kept = keepPresentState(context, {
		name: safetyName,
		description: keptDescription(action.currentState) ?? `The state that was left for "${snapshot.name}"`,
		now,
		untouched,
		kind: 'internal',
		// Nobody reverts to what is discarded. libvirt deletes it while the domain runs only if it names the media that are in the drives then (9.0).
		...(action.currentState.kind === 'discard' && {definitionXml: definition.value.xml}),
	});
	if (!kept.ok) {
		return kept;
	}

	const isPaused = endState === 'paused';
	const image = nvramImageOf(context);
	const inside = usesMemory ? {path: image, consequences: []} : nvramInside(context, snapshot, definition.value.xml);
	const nvram = image === undefined
		? revertNvram(context, snapshot, {keepName: action.currentState.kind === 'keep' ? action.currentState.name : undefined, now, definitionXml: definition.value.xml, resumes: usesMemory})
		: {...noNvramChange, consequences: inside.consequences};
	const parts = {disks, safetyName, definitionXml: definition.value.xml};
	const images = [...disks, ...(inside.path === undefined ? [] : [{target: 'nvram', path: inside.path}])];
	const back = usesMemory
		? memorySteps(context, snapshot, {...parts, disks: images, isPaused})
		: offlineSteps(context, snapshot, {...parts, disks: images});
	return succeed({
		steps: [
			...stopSteps(context, {phase: 'create', isGraceful: action.currentState.kind === 'keep'}),
			...nvram.create,
			...kept.value.steps,
			...nvram.switch,
			...back,
			...(usesMemory ? [] : [currentStep(context, snapshot)]),
			...(usesMemory || endState === 'shutoff' ? [] : bootSteps(context, {definitionXml: definition.value.xml, isPaused})),
			...(action.currentState.kind === 'keep' ? [] : removeSafetySteps(context, {...parts, isOff: endState === 'shutoff'})),
			...nvram.remove,
		],
		consequences: [
			...(action.currentState.kind === 'keep' ? [] : [lostContent(disks.map(({target}) => target))]),
			...describeLeftOut(context, new Set(disks.map(({target}) => target))),
			...describeEmptied(definition.value.emptied, false),
			...(action.currentState.kind === 'keep' ? kept.value.consequences : []),
			...nvram.consequences,
			...describeIdentity(context, snapshot, {resumes: usesMemory}),
		],
		heads: disks.map(({target, path}) => ({target, path})),
		...(action.currentState.kind === 'keep' && {kept: kept.value.files}),
		created: filesAt(nvram.created),
		removed: [],
		written: images.map(({path}) => path),
		endState,
	});
}
