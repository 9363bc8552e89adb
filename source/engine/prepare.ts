/**
From a wish to a plan: reads everything that the planner may ask, and plans.
*/
import {randomUUID} from 'node:crypto';
import {pathsNamedBy, type Action, type Wish} from '../model/action.ts';
import type {Plan} from '../model/plan.ts';
import type {Result} from '../model/result.ts';
import {checkOthers} from './claim.ts';
import {runsToMeasure} from './plan/measured-runs.ts';
import {planAction} from './plan/plan-action.ts';
import type {Clock, Owner, StateStore} from './ports.ts';

export type Planning = {
	owner: Owner;
	store: Pick<StateStore, 'workPath' | 'readUnfinishedPlan'>;
	clock: Clock;
	/** A name for the plan that no other plan has. */
	nextId: () => string;
};

/** Fails as `Owner.readInventory` and `planAction` do. */
export async function prepareAction({owner, store, clock, nextId}: Planning, wish: Wish): Promise<Result<Plan>> {
	const {uuid, ...rest} = wish;
	const free = await checkOthers({owner, store}, {uuid, name: uuid});
	if (!free.ok) {
		return free;
	}

	const inventory = await owner.readInventory(uuid, pathsNamedBy(wish));
	if (!inventory.ok) {
		return inventory;
	}

	const id = nextId();
	const {name} = inventory.value.picture.domain;
	const action: Action = {...rest, domain: {uuid, name}};
	const given = {id, now: clock.now(), workPath: store.workPath(id), generationId: randomUUID()};
	const runs = runsToMeasure(action, inventory.value, given);
	const dataSizes = runs.length === 0 ? undefined : await owner.readDataSizes(runs, inventory.value.picture.images);
	return planAction(action, {...inventory.value, dataSizes}, given);
}
