/**
A restore that leaves the domain as it is: the images of a point go into new files, and a new domain may be defined on them. What is done is planned as for the command
line, here with a journal.
*/
import type {Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder, NewIdentity, RestoreTarget} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import type {RestoreAction} from '../../model/plan/request.ts';
import {allOf, fail, mapResult, type Result} from '../../model/result.ts';
import {refuseReadOnly} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import type {FolderStep} from '../../planner/folder/folder-plan.ts';
import {newDomain, nothingToDefine} from '../../planner/folder/new-domain.ts';
import {planRestoreToFolder, restoredFiles, wholeBytes} from '../../planner/folder/restore.ts';
import {assembleRepair, emptyRepair} from '../../planner/records/repair-plan.ts';
import {step} from '../../planner/steps/step.ts';
import {describeElsewhere} from './words.ts';

const whenStopped = 'Recover would remove what was restored; the domain is not touched.';

function toStep({title, command, undo, more}: FolderStep, index: number): Step {
	// Only a new definition cannot be taken back: it is the last of all.
	const phase = more?.phase ?? (undo === null ? 'switch' : 'create');
	return step(phase, {id: `restore-${index + 1}`, title, command, undo, whenStopped, ...(undo === null && {failureChangesNothing: true}), ...more});
}

type Elsewhere = {action: RestoreAction; backups: BackupFolder; point: Manifest; target: RestoreTarget; identity: NewIdentity | undefined};

/** Fails with `refused` and every reason at once, or with `unreadable` where a chain is not whole. */
export function planElsewhere(context: PlanContext, {action, backups, point, target, identity}: Elsewhere, given: PlanArguments): Result<Plan> {
	refuseReadOnly(context);
	if (identity !== undefined && !context.can.isKnownToVirsh) {
		context.blockers.push(nothingToDefine);
	}

	const request = {
		backups, point, target, format: 'qcow2', isVerified: action.isVerified, uri: context.host.uri, id: given.id, workPath: given.workPath, ...(identity && {as: newDomain(point, identity)}),
	} as const;
	const made = planRestoreToFolder(request);
	if (!made.ok) {
		return made.failure.kind === 'refused' ? fail({...made.failure, blockers: [...context.blockers, ...made.failure.blockers]}) : made;
	}

	const files = restoredFiles(request);
	const bytes = allOf(point.disks.map(disk => wholeBytes(backups.points, [disk])));
	if (!bytes.ok) {
		return bytes;
	}

	const atMost = (most: number) => ({bytes: {atLeast: 0, atMost: most}});
	const variables = files.variables === undefined ? [] : [{path: files.variables, ...atMost(point.extras.find(({kind}) => kind !== 'tpm')!.sizeBytes)}];
	return mapResult(assembleRepair(context, action, given, {
		...emptyRepair(context), steps: made.value.steps.map((one, index) => toStep(one, index)), consequences: describeElsewhere(point, {domain: action.domain, notes: made.value.notes}),
	}), plan => ({...plan, images: {...plan.images, created: [...[...files.disks.values()].map(({path, format}, index) => ({path, format, ...atMost(bytes.value[index]!)})), ...variables]}}));
}
