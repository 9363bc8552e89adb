/** In the making. */
import type {MergeAction} from '../../model/action.ts';
import type {Inventory} from '../../model/inventory.ts';
import type {Plan} from '../../model/plan.ts';
import {fail, type Result} from '../../model/result.ts';
import type {PlanArguments} from './context.ts';

export function planMerge(action: MergeAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	void inventory;
	void given;
	return fail({kind: 'refused', blockers: [{kind: 'not-supported', text: `${action.kind} is being built.`}]});
}
