/**
What the host answered: the list, the counts, the picture of a domain. And when it is asked again.
*/
import {didYouMean} from '../model/text/did-you-mean.ts';
import type {DomainSummary} from '../model/domain/domain.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import type {Result} from '../model/result.ts';
import {askCounts} from './browse/sort.ts';
import {visibleDomains} from './browse/domains.ts';
import {beginFromStart} from './run/begin.ts';
import {runOn} from './run/jobs.ts';
import {
	answer, inTurn, readList, readDetails, type Update,
} from './browse/read.ts';
import {selectedDomain} from './browse/rows.ts';
import {pollSoon, selectDomain, settle} from './browse/select.ts';
import type {State} from './state.ts';
import {isSameDetails, noteChanges, noteList} from './doctor/health.ts';
import {diagnose} from './doctor/update-doctor.ts';

/** Snapshots made by others cause no event, so the domain in view is read again this often. */
const pollMs = 5000;

/** How many pictures are kept, so that going back to a domain shows it at once. */
const picturesKept = 8;

export function takeDomains(state: State, number: number, result: Result<DomainSummary[]>): Update {
	const domains = answer(state.domains, number, result);
	if (domains === undefined) {
		return [state, []];
	}

	const next = noteList({...state, domains, isStale: false}, state.domains.value);
	const again = state.isStale ? readList : (same: State): Update => [same, []];
	return inTurn(next, chooseDomain, readIfStirred(state), again);
}

/** Keeps the selected domain; where there is none, takes the one from the command line, or the first. */
function chooseDomain(state: State): Update {
	const visible = visibleDomains(state);
	const wanted = state.start?.domain;
	if (state.domainCursor.id === undefined && wanted !== undefined && state.domains.value !== undefined) {
		const found = state.domains.value.find(domain => domain.name === wanted) ?? state.domains.value.find(domain => domain.uuid === wanted);
		if (found !== undefined) {
			return inTurn(state, next => selectDomain(next, found.uuid), next => readDetails(next, found.uuid), askCounts);
		}

		const first = visible[0]?.uuid;
		return inTurn(
			{...state, start: undefined, pane: 'domains', notice: [`There is no domain "${wanted}" on this host.`, didYouMean(wanted, state.domains.value.map(({name}) => name)) ?? ''].join(' ').trim()},
			next => selectDomain(next, first),
			next => readDetails(next, first),
			askCounts,
		);
	}

	if (state.domains.value?.some(domain => domain.uuid === state.domainCursor.id)) {
		return askCounts(settle(state));
	}

	const first = visible[Math.min(state.domainCursor.top, visible.length - 1)]?.uuid;
	return inTurn(state, next => selectDomain(next, first), next => readDetails(next, first), askCounts);
}

/** A domain that changed its state is looked at again. */
function readIfStirred(before: State): (state: State) => Update {
	return state => {
		const was = selectedDomain(before)?.state;
		const is = selectedDomain(state)?.state;
		return was !== undefined && is !== undefined && was !== is ? readDetails(state, state.domainCursor.id) : [state, []];
	};
}

export function takeCounts(state: State, result: Result<Map<string, number>>): State {
	return result.ok ? settle({...state, counts: {...state.counts, ...Object.fromEntries(result.value)}}) : state;
}

export function takeDetails(state: State, {number, uuid, result}: {number: number; uuid: string; result: Result<DomainDetails>}): Update {
	const reading = state.allDetails[uuid];
	const details = reading && answer(reading, number, result);
	if (details === undefined) {
		return [state, []];
	}

	const others = Object.entries(state.allDetails).filter(([key]) => key !== uuid).slice(-picturesKept + 1);
	const counts = details.value === undefined ? state.counts : {...state.counts, [uuid]: details.value.snapshots.length};
	const before = reading?.value;
	const isChanged = before !== undefined && details.value !== undefined && !isSameDetails(before, details.value);
	const next = settle({...(isChanged ? noteChanges(state, [uuid]) : state), counts, allDetails: {...Object.fromEntries(others), [uuid]: details}});
	if (uuid !== state.domainCursor.id) {
		return [next, []];
	}

	return inTurn(next, openStart, same => pollSoon(same, pollMs));
}

/** Opens what the command line asked for, as soon as enough is known. */
export function openStart(state: State): Update {
	const {start} = state;
	const details = state.allDetails[state.domainCursor.id ?? '']?.value;
	if (start === undefined || details === undefined || state.scene.kind !== 'browse') {
		return [state, []];
	}

	const {domain: wanted} = start;
	const opened: State = {...state, start: undefined};
	if (wanted !== undefined && wanted !== details.domain.name && wanted !== details.domain.uuid) {
		// Somebody went on to another domain before it was read.
		return [opened, []];
	}

	const {action} = start;
	if (action === undefined) {
		return [opened, []];
	}

	if (start.isUndo && action.kind !== 'doctor') {
		const [begun, effects] = beginFromStart({...opened, notice: undefined}, action, start.others);
		return [begun.scene.kind === 'journey' ? {...begun, scene: {kind: 'journey', journey: {...begun.scene.journey, origin: 'undo'}}} : begun, effects];
	}

	return action.kind === 'doctor' ? diagnose(opened, start.domain === undefined ? undefined : details.domain) : beginFromStart(opened, action);
}

/** Time to look again at the domain in view. A domain at work is not asked, nor is anything while a run is what is looked at. */
export function takePoll(state: State, number: number): Update {
	if (number !== state.pollNumber) {
		return [state, []];
	}

	const {id} = state.domainCursor;
	const isWaitedFor = runOn(state, id) !== undefined && state.allDetails[id!]?.value !== undefined;
	return state.scene.kind === 'running' || isWaitedFor
		? pollSoon(state, pollMs)
		: inTurn(state, next => readDetails(next, next.domainCursor.id), askCounts);
}
