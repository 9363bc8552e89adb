/**
Asking and being answered: every question carries a number, and an answer to any but the latest one is dropped. The last good value stays.
*/
import type {Result} from '../../model/result.ts';
import type {Effect} from '../effects-data.ts';
import {isAtWork} from '../run/jobs.ts';
import type {Reading, State} from '../state.ts';

export type Update = [State, Effect[]];

export function ask<T>(reading: Reading<T>, number: number, nowMs: number): Reading<T> {
	return {...reading, waiting: {number, sinceMs: nowMs}};
}

/** Undefined: the answer is late and must be dropped. */
export function answer<T>(reading: Reading<T>, number: number, result: Result<T>): Reading<T> | undefined {
	if (reading.waiting?.number !== number) {
		return undefined;
	}

	return result.ok
		? {value: result.value, failure: undefined, waiting: undefined}
		: {value: reading.value, failure: result.failure, waiting: undefined};
}

/** Whether the screen shows how long something takes, so that a clock is needed. */
function isWaiting(state: State): boolean {
	const {scene} = state;
	const details = state.domainCursor.id === undefined ? undefined : state.allDetails[state.domainCursor.id];
	return isAtWork(state)
		|| (scene.kind === 'journey' && scene.journey.asked !== undefined)
		|| (scene.kind === 'doctor' && state.diagnosis?.findings.waiting !== undefined)
		|| state.domains.waiting !== undefined
		|| details?.waiting !== undefined;
}

/** Starts the clock of one second while something waits; it stops by itself. */
export function withClock([state, effects]: Update): Update {
	return isWaiting(state) && !state.isTicking ? [{...state, isTicking: true}, [...effects, {kind: 'tick-later'}]] : [state, effects];
}

/** Reads the host and the list of domains. */
export function readList(state: State): Update {
	const number = state.nextNumber;
	return [
		{
			...state,
			nextNumber: number + 2,
			host: ask(state.host, number, state.nowMs),
			domains: ask(state.domains, number + 1, state.nowMs),
			countsAsked: new Set(),
		},
		[{kind: 'read-host', number}, {kind: 'read-domains', number: number + 1}],
	];
}

/** Reads one domain, unless that is being done. `isForced`: also then, and the older answer is dropped. */
export function readDetails(state: State, uuid: string | undefined, isForced = false): Update {
	if (uuid === undefined) {
		return [state, []];
	}

	const reading: State['allDetails'][string] = state.allDetails[uuid] ?? {value: undefined, failure: undefined, waiting: undefined};
	if (reading.waiting !== undefined && !isForced) {
		return [state, []];
	}

	const number = state.nextNumber;
	return [
		{...state, nextNumber: number + 1, allDetails: {...state.allDetails, [uuid]: ask(reading, number, state.nowMs)}},
		[{kind: 'read-details', number, uuid, withForeignPins: state.view === 'images'}],
	];
}

/** What was read of a domain before an action is not true after it: nothing of it is shown, and no action begins on it, until it is read again. */
export function forgetDetails(state: State, uuid: string): State {
	const {[uuid]: _details, ...allDetails} = state.allDetails;
	const {[uuid]: _count, ...counts} = state.counts;
	return {...state, allDetails, counts};
}

/** `opens`: the page that is to come with the answer; without it only the marks follow. */
export function readUnfinished(state: State, opens?: State['leftAsked']['opens']): Update {
	const number = state.nextNumber;
	return [{...state, nextNumber: number + 1, leftAsked: {number, opens}}, [{kind: 'read-unfinished', number}]];
}

/** Does one thing after the other, gathering the effects. */
export function inTurn(state: State, ...parts: Array<(state: State) => Update>): Update {
	let all: Effect[] = [];
	let next = state;
	for (const part of parts) {
		const [after, effects] = part(next);
		next = after;
		all = [...all, ...effects];
	}

	return [next, all];
}
