/**
From a wish to a plan: reads everything that the planner may ask, and plans.
*/
import type {Action, EndState, Fate} from '../model/action.ts';
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

/** The request that an action stands for. */
export function requestOf({domain, snapshot, fate, endState}: Action): RevertRequest {
	return {uuid: domain.uuid, snapshot, fate, endState};
}

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
