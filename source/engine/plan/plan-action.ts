/**
The planner of each action. All of them are pure: the world, the time and the id come in.
*/
import type {Action} from '../../model/action.ts';
import type {Inventory} from '../../model/inventory.ts';
import type {Plan} from '../../model/plan.ts';
import {fail, type Result} from '../../model/result.ts';
import {planAdopt} from './adopt.ts';
import {withRecords} from './bare-records.ts';
import {planBranch} from './branch.ts';
import type {PlanArguments} from './context.ts';
import {planCreate} from './create.ts';
import {planDelete} from './delete.ts';
import {planMendRecords} from './mend-records.ts';
import {planMerge} from './merge.ts';
import {joinPermissions} from './permissions.ts';
import {planRelink} from './relink.ts';
import {planRevert} from './revert.ts';
import {planTidy} from './tidy.ts';

function planOwn(action: Action, inventory: Inventory, given: PlanArguments): Result<Plan> {
	switch (action.kind) {
		case 'revert': {
			return planRevert(action, inventory, given);
		}

		case 'create': {
			return planCreate(action, inventory, given);
		}

		case 'branch': {
			return planBranch(action, inventory, given);
		}

		case 'merge': {
			return planMerge(action, inventory, given);
		}

		case 'delete': {
			return planDelete(action, inventory, given);
		}

		case 'relink': {
			return planRelink(action, inventory, given);
		}

		case 'tidy': {
			return planTidy(action, inventory, given);
		}

		case 'mend-records': {
			return action.adopts === undefined ? planMendRecords(action, inventory, given) : planAdopt(action, inventory, given);
		}
	}
}

/** Fails with `refused` and every reason at once, with `snapshot-not-found`, or with `unreadable` where a document cannot be changed. */
export function planAction(action: Action, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const plan = planOwn(action, inventory, given);
	if (!plan.ok) {
		return plan.failure.kind === 'refused' ? fail({...plan.failure, blockers: joinPermissions(plan.failure.blockers)}) : plan;
	}

	return withRecords(plan.value, inventory, given.workPath);
}
