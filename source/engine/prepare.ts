/**
From a request to a plan: reads everything that the planner may ask, and plans.
*/
import {randomUUID} from 'node:crypto';
import {setImmediate} from 'node:timers/promises';
import {planAction} from '../actions/plan-action.ts';
import {specOf, actionFor, readsOf} from '../actions/registry.ts';
import type {Given} from '../actions/spec.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import {succeed, type Result} from '../model/result.ts';
import type {Measured} from '../model/duration/measured.ts';
import {timeOf} from '../model/duration/plan-time.ts';
import {runsToMeasure} from '../actions/drop/measured-runs.ts';
import {readMeasured} from './measured.ts';
import {readRestorePlace} from './folder/restore-place.ts';
import {checkOthers} from './run/claim.ts';
import {checkNothingUnfinished} from './run/unfinished.ts';
import type {Clock, Host, StateStore} from './ports.ts';

export type Planning = {
	host: Host;
	store: Pick<StateStore, 'workPath' | 'readAudit' | 'readCommands' | 'readUnfinishedPlan' | 'readUnfinished' | 'readJournalTroubles' | 'isDomainLocked'>;
	clock: Clock;
	/** A name for the plan that no other plan has. */
	nextId: () => string;
	/** Where the settings say that new overlays go of disks that have no folder. */
	overlayFolder?: string | undefined;
};

type Asked = Given & {uuid: string};

/** As the settings complete it, where it leaves that open. */
function placed(given: Asked, overlayFolder: string | undefined): Asked {
	if (!specOf(given).laysOverlays || overlayFolder === undefined || 'overlayFolder' in given) {
		return given;
	}

	const asked: Asked & {overlayFolder?: string} = {...given, overlayFolder};
	return asked;
}

async function readFor({host, store}: Planning, givens: readonly Asked[], replaces?: string): Promise<Result<Inventory>> {
	const {uuid} = givens[0]!;
	// Read meanwhile. Where it turns out that nothing may be begun, nobody waits for it.
	const inventory = host.readInventory(uuid, [...new Set(givens.flatMap(given => readsOf(given)))]);
	const others = await checkOthers({host, store}, {uuid, name: uuid});
	// Of one that is being worked on at this moment the lock tells.
	const free = !others.ok || await store.isDomainLocked(uuid) ? others : await checkNothingUnfinished(store, uuid, replaces);
	return free.ok ? inventory : free;
}

async function planFrom({host, store, clock, nextId}: Planning, given: Asked, inventory: Inventory): Promise<Result<Plan>> {
	const folder = specOf(given).backupFolder?.(given);
	const backups = folder === undefined ? undefined : await host.readBackups(folder, inventory.qemuUser);
	if (backups?.ok === false) {
		return backups;
	}

	const elsewhere = backups && specOf(given).restores?.(given, backups.value);
	const place = elsewhere && await readRestorePlace(host, elsewhere);
	if (place?.ok === false) {
		return place;
	}

	const {details} = inventory;
	const id = nextId();
	const now = clock.now();
	const action = actionFor(given, given.uuid, {details, nowMs: now.getTime()});
	const context = {id, now, workPath: store.workPath(id), generationId: randomUUID()};
	const runs = runsToMeasure(action, inventory, context);
	const dataSizes = runs.length === 0 ? undefined : await host.readDataSizes(runs, details.images);
	return planAction(action, {...inventory, dataSizes, ...(backups && {backups: backups.value}), ...(place && {restorePlace: place.value})}, context);
}

/** With the time that it is expected to take, where that was measured. */
function withTime(plan: Result<Plan>, measured: Measured): Result<Plan> {
	const time = plan.ok ? timeOf(plan.value, measured) : undefined;
	return plan.ok && time !== undefined ? succeed({...plan.value, time}) : plan;
}

/** A request as far as it was said: what is left open gets its defaults. `replaces`: the interrupted action that it does anew. Fails as `Owner.readInventory` and `planAction` do. */
export async function prepareAction(planning: Planning, given: Asked, {replaces}: {replaces?: string} = {}): Promise<Result<Plan>> {
	const asked = placed(given, planning.overlayFolder);
	const inventory = await readFor(planning, [asked], replaces);
	return inventory.ok ? withTime(await planFrom(planning, asked, inventory.value), await readMeasured(planning.store, inventory.value.host.uri)) : inventory;
}

/** Plans several requests for one domain, to compare them: the host is read once. Each plan is told as soon as it is made; an abort ends it before the next. */
export async function prepareEach(planning: Planning, givens: readonly Asked[], {onPlan, signal}: {onPlan: (index: number, plan: Result<Plan>) => void; signal: AbortSignal}): Promise<void> {
	const asked = givens.map(given => placed(given, planning.overlayFolder));
	const inventory = await readFor(planning, asked);
	const measured = inventory.ok ? await readMeasured(planning.store, inventory.value.host.uri) : undefined;
	for (const [index, given] of asked.entries()) {
		// A screen goes on answering between two plans.
		await setImmediate();
		if (signal.aborted) {
			return;
		}

		onPlan(index, inventory.ok ? withTime(await planFrom(planning, given, inventory.value), measured!) : inventory);
	}
}
