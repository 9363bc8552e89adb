/**
The planner for `restore` onto a domain: each disk of the point is copied into a new image while the guest still runs; then the current state is left as a revert leaves it,
and the definition is switched to the new images.
*/
import {posix} from 'node:path';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder, Inventory} from '../../model/domain/inventory.ts';
import type {Consequence, Plan, Step} from '../../model/plan/plan.ts';
import type {RestoreAction} from '../../model/plan/request.ts';
import {
	allOf, fail, mapResult, succeed, together, type Result,
} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {refuseBusyDomain, refuseHeldHead, refuseUnreadable, requireFreeName} from '../../planner/checks/blockers.ts';
import {leftImagesOf, type PlanArguments, type PlanContext} from '../../planner/context.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {specOfDisk} from '../../planner/folder/restore.ts';
import {verifyStep} from '../../planner/folder/folder-plan.ts';
import {planFrame} from '../../planner/frame.ts';
import {planContext} from '../../planner/plan-context.ts';
import {buildPath, closeBuildFolders, proveBuilt} from '../../planner/steps/build-folder.ts';
import {notesOf} from '../../planner/records/noted-checkpoints.ts';
import {checkpointRecords} from '../../planner/steps/checkpoints.ts';
import {bootSteps, defineStep} from '../../planner/steps/domain.ts';
import {keepPresentState} from '../../planner/steps/keep.ts';
import {revertFirmware} from '../../planner/steps/guest-identity.ts';
import {filesAt, laterOwnerSteps, overlaySteps} from '../../planner/steps/overlay.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {step} from '../../planner/steps/step.ts';
import {keptDescription} from '../current-state.ts';
import {abandonHeads} from '../go-back/abandoned.ts';
import {sourcesOf} from '../go-back/definition.ts';
import {endDomain, keepMemory} from '../go-back/keep-memory.ts';
import {describeDiscarded, describeLeaving} from '../go-back/words.ts';
import {describePower} from '../words.ts';
import {choosePoint} from './choose-point.ts';
import {chooseDisks, refuseFolders, type RestoredDisk, type RestoreDisks} from './disks.ts';
import {planElsewhere} from './elsewhere.ts';
import {describeRestore} from './words.ts';

const whenStopped = 'Recover would remove the new images; the domain is as it was.';

/** All that the point holds of the disk, into the empty image that was made for it. */
function copySteps(backups: BackupFolder, disks: readonly RestoredDisk[]): Result<Step[]> {
	return allOf(disks.map(({overlaid, disk, bytes}): Result<Step> => {
		const spec = specOfDisk(backups, disk.file);
		const path = buildPath(overlaid);
		return spec.ok
			? succeed(step('create', {
				id: `copy-${disk.disk}`,
				title: `Copy ${disk.disk} as it was`,
				command: {tool: 'qemu-img', argv: ['qemu-img', 'convert', '-n', '--target-is-zero', '-O', 'qcow2', spec.value, path], files: []},
				progress: {kind: 'file-size', path, totalBytes: bytes},
				copyBytes: bytes,
				whenStopped,
			}))
			: spec;
	}));
}

/** The files are what they were: else nothing is done. */
function checkBackup({host}: PlanContext, {path}: BackupFolder, {point}: Manifest, isVerified: boolean): Step {
	const {title, command} = verifyStep(host.uri, {folder: path, point, isQuick: !isVerified});
	return step('check', {id: 'verify', title, command});
}

type Parts = {action: RestoreAction; backups: BackupFolder; point: Manifest; chosen: RestoreDisks; now: Date};

function leave(context: PlanContext, {action: {currentState}, point, chosen, now}: Parts) {
	const untouched = new Set(chosen.revert.untouched.map(({target}) => target));
	const keepName = currentState.kind === 'keep' ? currentState.name : undefined;
	const memory = keepMemory(context, currentState, {now, untouched, kind: 'external'});
	const kept = keepName === undefined
		? succeed(undefined)
		: keepPresentState(context, {name: keepName, description: keptDescription(currentState) ?? `The state that was left for the backup ${point.point}`, now, untouched, kind: 'external', memoryPath: memory?.path, checkpoints: notesOf(context)});
	const stop = endDomain(context, {phase: 'switch', isGraceful: keepName !== undefined, memory});
	return {keepName, memory, kept, stop};
}

/** Where each disk is afterwards, and the documents and steps for that. Fails with `unreadable` where one cannot be made. */
function makeParts(context: PlanContext, parts: Parts) {
	const {action, backups, point, chosen, now} = parts;
	const layers = chosen.disks.map(({overlaid}) => overlaid);
	const sources = sourcesOf(chosen.revert, layers);
	const {keepName, memory, kept, stop} = leave(context, parts);
	const made = together({
		definitionXml: changeDomainXml(context.inventory.definitionXml, {
			rootName: 'domain', sources, leftImages: leftImagesOf(context), generationId: context.generationId, restored: {at: Math.floor(now.getTime() / 1000), uuid: action.domain.uuid},
		}),
		kept,
		copies: copySteps(backups, chosen.disks),
		// They belong to the disks that are left.
		checkpoints: checkpointRecords(context, {stay: []}),
	});
	return mapResult(made, documents => {
		const {definitionXml} = documents;
		const {definition} = context.inventory.details.domain;
		const copyOf = (kinds: readonly string[]) => point.extras.filter(({kind}) => kinds.includes(kind)).map(({file}) => posix.join(backups.path, file))[0];
		const nvram = revertFirmware(context, {variables: {copy: copyOf([definition.hasVarstore ? 'varstore' : 'nvram'])}, tpm: {copy: copyOf(['tpm'])}}, {keepName, now, definitionXml, resumes: false});
		const end = action.endState === 'shutoff' ? [] : bootSteps(context, {definitionXml, isPaused: action.endState === 'paused'});
		return {...documents, layers, sources, keepName, memory, stop, nvram, end, ...abandonHeads(context, chosen.revert, documents.kept)};
	});
}

type Made = Extract<ReturnType<typeof makeParts>, {ok: true}>['value'];

function stepsOf(context: PlanContext, {backups, point, action}: Parts, made: Made): Step[] {
	const {layers, copies, memory, nvram, stop, checkpoints, kept, definitionXml, end, removed} = made;
	return [
		checkBackup(context, backups, point, action.isVerified),
		...memory?.reserve ?? [],
		...overlaySteps(layers, copies),
		...nvram.create,
		...proveBuilt(layers),
		...stop,
		...laterOwnerSteps(layers),
		...checkpoints.before,
		...kept?.steps ?? [],
		...nvram.switch,
		defineStep(context, definitionXml),
		...checkpoints.after,
		...end,
		...removeSteps(context, removed),
		...closeBuildFolders(layers),
		...nvram.remove,
	];
}

function consequencesOf(context: PlanContext, {action, point, chosen}: Parts, {layers, removed, consequences, kept, memory, nvram}: Made): Consequence[] {
	return [
		...describeRestore(point, {
			domain: action.domain,
			paths: layers.map(({overlayPath}) => overlayPath),
			untouched: chosen.revert.untouched.map(({target}) => target),
			checkpoints: context.inventory.details.checkpoints.map(({name}) => name),
			isVerified: action.isVerified,
			tpmCopy: point.extras.find(({kind}) => kind === 'tpm')?.file,
			hasTpm: context.inventory.details.domain.definition.tpm !== undefined && !nvram.isTpmBack,
		}),
		...describeLeaving(context, action.currentState),
		...describeDiscarded(context, removed),
		...consequences,
		...kept?.consequences ?? [],
		...memory?.consequences ?? [],
		...nvram.consequences,
		describePower(action.endState),
	];
}

function planParts(context: PlanContext, parts: Parts, given: PlanArguments): Result<Plan> {
	const {action, chosen} = parts;
	const {inventory, inventory: {details}} = context;
	const made = makeParts(context, parts);
	if (!made.ok) {
		return made;
	}

	const {sources, kept, keepName, removed, nvram, memory, checkpoints} = made.value;
	if (removed.length > 0) {
		refuseUnreadable(context, {canKeep: true});
	}

	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const heads = [...sources].map(([target, {path}]) => ({target, path}));
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {
				heads,
				chains: [...sources.values()],
				...(kept && {kept: kept.files}),
				currentSnapshot: details.currentSnapshot,
				snapshots: [...details.snapshots.map(({name, parent}) => ({name, parent})), ...(keepName === undefined ? [] : [{name: keepName, parent: details.currentSnapshot}])],
				endState: action.endState,
				...checkpoints.expected,
			},
			fingerprint: fingerprintOf(inventory, new Set(removed)),
		}),
		consequences: consequencesOf(context, parts, made.value),
		images: {
			created: [
				...chosen.disks.map(({overlaid: {overlayPath}, bytes}) => ({path: overlayPath, format: 'qcow2', bytes: {atLeast: 0, atMost: bytes}})),
				...filesAt([...nvram.created, ...memory === undefined ? [] : [memory.path]]),
			],
			removed,
			kept: details.images.map(({path}) => path).filter(path => !removed.includes(path)),
		},
		steps: stepsOf(context, parts, made.value),
	});
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a document cannot be changed. */
export function planRestore(action: RestoreAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const backups = inventory.backups!;
	const point = choosePoint(backups, action.at);
	if (!point.ok) {
		return point;
	}

	if (inventory.restorePlace !== undefined) {
		return planElsewhere(context, {action, backups, point: point.value, ...inventory.restorePlace}, given);
	}

	refuseBusyDomain(context);
	if (action.currentState.kind === 'keep') {
		requireFreeName(context, action.currentState.name);
	}

	const chosen = chooseDisks(context, {backups, point: point.value, now: given.now});
	if (!chosen.ok) {
		return chosen;
	}

	for (const {overlaid} of chosen.value.disks) {
		refuseHeldHead(context, overlaid.headPath!);
	}

	refuseFolders(context, {backups, point: point.value}, chosen.value.disks);
	return chosen.value.disks.length === 0
		? fail({kind: 'refused', blockers: context.blockers})
		: planParts(context, {action, backups, point: point.value, chosen: chosen.value, now: given.now}, given);
}
