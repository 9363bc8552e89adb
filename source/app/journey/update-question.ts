/**
Keys while a question is on the screen, and while everything that can be set is.
*/
import type {Question, Setting, TextField} from '../../actions/question.ts';
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import type {Update} from '../browse/read.ts';
import {moveIndex} from '../scroll.ts';
import type {State} from '../state.ts';
import {presentQuestion, settingsOf} from './questions.ts';
import {
	askForPlan, goBack, goOn, withStage,
} from './journey-plan.ts';
import {
	typedField, typingIn, type Journey, type JourneyStage,
} from './journey.ts';
import {editText} from './edit-text.ts';

type Pressed = {key: Key; command: Command | undefined};
type Asking = JourneyStage & {phase: 'question' | 'settings'};

/** Back to where the journey began, and nothing has happened. */
export function leave(state: State): Update {
	const isFromDoctor = state.scene.kind === 'journey' && state.scene.journey.origin === 'doctor' && state.diagnosis !== undefined;
	return [{...state, scene: isFromDoctor ? {kind: 'doctor', isWhole: false, top: 0} : {kind: 'browse'}, notice: 'Cancelled; nothing was changed.'}, []];
}

/** A key of a text, or Tab, which leads to the other text of the page as soon as this one can be taken. */
function typeText(state: State, journey: Journey, stage: Asking, {text, key, command}: Pressed & {text: TextField}): Update {
	const typing = stage.typing!;
	const field = typedField(text, typing);
	if (command !== 'other-field') {
		return [withStage(state, {...journey, ...field.change(editText(field.value, key))}, {...stage, note: undefined}), []];
	}

	if (text.beside === undefined || field.problem !== undefined) {
		return [withStage(state, journey, {...stage, note: field.problem}), []];
	}

	return [withStage(state, journey, {...stage, typing: {before: typing.before, ...(!typing.isBeside && {isBeside: true})}, note: undefined}), []];
}

/** Enter, where a text cannot be taken: it is typed on. */
const refuseText = (state: State, journey: Journey, stage: Asking, problem: string): Update => [withStage(state, journey, {...stage, typing: {before: stage.typing!.before}, note: problem}), []];

/** A text beside a list: Enter takes it, Escape puts back what it was, and both lead back to the list. */
function typeBeside(state: State, journey: Journey, stage: Asking, pressed: Pressed & {text: TextField}): Update {
	const {text: {problem}, command} = pressed;
	const ended: JourneyStage = {...stage, typing: undefined, note: undefined};
	switch (command) {
		case 'back': {
			return [withStage(state, {...journey, ...stage.typing!.before}, ended), []];
		}

		case 'accept': {
			return problem === undefined ? [withStage(state, journey, ended), []] : refuseText(state, journey, stage, problem);
		}

		default: {
			return typeText(state, journey, stage, pressed);
		}
	}
}

function answered(state: State, journey: Journey, question: Question): Update {
	return goOn(state, {...journey, answered: [...journey.answered.filter(id => id !== question.id), question.id]});
}

/** A question for a name alone: Enter answers it, Escape leaves. */
function typeAnswer(state: State, journey: Journey, stage: Asking, {question, key, command}: Pressed & {question: Question}): Update {
	const text = question.text!;
	switch (command) {
		case 'back': {
			return leave(state);
		}

		case 'accept': {
			return text.problem === undefined ? answered(state, journey, question) : refuseText(state, journey, stage, text.problem);
		}

		default: {
			return typeText(state, journey, stage, {text, key, command});
		}
	}
}

function choose(state: State, journey: Journey, stage: JourneyStage & {phase: 'question'}, question: Question): Update {
	const choice = question.choices[stage.index]!;
	if (choice.reason !== undefined) {
		return [{...state, notice: `Not possible: ${choice.reason}.`}, []];
	}

	const {text} = question;
	return text?.problem !== undefined && stage.index === 0
		? [withStage(state, journey, {...stage, typing: typingIn(journey), note: text.problem}), []]
		: answered(state, {...journey, ...choice.change}, question);
}

export function updateQuestion(state: State, journey: Journey, stage: JourneyStage & {phase: 'question'}, pressed: Pressed): Update {
	const question = presentQuestion(state, journey);
	const {command} = pressed;
	if (question === undefined) {
		// What was asked about has gone from the host meanwhile: the planner says so.
		return command === 'back' ? leave(state) : askForPlan(state, journey);
	}

	if (stage.typing !== undefined) {
		return question.choices.length === 0
			? typeAnswer(state, journey, stage, {...pressed, question})
			: typeBeside(state, journey, stage, {...pressed, text: question.text!});
	}

	switch (command) {
		case 'back': {
			return leave(state);
		}

		case 'previous': {
			return goBack(state, journey);
		}

		case 'edit': {
			return question.text === undefined ? [state, []] : [withStage(state, journey, {...stage, index: 0, typing: typingIn(journey)}), []];
		}

		case 'options': {
			return openSettings(state, journey);
		}

		case 'accept': {
			return choose(state, journey, stage, question);
		}

		default: {
			return [withStage(state, journey, {...stage, index: command === undefined ? stage.index : moveIndex(stage.index, command, question.choices.length)}), []];
		}
	}
}

/** Where there is nothing to set, nothing happens. */
export function openSettings(state: State, journey: Journey): Update {
	return settingsOf(state, journey) === undefined ? [state, []] : [withStage(state, journey, {phase: 'settings', index: 0}), []];
}

function chooseSetting(state: State, journey: Journey, stage: JourneyStage & {phase: 'settings'}, setting: Setting): Update {
	if (setting.reason !== undefined) {
		return [{...state, notice: `Not possible: ${setting.reason}.`}, []];
	}

	if (setting.id === 'done') {
		return goOn(state, journey);
	}

	const decided: Journey = {...journey, answered: [...new Set([...journey.answered, ...setting.answers ?? []])]};
	return setting.text === undefined
		? [withStage(state, {...decided, ...setting.change}, stage), []]
		: [withStage(state, decided, {...stage, typing: typingIn(decided)}), []];
}

export function updateSettings(state: State, journey: Journey, stage: JourneyStage & {phase: 'settings'}, pressed: Pressed): Update {
	const settings = settingsOf(state, journey) ?? [];
	const setting = settings[stage.index] ?? settings.at(-1)!;
	if (stage.typing !== undefined && setting.text !== undefined) {
		return typeBeside(state, journey, stage, {...pressed, text: setting.text});
	}

	const {command} = pressed;
	switch (command) {
		case 'back': {
			return leave(state);
		}

		case 'options': {
			return goOn(state, journey);
		}

		case 'accept': {
			return chooseSetting(state, journey, stage, setting);
		}

		default: {
			return [withStage(state, journey, {...stage, index: command === undefined ? stage.index : moveIndex(stage.index, command, settings.length)}), []];
		}
	}
}
