/**
From a wish to a plan: reads everything that the planner may ask, and plans.
*/
import type {EndState, Fate} from '../model/action.ts';
import type {Plan} from '../model/plan.ts';
import type {Result} from '../model/result.ts';
import {planRevert} from './plan/revert.ts';
import type {Clock, Owner, StateStore} from './ports.ts';

export type RevertRequest = {uuid: string; snapshot: string; fate: Fate; endState: EndState | undefined};

export type Planning = {
	owner: Owner;
	store: Pick<StateStore, 'workPath'>;
	clock: Clock;
	/** A name for the plan that no other plan has. */
	nextId: () => string;
};

/** Fails as `Owner.readInventory` and `planRevert` do. */
export async function prepareRevert({owner, store, clock, nextId}: Planning, request: RevertRequest): Promise<Result<Plan>> {
	const inventory = await owner.readInventory(request.uuid);
	if (!inventory.ok) {
		return inventory;
	}

	const id = nextId();
	const {name} = inventory.value.picture.domain;
	return planRevert({kind: 'revert', domain: {uuid: request.uuid, name}, snapshot: request.snapshot, fate: request.fate, endState: request.endState}, inventory.value, {
		id,
		now: clock.now(),
		workPath: store.workPath(id),
	});
}
