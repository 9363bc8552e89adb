/**
Keys that move among the fields of a page, and those that change an answer.
*/
import type {Change, Choice, ChoiceField, Field} from '../../actions/question.ts';
import type {Update} from '../browse/read.ts';
import type {Viewport} from '../scroll.ts';
import type {State} from '../state.ts';
import {fieldsOf, nextQuestion} from './fields.ts';
import {askForPlan, journeyOf, withJourney} from './journey-plan.ts';
import type {Journey} from './journey.ts';

/** The page is turned to where the cursor is. */
export function reveal(state: State, viewport: Viewport): State {
	const journey = journeyOf(state);
	const {lines, rows, focus} = viewport.measure(state);
	if (journey === undefined || focus === undefined) {
		return state;
	}

	const top = Math.max(0, Math.min(journey.top, focus.first, lines), focus.last - rows + 1);
	return withJourney(state, {...journey, top: Math.min(top, focus.first)});
}

/** The cursor goes to this field, or to the last line. */
export function moveTo(state: State, journey: Journey, field: string | undefined): State {
	const {request, kept, sinceMs} = journey;
	return withJourney(state, {...journey, field, before: {request, kept}, sinceMs: field === undefined ? state.nowMs : sinceMs});
}

/** One field on or back. `isRing`: from the last line to the first field, and the other way. */
export function moveBy(state: State, journey: Journey, by: 1 | -1, isRing = true): State {
	const places = [...fieldsOf(state, journey).map(({id}) => id), undefined];
	const at = places.indexOf(journey.field) + by;
	const isInside = at >= 0 && at < places.length;
	return isInside || isRing ? moveTo(state, journey, places[(at + places.length) % places.length]) : state;
}

/** With another answer the plan is made anew, and what was typed for the old one does not count for it. */
export function change(state: State, journey: Journey, {request = journey.request, kept = journey.kept, ifOneFails}: Change): Update {
	const group = journey.group && ifOneFails !== undefined ? {...journey.group, ifOneFails} : journey.group;
	return askForPlan(withJourney(state, {...journey, request, kept, group, typed: ''}));
}

const refusal = ({label, reason}: Choice) => `Not possible: ${label}: ${reason}.`;

/** The next possible choice on that side. */
export function chooseBeside(state: State, journey: Journey, field: ChoiceField, {by, isRing}: {by: 1 | -1; isRing: boolean}): Update {
	const {choices, chosen} = field;
	const at = choices.findIndex(({id}) => id === chosen);
	const order = choices.map((_, step) => at + (by * (step + 1))).filter(index => isRing || (index >= 0 && index < choices.length)).map(index => choices[(index + choices.length) % choices.length]!);
	const found = order.find(({id, reason}) => reason === undefined && id !== chosen);
	const [refused] = order;
	return found === undefined
		? [withJourney(state, {...journey, ...(refused?.reason !== undefined && {note: refusal(refused)})}), []]
		: change(state, journey, found.change);
}

/** This one, if it is possible. */
export function choose(state: State, journey: Journey, {choices, chosen}: ChoiceField, id: string): Update {
	const choice = choices.find(each => each.id === id);
	if (choice === undefined || id === chosen) {
		return [state, []];
	}

	return choice.reason === undefined ? change(state, journey, choice.change) : [withJourney(state, {...journey, note: refusal(choice)}), []];
}

/** Whether there is another choice on that side. */
export function hasBeside({choices, chosen}: ChoiceField, by: 1 | -1): boolean {
	const at = choices.findIndex(({id}) => id === chosen);
	return (by > 0 ? choices.slice(at + 1) : choices.slice(0, Math.max(0, at))).some(({reason}) => reason === undefined);
}

/** Where fields are asked one after the other: this one is answered, and the next one is asked, or the plan comes. */
export function goOn(state: State, journey: Journey): Update {
	const answered = journey.field === undefined ? journey.answered : [...journey.answered, journey.field];
	const next: Journey = {...journey, answered};
	return askForPlan(moveTo(state, next, nextQuestion(state, next)?.id));
}

/** To the question before: it is asked once more, and what comes after it is not. */
export function goBack(state: State, journey: Journey): Update {
	const fields = fieldsOf(state, journey);
	const at = journey.field === undefined ? fields.length : fields.findIndex(({id}) => id === journey.field);
	const before = fields[at - 1];
	return before === undefined ? [state, []] : [moveTo(state, {...journey, answered: journey.answered.filter(id => id !== before.id && id !== journey.field)}, before.id), []];
}

/** A choice by its number. */
export function chooseAt(state: State, journey: Journey, field: Field, index: number): Update {
	const choice = field.kind === 'choice' ? field.choices[index] : undefined;
	if (choice === undefined) {
		return [state, []];
	}

	if (choice.reason !== undefined) {
		return [{...state, notice: refusal(choice)}, []];
	}

	const [changed, effects] = change(state, journey, choice.change);
	const [next, more] = goOn(changed, journeyOf(changed)!);
	return [next, [...effects, ...more]];
}
