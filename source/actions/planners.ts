/**
The planner of each action. It stands apart from the specs: what a screen shows first needs no planner, which is as much code again.
*/
import type {Action} from '../model/plan/request.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import type {Snapshot} from '../model/domain/snapshot.ts';
import type {PlanArguments, PlanContext} from '../planner/context.ts';
import {foldedImages} from '../planner/records/unrecorded.ts';
import {planBackup} from './backup/plan.ts';
import {planBranch} from './branch/plan.ts';
import {planCreateCheckpoint} from './create-checkpoint/plan.ts';
import {planCreate} from './create/plan.ts';
import {planDeleteCheckpoint} from './delete-checkpoint/plan.ts';
import {planDelete, snapshotsDeleted} from './delete/plan.ts';
import {planFold} from './fold/plan.ts';
import {planMerge} from './merge/plan.ts';
import {planRebase} from './rebase/plan.ts';
import {planRedefineCheckpoint} from './redefine-checkpoint/plan.ts';
import {planRemoveOrphans} from './remove-orphans/plan.ts';
import {planRename} from './rename/plan.ts';
import {planRecordSecrets} from './repair-records/secrets.ts';
import {planAdopt} from './repair-records/adopt.ts';
import {planRepairRecords} from './repair-records/plan.ts';
import {planRestore} from './restore/plan.ts';
import {planRevert} from './revert/plan.ts';
import type {ActionKind} from './spec.ts';

type ActionOf<K extends ActionKind> = Extract<Action, {kind: K}>;

type Planner<K extends ActionKind> = {
	/** Pure. Fails with `refused` and every reason at once, with `snapshot-not-found`, or with `unreadable` where a document cannot be changed. */
	plan(action: ActionOf<K>, inventory: Inventory, given: PlanArguments): Result<Plan>;
	/** What goes, with what only that needs: snapshots, and images that no record froze. Their overlays are measured beforehand, for the merges. */
	collects?(action: ActionOf<K>, context: PlanContext): {deleted: Snapshot[]; folded?: string[]};
};

const planners: {[K in ActionKind]: Planner<K>} = {
	create: {plan: planCreate},
	revert: {plan: planRevert},
	branch: {plan: planBranch},
	merge: {plan: planMerge, collects: ({snapshot}, {inventory: {details}}) => ({deleted: details.snapshots.filter(({name}) => name === snapshot)})},
	delete: {plan: planDelete, collects: (action, {inventory: {details}}) => ({deleted: action.isMetadataOnly ? [] : snapshotsDeleted(details.snapshots, action)})},
	rename: {plan: planRename},
	rebase: {plan: planRebase},
	'remove-orphans': {plan: planRemoveOrphans},
	'repair-records': {plan: (action, inventory, given) => (action.adopts === undefined ? planRepairRecords : (action.adopts === 'secrets' ? planRecordSecrets : planAdopt))(action, inventory, given)},
	fold: {plan: planFold, collects: (_action, context) => ({deleted: [], folded: foldedImages(context)})},
	backup: {plan: planBackup},
	restore: {plan: planRestore},
	'create-checkpoint': {plan: planCreateCheckpoint},
	'delete-checkpoint': {plan: planDeleteCheckpoint},
	'redefine-checkpoint': {plan: planRedefineCheckpoint},
};

export function plannerOf<K extends ActionKind>({kind}: {kind: K}): Planner<K> {
	return planners[kind];
}
