/**
Creating a snapshot of a domain that is off, for libvirt's domains and bare ones alike: qemu-img makes or tags the images, all or none, then the owner is told.
*/
import {posix} from 'node:path';
import type {Command, Probe, Step} from '../../model/plan/plan.ts';
import {succeed, together, type Result} from '../../model/result.ts';
import {
	closeBuildFolders, proveBuilt, refuseFolderRisks,
} from '../../planner/steps/build-folder.ts';
import {fileCommands, imageCommands} from '../../planner/hypervisor/commands.ts';
import type {PlanContext} from '../../planner/context.ts';
import {inMode, isMade, type NewOverlay} from '../../planner/disk-plan.ts';
import {checkpointRecords} from '../../planner/steps/checkpoints.ts';
import {defineStep, definitionOn} from '../../planner/steps/domain.ts';
import {tagNvram} from '../../planner/steps/nvram-inside.ts';
import {mergedBack} from '../../planner/steps/merge.ts';
import {requireSecrets} from '../../planner/checks/recorded-chains.ts';
import {checkSteps, overlaySteps, toOverlaid} from '../../planner/steps/overlay.ts';
import {step} from '../../planner/steps/step.ts';
import {continueCheckpoints} from './checkpoints.ts';
import {recordSteps, recordXml} from './record.ts';
import {leaveOut, requireInternal} from './disks.ts';
import type {CreateParts, CreateRequest} from './request.ts';

const whenStopped = 'Recover would undo it; the domain is as it was.';

/** Takes a state out of an image again: by qemu-img, or, where somebody has started the domain meanwhile, by whoever has the image open. */
function untagAgain(context: PlanContext, {target, path, tag, recordXml}: {target: string; path: string; tag: string; recordXml: string}): Command[] {
	const {uuid} = context;
	const isThere = {kind: 'image-has-tag', path, tag} as const;
	const isOn: Probe = {kind: 'all', of: [{kind: 'domain-active', uuid}, isThere]};
	const off: Command = {...imageCommands.untag(path, tag), onlyIf: {kind: 'all', of: [{kind: 'domain-off', uuid}, isThere]}};
	const online = context.hypervisor.blocks.untag({target, path, tag, recordXml, definitionXml: context.inventory.definitionXml});
	return [off, ...online.map(command => ({...command, onlyIf: isOn}))];
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function planOfflineInternal(context: PlanContext, request: CreateRequest): Result<CreateParts> {
	const {action} = request;
	const disks = inMode(request.disks, 'internal');
	requireInternal(context, request.disks, action.snapshot);
	const record = recordSteps(context, {...request, state: 'shutoff'});
	const recordText = recordXml(context, {...request, state: 'shutoff'});
	const aside = action.hasNoMetadata ? succeed({before: [], after: [], expected: {}}) : checkpointRecords(context, {stay: context.inventory.details.checkpoints});
	const made = together({record, recordText, aside});
	if (!made.ok) {
		return made;
	}

	const tags = disks.map(({target, headPath: path}): Step => step('create', {
		id: `tag-${target}`,
		title: `Freeze ${target} inside its image as "${action.snapshot}"`,
		command: imageCommands.tag(path, action.snapshot),
		changesInside: 'adds',
		undo: untagAgain(context, {target, path, tag: action.snapshot, recordXml: made.value.recordText}),
		doneWhen: {kind: 'image-has-tag', path, tag: action.snapshot},
		whenStopped,
	}));
	const checks = disks.map(({target, headPath, format}) => step('check', {
		id: `check-${target}`,
		title: `Check that the chain of ${target} is complete and not open for writing elsewhere`,
		command: imageCommands.infoWithChain(headPath, format),
	}));
	const variables = tagNvram(context, action.snapshot);
	return succeed({
		steps: [...checks, ...tags, ...variables.steps, ...made.value.aside.before, ...made.value.record, ...made.value.aside.after],
		consequences: variables.consequences,
		checkpoints: made.value.aside.expected,
	});
}

/** The steps that make the overlays which are not there yet, and prove all of them. */
function targetSteps(context: PlanContext, disks: NewOverlay[], {bitmaps, preparedBitmaps}: {bitmaps: Step[]; preparedBitmaps: Step[]}): Step[] {
	const prepared = disks.filter(disk => !isMade(disk));
	return [
		...overlaySteps(disks.filter(disk => isMade(disk)).map(disk => toOverlaid(context, disk)), bitmaps),
		...preparedBitmaps,
		...prepared.map((disk): Step => step('create', {
			id: `open-${disk.target}`,
			title: `Check that the prepared overlay of ${disk.target} opens with its chain`,
			command: imageCommands.infoWithChain(disk.overlayPath, 'qcow2'),
			whenStopped,
		})),
		...(prepared.length === 0
			? []
			: [step('create', {
				id: 'sync-prepared',
				title: 'Flush the prepared overlays to disk',
				command: fileCommands.sync([...new Set(prepared.flatMap(({overlayPath: path}) => [path, posix.dirname(path)]))]),
				whenStopped,
			})]),
	];
}

/**
The switch, which somebody may follow by starting the domain: what its guest writes is merged back, by whoever runs it or, once it is off, by qemu-img. A bare QEMU
has to stay on the images that it was started on, so there it is waited for. What a person prepared may hold data of its own, which is never merged.
*/
function defineMerged(context: PlanContext, xml: string, disks: readonly NewOverlay[]): Step {
	const step = defineStep(context, xml);
	if (disks.some(({reuse}) => reuse !== 'absolute-paths')) {
		return step;
	}

	return {...step, undo: [...mergedBack(context, disks), ...step.undo ?? []], ...(context.hypervisor.blocks.mergeBack === undefined && {undoWhileOff: true})};
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function planOfflineExternal(context: PlanContext, request: CreateRequest): Result<CreateParts> {
	const {action} = request;
	const disks = inMode(request.disks, 'external');
	for (const {target, headPath} of disks) {
		requireSecrets(context, target, headPath, () => leaveOut(target));
	}

	const made = disks.filter(disk => isMade(disk));
	refuseFolderRisks(context, made.map(({overlayPath}) => overlayPath));
	const built = made.map(disk => toOverlaid(context, disk));
	const definition = definitionOn(context, disks);
	if (!definition.ok) {
		return definition;
	}

	const record = recordSteps(context, {...request, state: 'shutoff'});
	if (!record.ok) {
		return record;
	}

	const checkpoints = continueCheckpoints(context, request.disks, !action.hasNoMetadata);
	if (!checkpoints.ok) {
		return checkpoints;
	}

	return succeed({
		steps: [
			...checkSteps(disks.map(disk => toOverlaid(context, disk))),
			...targetSteps(context, disks, checkpoints.value),
			...proveBuilt(built),
			...checkpoints.value.before,
			defineMerged(context, definition.value, disks),
			...record.value,
			...checkpoints.value.after,
			...closeBuildFolders(built),
		],
		consequences: checkpoints.value.consequences,
		checkpoints: checkpoints.value.expected,
	});
}
