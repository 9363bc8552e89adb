/**
A guided action, whichever it is, from its page to the moment at which it starts. Escape goes one step back at every point, and nothing has happened by then.
*/
import {specOf, type ScreenKind} from '../../actions/registry.ts';
import type {Field} from '../../actions/question.ts';
import type {GivenOf} from '../../actions/spec.ts';
import type {Request} from '../../model/plan/request.ts';
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import {inTurn, readDetails, type Update} from '../browse/read.ts';
import {selectedDetails} from '../browse/rows.ts';
import {scroll, type Press, type Viewport} from '../scroll.ts';
import type {State} from '../state.ts';
import {editText} from './edit-text.ts';
import {
	allFieldsOf, focusedField, nextQuestion, wrongField,
} from './fields.ts';
import {
	askForFigures, askForPlan, journeyOf, withJourney,
} from './journey-plan.ts';
import {newGroup, type Other} from './group.ts';
import {newJourney, planInSight, type Journey} from './journey.ts';
import {isNamed, isTextOfName} from './name.ts';
import {pressStart} from './start.ts';
import {
	change, choose, chooseAt, chooseBeside, goBack, goOn, hasBeside, moveBy, moveTo, reveal,
} from './update-field.ts';
import {openScript, updateView} from './update-view.ts';

/** The page of an action for the domain that is selected. */
export function openJourney(state: State, start: GivenOf<ScreenKind>, others: readonly Other[] = []): Update {
	const details = selectedDetails(state);
	if (details === undefined) {
		return [state, []];
	}

	const spec = specOf(start);
	const completed = spec.complete(start, details.domain.uuid, {details, nowMs: state.nowMs, backedUpTo: state.backedUpTo});
	const {answered, kept} = completed;
	const request = spec.propose?.(completed, details) ?? completed.request;
	return open(state, newJourney({
		domain: details.domain.name, request, kept, answered, origin: 'browse', ...(others.length > 0 && {group: newGroup(others)}),
	}, state.nowMs));
}

/** A request that is whole already, offered by a finding. Its domain need not have been looked at before: its images are drawn with the plan. */
export function openOffer(state: State, domain: string, request: Request): Update {
	const journey = newJourney({
		domain, request, kept: undefined, answered: [], origin: 'doctor',
	}, state.nowMs);
	return inTurn(state, next => open(next, journey), next => readDetails(next, request.uuid));
}

/** The cursor begins where an answer is needed, else on the last line. */
function open(state: State, journey: Journey): Update {
	const first = state.isLinear ? nextQuestion(state, journey) : wrongField(state, journey);
	return inTurn(moveTo({...state, notice: undefined}, journey, first?.id), askForPlan, askForFigures);
}

/** Back to where the journey began, and nothing has happened. */
function leave(state: State, {origin}: Journey): Update {
	const isFromDoctor = origin === 'doctor' && state.diagnosis !== undefined;
	const back: State['scene'] = origin === 'undo' ? {kind: 'undo', index: 0} : {kind: 'browse'};
	return [{...state, scene: isFromDoctor ? {kind: 'doctor', isWhole: false, top: 0} : back, notice: 'Cancelled; nothing was changed.'}, []];
}

type Pressed = {key: Key; command: Command | undefined; viewport: Viewport};

/** Enter takes a text that can be taken, and leads to the last line, or to the next question. */
function accept(state: State, journey: Journey, field: Field | undefined, {key, viewport}: Pressed): Update {
	if (field === undefined) {
		return pressStart(state, journey, {key, viewport});
	}

	if (field.kind === 'text' && field.problem !== undefined) {
		return [withJourney(state, {...journey, note: field.problem}), []];
	}

	return state.isLinear ? goOn(state, journey) : [moveTo(state, journey, undefined), []];
}

/** One step back: what was typed is put back, an Enter that is waited for is, else the page is left. */
function goOneBack(state: State, journey: Journey, field: Field | undefined, wasDue: boolean): Update {
	const {before, request} = journey;
	if (wasDue) {
		return [withJourney(state, journey), []];
	}

	return field?.kind === 'text' && before.request !== request && !state.isLinear
		? askForPlan(moveTo(state, {...journey, ...before}, undefined))
		: leave(state, journey);
}

/** Up and down go through a list before they leave it. */
function moveInList(state: State, journey: Journey, field: Field | undefined, by: 1 | -1): Update {
	return field?.kind === 'choice' && field.isList && hasBeside(field, by)
		? chooseBeside(state, journey, field, {by, isRing: false})
		: [moveBy(state, journey, by, false), []];
}

function type(state: State, journey: Journey, field: Field | undefined, key: Key): Update {
	if (field?.kind === 'text') {
		const text = editText(field.value, key);
		return text === field.value ? [withJourney(state, journey), []] : change(state, journey, field.change(text));
	}

	// Whoever types the name with the plan in sight has not held a key down.
	const sinceMs = planInSight(journey) === undefined ? journey.sinceMs : 0;
	return [withJourney(state, field === undefined && isNamed(journey) ? {...journey, sinceMs, typed: editText(journey.typed, key)} : journey), []];
}

function openView(state: State, journey: Journey, command: Command): Update {
	if (planInSight(journey) === undefined) {
		return [withJourney(state, {...journey, note: journey.answer === undefined ? 'There is no plan yet.' : 'There is no plan: it is refused.'}), []];
	}

	switch (command) {
		case 'show-commands': {
			return [withJourney(state, {...journey, view: {kind: 'commands', top: 0, isUnfolded: false}}), []];
		}

		case 'show-images': {
			return [withJourney(state, {...journey, view: {kind: 'images', top: 0}}), []];
		}

		default: {
			return openScript(state, journey);
		}
	}
}

const typed: ReadonlySet<Command | undefined> = new Set(['show-commands', 'show-images', 'save-script', 'options', 'find']);

function updatePage(state: State, journey: Journey, given: Pressed & {wasDue: boolean}): Update {
	const field = focusedField(state, journey);
	const {key, wasDue} = given;
	const isText = typed.has(given.command) && (field?.kind === 'text' || (field === undefined && !state.isLinear && isNamed(journey) && isTextOfName(journey, key)));
	const command = isText ? undefined : given.command;
	const {by, isRing} = command === 'next-choice' ? {by: 1 as const, isRing: key.name === 'character'} : {by: -1 as const, isRing: false};
	switch (command) {
		case 'back': {
			return goOneBack(state, journey, field, wasDue);
		}

		case 'accept': {
			return accept(state, journey, field, given);
		}

		case 'next-field': {
			return [moveBy(state, journey, 1), []];
		}

		case 'previous-field': {
			return state.isLinear ? goBack(state, journey) : [moveBy(state, journey, -1), []];
		}

		case 'up':
		case 'down': {
			return moveInList(state, journey, field, command === 'up' ? -1 : 1);
		}

		case 'next-choice':
		case 'previous-choice': {
			return field?.kind === 'choice' ? chooseBeside(state, journey, field, {by, isRing}) : type(state, journey, field, key);
		}

		case 'options': {
			const hasAny = allFieldsOf(state, journey).some(({isExtra}) => isExtra);
			return [withJourney(state, {...journey, ...(state.isLinear ? {view: {kind: 'fields'}} : {hasExtras: hasAny && !journey.hasExtras})}), []];
		}

		case 'show-commands':
		case 'show-images':
		case 'save-script': {
			return openView(state, journey, command);
		}

		case undefined: {
			return type(state, journey, field, key);
		}

		default: {
			return [scroll(withJourney(state, journey), command, given.viewport), []];
		}
	}
}

const movers: ReadonlySet<Command | undefined> = new Set(['next-field', 'previous-field', 'up', 'down', 'next-choice', 'previous-choice', 'options', 'accept']);

export function updateJourney(state: State, pressed: Pressed): Update {
	if (state.scene.kind !== 'journey') {
		return [state, []];
	}

	const {journey: given} = state.scene;
	const journey: Journey = {...given, note: undefined, isDue: false};
	if (journey.view !== undefined) {
		return updateView(state, journey, pressed);
	}

	const [next, effects] = updatePage(state, journey, {...pressed, wasDue: given.isDue});
	return [movers.has(pressed.command) ? reveal(next, pressed.viewport) : next, effects];
}

/** A click: on a choice it is chosen, on anything else of a field the cursor goes there. */
export function pressField(state: State, journey: Journey, press: Press | undefined): Update {
	const field = press === undefined ? undefined : allFieldsOf(state, journey).find(({id}) => id === press.field);
	const at = field === undefined ? state : moveTo(state, journey, field.id);
	return field?.kind !== 'choice' || press?.choice === undefined ? [at, []] : choose(at, journeyOf(at)!, field, press.choice);
}

/** Where nothing is moved by arrows: the number of a choice, or of a field to be answered anew. */
export function takeNumber(state: State, journey: Journey, index: number): Update {
	if (journey.view?.kind === 'fields') {
		const field = allFieldsOf(state, journey)[index];
		return field === undefined ? [state, []] : [moveTo(state, {...journey, view: undefined}, field.id), []];
	}

	const field = focusedField(state, journey);
	return field === undefined ? [state, []] : chooseAt(state, journey, field, index);
}
