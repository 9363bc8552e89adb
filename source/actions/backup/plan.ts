/**
The planner for `backup`: disks as they are at one moment, whole or what changed since a checkpoint, into a folder of points in time. Each point has its manifest, which
is written last: what is interrupted before that is no backup, and is removed.
*/
import {posix} from 'node:path';
import type {BackupAction} from '../../model/plan/request.ts';
import {diskFileName, formatManifest, manifestName, type ManifestDraft} from '../../model/backup/manifest.ts';
import {headDisks} from '../../model/domain/domain.ts';
import type {BackupFolder, Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {stampOf} from '../../model/text/format.ts';
import {redactDefinition} from '../../model/plan/redact-secrets.ts';
import {refuseBusyDomain} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import type {RecordedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {fileCommands, imageCommands} from '../../planner/hypervisor/commands.ts';
import {planContext} from '../../planner/plan-context.ts';
import {assembleCheckpointPlan, isOff} from '../../planner/records/checkpoint-plan.ts';
import {reserving, step} from '../../planner/steps/step.ts';
import {bitmapMisfit, newCheckpoint, type NewCheckpointParts} from '../../planner/records/new-checkpoint.ts';
import {chooseBase, chooseTargets, type Base, type ChosenDisk} from './choose.ts';
import {extrasOf, type Extras} from './extras.ts';
import {refuseFolder} from './folder.ts';
import {backupOff} from './off.ts';
import {describeBackup} from './words.ts';

const whenStopped = 'Recover would remove what was copied; the guest is not touched.';

/** An empty image of the right size, under a name that nobody had. */
function makeTarget({target, path, virtualSizeBytes}: ChosenDisk): Step[] {
	return [
		step('create', {id: `reserve-${target}`, title: `Create an empty file for ${target}`, ...reserving(path), whenStopped}),
		step('create', {id: `create-${target}`, title: `Make it an image of ${target}'s size`, command: imageCommands.createEmpty(path, virtualSizeBytes), whenStopped}),
	];
}

/** Built on the file of the earlier point by its bare name, private to whom the folder belongs to, and proven to open. */
function finishTarget({target, path, backing}: ChosenDisk, folder: string): Step[] {
	return [
		...(backing === undefined
			? []
			: [step('create', {
				id: `rebase-${target}`,
				title: `Put ${posix.basename(path)} on ${backing}`,
				command: imageCommands.rebase(path, {name: backing, format: 'qcow2'}),
				whenStopped,
			})]),
		step('create', {id: `own-${target}`, title: `Give ${posix.basename(path)} to the owner of the folder`, command: fileCommands.ownLike(path, folder), measured: [path], whenStopped}),
		step('create', {id: `allow-${target}`, title: 'Let nobody else read it', command: fileCommands.allow(path, 0o600), whenStopped}),
		step('create', {id: `check-${target}`, title: `Check that ${posix.basename(path)} opens with all that it is built on`, command: imageCommands.infoWithChain(path, 'qcow2'), whenStopped}),
	];
}

function sealStep(context: PlanContext, folder: string, draft: ManifestDraft): Step {
	const manifestPath = posix.join(folder, manifestName(draft.point));
	const draftPath = posix.join(context.workPath, 'manifest.json');
	return step('switch', {
		id: 'seal',
		title: `Measure the files and write ${manifestName(draft.point)}`,
		command: {tool: 'seal', argv: ['vsnap-tui', '-c', context.host.uri, 'backup', 'seal', '--draft', draftPath, '--', manifestPath], files: [{path: draftPath, text: formatManifest(draft)}]},
		undo: [`${manifestPath}.partial`, manifestPath].map(path => ({...fileCommands.remove(path), onlyIf: {kind: 'file-exists', path}})),
		doneWhen: {kind: 'file-exists', path: manifestPath},
		whenStopped: 'Recover would remove the backup, or write its manifest; the guest is not touched.',
	});
}

type Parts = {action: BackupAction; now: Date; point: string; disks: ChosenDisk[]; base: Base | undefined; checkpoint: NewCheckpointParts | undefined; extras: Extras};

function draftOf({inventory: {details, definitionXml}}: PlanContext, {action, now, point, disks, base, checkpoint, extras}: Parts): ManifestDraft {
	const {uuid, name} = details.domain;
	const isBuilt = disks.some(({backing}) => backing !== undefined);
	return {
		format: 'vsnap-tui-backup',
		version: 1,
		point,
		createdAt: now.toISOString(),
		parent: isBuilt ? base!.point.point : null,
		since: isBuilt ? base!.checkpoint.name : null,
		checkpoint: checkpoint?.name ?? null,
		consistency: details.domain.liveDefinition === undefined && !details.domain.hasManagedSave ? 'off' : (action.isQuiesced ? 'frozen' : 'crash-consistent'),
		description: action.description ?? null,
		domain: {name, uuid, definition: redactDefinition(definitionXml)},
		disks: disks.map(({target, path, virtualSizeBytes, backing}) => ({
			disk: target, kind: backing === undefined ? 'full' : 'incremental', file: posix.basename(path), virtualSizeBytes, backing: backing ?? null,
		})),
		extras: extras.copied.map(({kind, from, to, owner}) => ({kind, file: posix.basename(to), path: from, owner})),
	};
}

/** Those of the disks that can have a bitmap. */
function recordedIn(context: PlanContext, checkpoint: string, disks: readonly ChosenDisk[]): RecordedDisk[] {
	const known = headDisks(context.inventory.details.domain);
	return disks.flatMap(({target, headPath}) => bitmapMisfit(context, known.find(disk => disk.target === target)!) === undefined ? [{target, path: headPath, bitmap: checkpoint}] : []);
}

/** The copying itself, by whoever can. Appends blockers. */
function copySteps(context: PlanContext, {action, now, disks, base, checkpoint}: Parts): Result<Step[]> {
	const copied = {
		disks: disks.map(({target, headPath, path, since, atMostBytes}) => ({target, headPath, path, since, atMostBytes})),
		since: base?.checkpoint.name,
		checkpoint,
		isQuiesced: action.isQuiesced,
		rateBytes: action.rateBytes,
		// To the millisecond, as short as QEMU wants its names.
		stamp: now.getTime().toString(36),
	};
	return isOff(context) ? backupOff(context, copied) : context.hypervisor.backup.running(context, copied);
}

/** Fails with `refused` and every reason at once, with `checkpoint-not-found`, or with `unreadable` where a document cannot be made. */
export function planBackup(action: BackupAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	// Nothing is planned before there is a folder: the command line wants one, and so does the page.
	const folder = inventory.backups!;
	const point = pointName(given.now, folder);
	const chosenBase = chooseBase(context, action, folder);
	if (!chosenBase.ok) {
		return chosenBase;
	}

	const {base, whyFull} = chosenBase.value;
	const {disks, notes} = chooseTargets(context, action, {base, folder, fileOf: disk => posix.join(folder.path, diskFileName(point, disk))});
	refuseBusyDomain(context, {staysOn: {disks: new Set(disks.map(({target}) => target))}, onlyReads: true});
	refuseFolder(context, folder, disks);
	if (!isOff(context)) {
		requireActiveDisks(context, 'Until then QEMU can back up none of them.');
	}

	const extras = extrasOf(context, {point, folder: folder.path});
	const recorded = action.checkpoint === undefined ? [] : recordedIn(context, action.checkpoint, disks);
	const checkpoint = recorded.length === 0 ? succeed(undefined) : newCheckpoint(context, {name: action.checkpoint!, description: action.description, recorded, now: given.now});
	if (!checkpoint.ok) {
		return checkpoint;
	}

	const parts: Parts = {action, now: given.now, point, disks, base, checkpoint: checkpoint.value, extras};
	const copies = copySteps(context, parts);
	if (!copies.ok || context.blockers.length > 0) {
		return copies.ok ? fail({kind: 'refused', blockers: context.blockers}) : copies;
	}

	const {checkpoints} = inventory.details;
	return assembleCheckpointPlan(context, {
		action,
		arguments: given,
		proof: {checkpoints: [...checkpoints.map(({name, parent}) => ({name, parent})), ...(checkpoint.value === undefined ? [] : [{name: checkpoint.value.name, parent: checkpoint.value.parent}])]},
	}, {
		steps: [
			...disks.flatMap(disk => makeTarget(disk)),
			...copies.value,
			...disks.flatMap(disk => finishTarget(disk, folder.path)),
			...extras.copied.flatMap(({steps}) => steps),
			step('create', {id: 'sync', title: 'Flush the files to disk', command: fileCommands.sync([...disks.map(({path}) => path), ...extras.copied.map(({to}) => to), folder.path]), whenStopped}),
			sealStep(context, folder.path, draftOf(context, parts)),
		],
		files: [
			...disks.map(({path, backing, atLeastBytes, atMostBytes}) => ({
				path, format: 'qcow2', ...(backing !== undefined && {backingPath: posix.join(folder.path, backing)}), bytes: {atLeast: atLeastBytes, atMost: atMostBytes},
			})),
			...extras.copied.map(({to, sizeBytes}) => ({path: to, bytes: {atLeast: 0, atMost: sizeBytes}})),
		],
		...(isOff(context) && {written: (checkpoint.value?.disks ?? []).map(({path}) => path)}),
		basis: disks.map(({headPath}) => headPath),
		consequences: describeBackup({point, action, disks, base, whyFull, notes, checkpoint: checkpoint.value?.name, others: checkpoints.map(({name}) => name), isOff: isOff(context), hasMemory: inventory.details.domain.hasManagedSave, extras}),
	});
}

/** The time, or with the first number that makes it free. */
function pointName(now: Date, {points, folder}: BackupFolder): string {
	const stamp = stampOf(now);
	const isTaken = (name: string) => points.some(({point}) => point === name) || [...folder.names].some(file => file.startsWith(`${name}.`));
	let name = stamp;
	for (let count = 2; isTaken(name); count++) {
		name = `${stamp}-${count}`;
	}

	return name;
}
