/**
What the action of a journey asks. The rest of the way (plan, commands, confirmation, run) is the same for all.
*/
import type {Question, Setting} from '../../actions/question.ts';
import {specOf} from '../../actions/registry.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {State} from '../state.ts';
import type {Journey} from './journey.ts';

export function detailsOfJourney(state: State, {request}: Journey): DomainDetails | undefined {
	return state.allDetails[request.uuid]?.value;
}

/** Those on the way of this journey, answered or not. */
export function questionsOf(state: State, journey: Journey): Question[] {
	const {request, keepName} = journey;
	return specOf(request).questions?.(request, {details: detailsOfJourney(state, journey), keepName, nowMs: state.nowMs}) ?? [];
}

/** What can be set beyond the questions; undefined: there is nothing of the kind. */
export function settingsOf(state: State, journey: Journey): Setting[] | undefined {
	const {request} = journey;
	return specOf(request).settings?.(request, detailsOfJourney(state, journey));
}

/** The question that is on the screen; undefined: none is. */
export function presentQuestion(state: State, journey: Journey): Question | undefined {
	const {stage} = journey;
	return stage.phase === 'question' ? questionsOf(state, journey).find(({id}) => id === stage.id) : undefined;
}
