/**
The fields of a journey. They are the same where a page is painted and where they are asked one after the other.
*/
import type {Field} from '../../actions/question.ts';
import {specOf, undoOf} from '../../actions/registry.ts';
import type {Undo} from '../../actions/spec.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {State} from '../state.ts';
import {groupField} from './group.ts';
import {clockOfPage, type Journey} from './journey.ts';

export function detailsOfJourney(state: State, {request}: Journey): DomainDetails | undefined {
	return state.allDetails[request.uuid]?.value;
}

/** What will take it back once it is done. */
export function undoOfPlan(state: State, journey: Journey, plan: Plan): Undo | undefined {
	const details = detailsOfJourney(state, journey);
	return details === undefined ? undefined : undoOf(plan.action, details);
}

/** All of them, also those that few need. */
export function allFieldsOf(state: State, journey: Journey): Field[] {
	const {request, kept, group} = journey;
	const own = specOf(request).fields?.(request, {details: detailsOfJourney(state, journey), kept, nowMs: clockOfPage(state, journey)}) ?? [];
	return group === undefined ? own : [...own.filter(({isExtra}) => !isExtra), groupField(group)];
}

export function fieldsOf(state: State, journey: Journey): Field[] {
	const all = allFieldsOf(state, journey);
	return journey.hasExtras ? all : all.filter(({isExtra}) => !isExtra);
}

/** The one that has the cursor. */
export function focusedField(state: State, journey: Journey): Field | undefined {
	return journey.field === undefined ? undefined : allFieldsOf(state, journey).find(({id}) => id === journey.field);
}

/** The first one whose text cannot be taken: nothing is planned before it can. */
export function wrongField(state: State, journey: Journey): Field & {kind: 'text'} | undefined {
	return allFieldsOf(state, journey).find((field): field is Field & {kind: 'text'} => field.kind === 'text' && field.problem !== undefined);
}

/** What is asked next, where fields are asked one after the other. */
export function nextQuestion(state: State, journey: Journey): Field | undefined {
	return fieldsOf(state, journey).find(({id}) => !journey.answered.includes(id));
}
