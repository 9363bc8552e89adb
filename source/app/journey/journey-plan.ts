/**
The planner beside the page: asked again for each change, one question at a time, so that what is in sight follows the answers.
*/
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import type {Update} from '../browse/read.ts';
import type {State} from '../state.ts';
import type {Effect} from '../effects-data.ts';
import {allFieldsOf, detailsOfJourney, wrongField} from './fields.ts';
import {askedOf} from './group.ts';
import {freshResult, type Journey} from './journey.ts';

export const withJourney = (state: State, journey: Journey): State => ({...state, scene: {kind: 'journey', journey}});

export const journeyOf = ({scene}: State): Journey | undefined => scene.kind === 'journey' ? scene.journey : undefined;

/** Asks the planner, unless it is being asked, has answered, or could not be asked for this. The answer to another request leads here again. */
export function askForPlan(state: State): Update {
	const journey = journeyOf(state);
	const isAsking = state.isLinear && journey?.field !== undefined;
	if (journey === undefined || isAsking || journey.asked !== undefined || freshResult(journey) !== undefined || wrongField(state, journey) !== undefined) {
		return [state, []];
	}

	const {nextNumber: number, nowMs} = state;
	const {request, group, domain} = journey;
	const effect: Effect = group === undefined
		? {kind: 'plan', number, request}
		: {kind: 'plan-group', number, asked: askedOf(group, {domain, request, details: detailsOfJourney(state, journey)})};
	return [withJourney({...state, nextNumber: number + 1}, {...journey, asked: {number, request, sinceMs: nowMs}}), [effect]];
}

/** The host is no longer what the plan was made from: the page comes back, with what has changed. */
export function planAnew(state: State, journey: Journey, changed: string[]): Update {
	return askForPlan(withJourney(state, {...journey, answer: undefined, asked: undefined, field: undefined, view: undefined, top: 0, typed: '', isDue: false, changed}));
}

/** Asks what each choice of a field would free. */
export function askForFigures(state: State): Update {
	const journey = journeyOf(state);
	const field = journey && allFieldsOf(state, journey).find(candidate => candidate.kind === 'choice' && candidate.showsSpace);
	if (journey === undefined || field?.kind !== 'choice') {
		return [state, []];
	}

	const number = state.nextNumber;
	const choices = field.choices.flatMap(({id, reason, change: {request}}) => reason === undefined && request !== undefined ? [{id, request}] : []);
	return [withJourney({...state, nextNumber: number + 1}, {...journey, figures: {number, known: {}}}), [{kind: 'measure', number, choices}]];
}

/** What one choice would free. Whoever has left has no use for it. */
export function takeFigure(state: State, {number, id, result}: {number: number; id: string; result: Result<Plan>}): State {
	const journey = journeyOf(state);
	if (journey?.figures?.number !== number) {
		return state;
	}

	const known = {...journey.figures.known, [id]: result.ok ? {kind: 'planned', space: result.value.space} as const : {kind: 'not-planned'} as const};
	return withJourney(state, {...journey, figures: {number, known}});
}
