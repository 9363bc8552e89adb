/**
From a request to a plan: reads everything that the planner may ask, and plans.
*/
import {randomUUID} from 'node:crypto';
import {planAction} from '../actions/plan-action.ts';
import {specOf, actionFor, readsOf} from '../actions/registry.ts';
import type {Given} from '../actions/spec.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import {runsToMeasure} from '../actions/drop/measured-runs.ts';
import {checkOthers} from './run/claim.ts';
import {checkNothingUnfinished} from './run/unfinished.ts';
import type {Clock, Host, StateStore} from './ports.ts';

export type Planning = {
	host: Host;
	store: Pick<StateStore, 'workPath' | 'readUnfinishedPlan' | 'readUnfinished' | 'readJournalTroubles' | 'isDomainLocked'>;
	clock: Clock;
	/** A name for the plan that no other plan has. */
	nextId: () => string;
};

type Asked = Given & {uuid: string};

/** A request as far as it was said: what is left open gets its defaults. `replaces`: the interrupted action that it does anew. Fails as `Owner.readInventory` and `planAction` do. */
export async function prepareAction({host, store, clock, nextId}: Planning, given: Asked, {replaces}: {replaces?: string} = {}): Promise<Result<Plan>> {
	const {uuid} = given;
	const others = await checkOthers({host, store}, {uuid, name: uuid});
	// Of one that is being worked on at this moment the lock tells.
	const free = !others.ok || await store.isDomainLocked(uuid) ? others : await checkNothingUnfinished(store, uuid, replaces);
	if (!free.ok) {
		return free;
	}

	const inventory = await host.readInventory(uuid, readsOf(given));
	if (!inventory.ok) {
		return inventory;
	}

	const folder = specOf(given).backupFolder?.(given as never);
	const backups = folder === undefined ? undefined : await host.readBackups(folder);
	if (backups?.ok === false) {
		return backups;
	}

	const {details} = inventory.value;
	const id = nextId();
	const now = clock.now();
	const action = actionFor(given, uuid, {details, nowMs: now.getTime()});
	const context = {id, now, workPath: store.workPath(id), generationId: randomUUID()};
	const runs = runsToMeasure(action, inventory.value, context);
	const dataSizes = runs.length === 0 ? undefined : await host.readDataSizes(runs, details.images);
	return planAction(action, {...inventory.value, dataSizes, ...(backups && {backups: backups.value})}, context);
}
