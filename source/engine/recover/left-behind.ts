/**
What earlier runs left half-way on this host.
*/
import type {JournalTrouble} from '../../model/plan/journal-trouble.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {UnfinishedAction} from '../ports.ts';
import type {World} from '../world.ts';
import {withUnknownSteps} from './unknown-steps.ts';
import {readWays, type Ways} from './ways.ts';

/** What was left half-way, with the ways out of it; they are missing where the domain cannot be read. */
export type LeftAction = UnfinishedAction & {ways?: Ways};

/** What earlier runs left: actions that nobody works on, and what cannot be read as one. */
export type LeftBehind = {actions: LeftAction[]; troubles: JournalTrouble[]};

/** What is unfinished on this host, and not because another process works on it at this moment. */
export async function readLeftBehind({store, host}: World): Promise<Result<LeftBehind>> {
	const unfinished = await store.readUnfinished();
	if (!unfinished.ok) {
		return unfinished;
	}

	const troubles = await store.readJournalTroubles();
	if (!troubles.ok || unfinished.value.length === 0) {
		return troubles.ok ? succeed({actions: [], troubles: troubles.value}) : troubles;
	}

	const facts = await host.readHost();
	if (!facts.ok) {
		return facts;
	}

	const left: LeftAction[] = [];
	for (const action of unfinished.value) {
		const {uri, action: {domain}} = action.plan;
		if (uri === facts.value.uri && !await store.isDomainLocked(domain.uuid)) {
			const known = await withUnknownSteps(host, action);
			const ways = known.ok ? await readWays(host, known.value) : known;
			left.push({...action, ...(ways.ok && {ways: ways.value})});
		}
	}

	return succeed({actions: left, troubles: troubles.value});
}
