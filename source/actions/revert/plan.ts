/**
The planner for `revert`: checks everything, chooses the way, and puts the plan together. Pure: the world, the time and the id come in.
*/
import type {RevertAction} from '../../model/plan/request.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {fail, type Result} from '../../model/result.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {refuseBusyDomain, requireFreeName} from '../../planner/checks/blockers.ts';
import type {PlanArguments} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {findSnapshot, lackOfDomain} from '../../planner/checks/asked-snapshot.ts';
import {planWayBack} from '../go-back/plan.ts';
import {planExternalRevert} from './external.ts';
import {planInternalRevert} from './internal.ts';
import {describeBegin, describeEnd} from './words.ts';

/**
Plans a revert. Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where an XML document cannot be changed.
*/
export function planRevert(action: RevertAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const found = findSnapshot(inventory, action.snapshot);
	if (!found.ok) {
		return found;
	}

	const snapshot = found.value;
	const context = planContext(inventory, given);
	refuseBusyDomain(context);
	if (action.currentState.kind === 'keep') {
		requireFreeName(context, action.currentState.name);
	}

	const lack = lackOfDomain(snapshot);
	if (lack !== undefined) {
		return fail({kind: 'refused', blockers: [...context.blockers, lack]});
	}

	const parts = (isExternal(snapshot) ? planExternalRevert : planInternalRevert)(context, action, {snapshot, now: given.now});
	if (!parts.ok) {
		return parts;
	}

	return planWayBack(context, action, {
		...given,
		snapshot,
		parts: parts.value,
		course: {
			begins: describeBegin(snapshot),
			ends: describeEnd(snapshot, parts.value),
			currentSnapshot: snapshot.name,
			newSnapshots: [],
			layers: [],
		},
	});
}
