/**
The planner for `fold`: overlays that no record names are merged with what they are backed by, as if a snapshot between the two were merged. Pure: the world,
the time and the id come in.
*/
import {posix} from 'node:path';
import type {FoldAction} from '../../model/plan/request.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {checkAgainRemedy, refuseBusyDomain} from '../../planner/checks/blockers.ts';
import type {PlanArguments} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {foldedImages} from '../../planner/records/unrecorded.ts';
import {reasonToStay} from '../drop/words.ts';
import {collectAfter, planDrop} from '../drop/plan.ts';
import {whatIsLost} from './words.ts';

/** Fails with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planFold(action: FoldAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	refuseBusyDomain(context);
	const folded = foldedImages(context);
	if (folded.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'Every overlay of this domain has its record.', remedy: checkAgainRemedy});
	}

	const keys = new Set(folded.map(path => context.graph.keyOf(path)));
	for (const stay of collectAfter(context, [], {folded}).staying.filter(({path}) => keys.has(context.graph.keyOf(path)))) {
		context.blockers.push({
			kind: 'image-needed',
			text: `${posix.basename(stay.path)} cannot be merged with its overlay: ${reasonToStay(context, stay)}.`,
			remedy: 'Record the overlays as snapshots instead: vsnap-tui doctor --repair unrecorded-layer.',
		});
	}

	return planDrop(context, {action, deleted: [], meaning: [whatIsLost], folded, isMetadataOnly: false}, {inventory, given});
}
