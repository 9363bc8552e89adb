/**
Which images have to be measured before an action is planned: those that it may merge, in each way that is open to them.
*/
import type {Action} from '../../model/plan/request.ts';
import {runKey, runsOf, type ImageRun} from '../../model/images/copy-cost.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {PlanArguments} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {plannerOf} from '../planners.ts';
import {collectAfter} from './plan.ts';

/** Empty where nothing is merged. */
export function runsToMeasure(action: Action, inventory: Inventory, given: PlanArguments): ImageRun[] {
	const {collects} = plannerOf(action);
	if (collects === undefined) {
		return [];
	}

	const context = planContext(inventory, given);
	const {deleted, folded = []} = collects(action, context);
	if (deleted.length + folded.length === 0) {
		return [];
	}

	const runs = new Map<string, ImageRun>();
	collectAfter(context, deleted, {
		folded,
		onConsider(merge) {
			for (const run of runsOf(context.graph, merge)) {
				runs.set(runKey(run), run);
			}
		},
	});
	return [...runs.values()];
}
