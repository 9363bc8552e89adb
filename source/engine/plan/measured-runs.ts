/**
Which images have to be measured before an action is planned: those that it may merge, in each way that is open to them.
*/
import type {Action} from '../../model/action.ts';
import {runKey, runsOf, type ImageRun} from '../../model/copy-cost.ts';
import type {Inventory} from '../../model/inventory.ts';
import {planContext, type PlanArguments} from './context.ts';
import {snapshotsDropped} from './delete.ts';
import {collectAfter} from './drop-snapshots.ts';

/** Empty for actions that merge nothing. */
export function runsToMeasure(action: Action, inventory: Inventory, given: PlanArguments): ImageRun[] {
	const context = planContext(inventory, given);
	const runs = new Map<string, ImageRun>();
	collectAfter(context, snapshotsDropped(action, inventory.picture.snapshots), merge => {
		for (const run of runsOf(context.graph, merge)) {
			runs.set(runKey(run), run);
		}
	});
	return [...runs.values()];
}
