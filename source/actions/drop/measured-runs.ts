/**
Which images have to be measured before an action is planned: those that it may merge, in each way that is open to them.
*/
import type {Action} from '../../model/plan/request.ts';
import {runKey, runsOf, type ImageRun} from '../../model/images/copy-cost.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {PlanArguments} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {foldedImages} from '../../planner/records/unrecorded.ts';
import {collectAfter} from './plan.ts';

/** Empty where nothing is merged. `dropped`: the snapshots that the action drops together with what only they need. */
export function runsToMeasure({action, dropped}: {action: Action; dropped: readonly Snapshot[]}, inventory: Inventory, given: PlanArguments): ImageRun[] {
	if (dropped.length === 0 && action.kind !== 'fold') {
		return [];
	}

	const context = planContext(inventory, given);
	const runs = new Map<string, ImageRun>();
	collectAfter(context, dropped, {
		folded: action.kind === 'fold' ? foldedImages(context) : [],
		onConsider(merge) {
			for (const run of runsOf(context.graph, merge)) {
				runs.set(runKey(run), run);
			}
		},
	});
	return [...runs.values()];
}
