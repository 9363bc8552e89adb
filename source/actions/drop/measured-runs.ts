/**
Which images have to be measured before an action is planned: those that it may merge, in each way that is open to them.
*/
import {runKey, runsOf, type ImageRun} from '../../model/images/copy-cost.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {planContext, type PlanArguments} from '../../planner/context.ts';
import {collectAfter} from './plan.ts';

/** `dropped`: the snapshots that an action drops together with what only they need. Empty where nothing is merged. */
export function runsToMeasure(dropped: readonly Snapshot[], inventory: Inventory, given: PlanArguments): ImageRun[] {
	if (dropped.length === 0) {
		return [];
	}

	const context = planContext(inventory, given);
	const runs = new Map<string, ImageRun>();
	collectAfter(context, dropped, merge => {
		for (const run of runsOf(context.graph, merge)) {
			runs.set(runKey(run), run);
		}
	});
	return [...runs.values()];
}
