/**
What could be done with the selected snapshot: each of its verbs is planned as soon as the cursor rests, so that what is refused says why before anybody is asked anything.
Nothing of it is used to act: a verb that is begun is planned anew.
*/
import {
	screenOf, screenSpecs, specOf, type ScreenKind,
} from '../../actions/registry.ts';
import type {Failure} from '../../model/failure.ts';
import type {Plan, Space} from '../../model/plan/plan.ts';
import type {Request} from '../../model/plan/request.ts';
import type {Result} from '../../model/result.ts';
import {isAtWork} from '../run/jobs.ts';
import type {State} from '../state.ts';
import type {Update} from './read.ts';
import {leftOf, selectedDetails, selectedSnapshot} from './rows.ts';

const restMs = 300;
const discarding = ' discarding';

/** The snapshot that is worth planning for at this moment. */
function wantedOf(state: State): {uuid: string; snapshot: string} | undefined {
	const {domainCursor: {id}, scene, pane, isReadOnly} = state;
	// While a plan runs nobody else reads what concerns the whole host.
	const isInSight = pane === 'tree' && !isAtWork(state) && (scene.kind === 'browse' || scene.kind === 'menu' || scene.kind === 'details');
	const snapshot = isInSight && !isReadOnly && leftOf(state, id) === undefined ? selectedSnapshot(state)?.name : undefined;
	return id === undefined || snapshot === undefined ? undefined : {uuid: id, snapshot};
}

const worth = ['possible', 'space', 'refusal'] as const;

/** The verbs of a snapshot that are planned for it, in the order of their worth. */
export const foretold = (): ScreenKind[] => screenSpecs().filter(({screen}) => screen.foretells !== undefined)
	.sort((a, b) => worth.indexOf(a.screen.foretells!) - worth.indexOf(b.screen.foretells!)).map(({kind}) => kind);

/** Each verb with its defaults; where those keep the current state, also without that, because it may be what is in the way. */
function choicesFor(state: State, snapshot: string): Array<{id: string; request: Request}> {
	const details = selectedDetails(state);
	return details === undefined
		? []
		: foretold().flatMap(kind => {
			const {request} = specOf({kind}).complete({kind, snapshot}, details.domain.uuid, {details, nowMs: state.nowMs});
			const isKeeping = 'currentState' in request && request.currentState.kind === 'keep';
			return [{id: kind, request}, ...(isKeeping ? [{id: kind + discarding, request: {...request, currentState: {kind: 'discard' as const}}}] : [])];
		});
}

/** Begins for the snapshot on which the cursor has come to rest, and gives up the one before. */
export function withForecast([state, effects]: Update): Update {
	const wanted = wantedOf(state);
	const {forecast} = state;
	const isSame = wanted?.uuid === forecast?.uuid && wanted?.snapshot === forecast?.asked;
	if (isSame || wanted === undefined) {
		const isOver = wanted === undefined && forecast?.asked !== undefined;
		return isOver ? [{...state, forecast: {...forecast, asked: undefined}}, [...effects, {kind: 'stop-foreseeing'}]] : [state, effects];
	}

	const known = forecast?.uuid === wanted.uuid ? forecast.known : {};
	const isKnown = known[wanted.snapshot]?.isWhole === true;
	const number = state.nextNumber;
	return [
		{...state, nextNumber: number + 1, forecast: {uuid: wanted.uuid, asked: wanted.snapshot, number, known}},
		[...effects, {kind: 'stop-foreseeing'}, ...(isKnown ? [] : [{kind: 'foresee-later' as const, number, afterMs: restMs}])],
	];
}

/** The cursor has rested. */
export function foresee(state: State, number: number): Update {
	const {forecast} = state;
	if (forecast?.number !== number || forecast.asked === undefined) {
		return [state, []];
	}

	const choices = choicesFor(state, forecast.asked);
	return [state, choices.length === 0 ? [] : [{kind: 'foresee', number, choices}]];
}

/** `id` undefined: that was all. */
export function takeForecast(state: State, {number, id, result}: {number: number; id: string | undefined; result: Result<Plan> | undefined}): State {
	const {forecast} = state;
	if (forecast?.number !== number || forecast.asked === undefined) {
		return state;
	}

	const {asked, known} = forecast;
	const before = known[asked] ?? {isWhole: false, plans: {}};
	const after = id === undefined || result === undefined
		? {...before, isWhole: true}
		: {...before, plans: {...before.plans, [id]: result.ok ? {ok: true as const, value: {space: result.value.space, time: result.value.time}} : result}};
	return {...state, forecast: {...forecast, known: {...known, [asked]: after}}};
}

/** What was planned for these domains is not true of them now. */
export function forgetForecast(state: State, uuids: readonly string[]): State {
	return state.forecast !== undefined && uuids.includes(state.forecast.uuid) ? {...state, forecast: undefined} : state;
}

/** `discard`: only where the current state is given up; `failure` says what keeps it from being kept. */
export type Verdict = {kind: 'possible'; space: Plan['space']; time: Plan['time']} | {kind: 'discard' | 'refused'; failure: Failure};

/** Of one verb for the selected snapshot; undefined: not planned, or not yet. */
export function verdictOf(state: State, kind: ScreenKind): Verdict | undefined {
	const wanted = wantedOf(state);
	const {forecast} = state;
	const known = wanted !== undefined && forecast?.uuid === wanted.uuid ? forecast.known[wanted.snapshot] : undefined;
	const plan = known?.plans[kind];
	if (plan === undefined) {
		return undefined;
	}

	if (plan.ok) {
		return {kind: 'possible', space: plan.value.space, time: plan.value.time};
	}

	const other = known?.plans[kind + discarding];
	// What keeps it from being planned at all says nothing of the verb.
	return known?.isWhole === true && plan.failure.kind === 'refused' ? {kind: other?.ok === true ? 'discard' : 'refused', failure: plan.failure} : undefined;
}

/** It is still being planned. */
export function isForeseeing(state: State): boolean {
	const wanted = wantedOf(state);
	return wanted !== undefined && selectedDetails(state) !== undefined && state.forecast?.known[wanted.snapshot]?.isWhole !== true;
}

/** What a delete would free, for any snapshot of the selected domain that was planned for. */
export function knownSpaceOf({forecast, domainCursor}: State, snapshot: string): Space | undefined {
	const teller = foretold().find(kind => screenOf(kind).foretells === 'space');
	const plan = forecast?.uuid === domainCursor.id && teller !== undefined ? forecast?.known[snapshot]?.plans[teller] : undefined;
	return plan?.ok === true ? plan.value.space : undefined;
}
