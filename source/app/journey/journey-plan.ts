/**
The middle of a journey: from one question to the next, and when all have an answer, to the planner.
*/
import type {QuestionId} from '../../actions/question.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import type {Update} from '../browse/read.ts';
import type {State} from '../state.ts';
import {typingIn, type Journey, type JourneyStage} from './journey.ts';
import {questionsOf} from './questions.ts';

export function withStage(state: State, journey: Journey, stage: JourneyStage): State {
	return {...state, notice: undefined, scene: {kind: 'journey', journey: {...journey, stage}}};
}

/** Asks the planner. `changed` says what had changed on the host when an earlier plan was refused for it. */
export function askForPlan(state: State, journey: Journey, changed: string[] = []): Update {
	const number = state.nextNumber;
	return [
		withStage({...state, nextNumber: number + 1}, journey, {phase: 'planning', number, sinceMs: state.nowMs, changed}),
		[{kind: 'plan', number, request: journey.request}],
	];
}

/** Shows a question, with the first choice that is possible. */
function askQuestion(state: State, journey: Journey, id: QuestionId): Update {
	const question = questionsOf(state, journey).find(candidate => candidate.id === id);
	const index = Math.max(0, question?.choices.findIndex(({reason}) => reason === undefined) ?? 0);
	const typing = question?.choices.length === 0 ? typingIn(journey) : undefined;
	const stage: JourneyStage = {
		phase: 'question', id, index, typing,
	};
	const choices = question?.showsSpace ? question.choices.flatMap(({id, reason, change: {request}}) => reason === undefined && request !== undefined ? [{id, request}] : []) : [];
	if (choices.length === 0) {
		return [withStage(state, journey, stage), []];
	}

	const number = state.nextNumber;
	return [
		withStage({...state, nextNumber: number + 1}, journey, {...stage, figures: {number, known: {}}}),
		[{kind: 'measure', number, choices}],
	];
}

/** What one choice would free. Whoever has gone on has no use for it. */
export function takeFigure(state: State, {number, id, result}: {number: number; id: string; result: Result<Plan>}): State {
	const {scene} = state;
	if (scene.kind !== 'journey' || scene.journey.stage.phase !== 'question' || scene.journey.stage.figures?.number !== number) {
		return state;
	}

	const {journey, journey: {stage, stage: {figures}}} = scene;
	const known = {...figures.known, [id]: result.ok ? {kind: 'planned', space: result.value.space} as const : {kind: 'not-planned'} as const};
	return {...state, scene: {...scene, journey: {...journey, stage: {...stage, figures: {number, known}}}}};
}

/** The first question that has no answer, else the plan. */
export function goOn(state: State, journey: Journey): Update {
	const open = questionsOf(state, journey).find(({id}) => !journey.answered.includes(id));
	return open === undefined ? askForPlan(state, journey) : askQuestion(state, journey, open.id);
}

/** To the question that was answered last; where there is none, it stays as it is. */
export function goBack(state: State, journey: Journey): Update {
	const {stage} = journey;
	const ids = questionsOf(state, journey).map(({id}) => id);
	const present = stage.phase === 'question' ? ids.indexOf(stage.id) : ids.length;
	const last = ids.slice(0, present).findLast(id => journey.answered.includes(id));
	return last === undefined ? [state, []] : askQuestion(state, {...journey, answered: journey.answered.filter(id => ids.indexOf(id) < ids.indexOf(last))}, last);
}
