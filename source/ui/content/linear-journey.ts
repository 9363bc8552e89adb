/**
The linear mode of what is guided: the fields of an action as questions, one after the other, then its plan; and the findings of the doctor.
*/
import {describeGroup} from '../../actions/group-words.ts';
import {
	allFieldsOf, detailsOfJourney, fieldsOf, focusedField, undoOfPlan,
} from '../../app/journey/fields.ts';
import {freshResult, plansInSight, type Journey} from '../../app/journey/journey.ts';
import {isNamed, isNameRight, wordOf} from '../../app/journey/name.ts';
import type {State} from '../../app/state.ts';
import type {Field, TextField} from '../../actions/question.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Theme} from '../theme.ts';
import {failureLines} from './failure.ts';
import {contextLines, titleOfJourney, withFigures} from './fields.ts';
import {doctorStatus, doctorTitle} from './findings.ts';
import {plannedImageLines} from './images.ts';
import {
	back, character, enter, key, leave, optionChoices, plainText, type LinearChoice, type LinearPage,
} from './linear-page.ts';
import {pageOf} from './page.ts';
import {changedLines, spokenEffects} from './plan.ts';

const typeLine = (text: string, after = enter): LinearPage['choices'][number]['messages'] => [key('ctrl-u'), {kind: 'key', key: {name: 'paste', text}}, after];
const goesBack: LinearChoice = {label: 'Back to the question before', messages: [key('back-tab')]};

/** A text that is asked for: what is typed takes the place of what is proposed, and an empty line leaves that as it is. */
function textPage(title: string, {value, problem, question, note}: TextField, problemMentioned: string | undefined): LinearPage {
	const wrong = problemMentioned ?? (value === '' ? undefined : problem);
	return {
		title,
		lines: [...(value === '' ? [] : [`Proposed: ${value}`]), ...[wrong ?? note].filter(line => line !== undefined)],
		choices: [],
		takesText: {
			prompt: `${question}, or an empty line ${value === '' ? 'for none' : 'to keep it'}; a single "." goes back to the question before, ".." cancels, and nothing is changed`,
			toMessages: typed => ({'': [enter], '.': goesBack.messages, '..': leave.messages})[typed] ?? typeLine(typed),
		},
	};
}

const options: LinearChoice = {label: 'Change an answer, or set more options', messages: [character('o')]};

function questionPage(state: State, journey: Journey, field: Field, style: {columns: number; theme: Theme}): LinearPage {
	const title = titleOfJourney(journey);
	if (field.kind === 'text') {
		return textPage(title, field, journey.note);
	}

	const figures = field.showsSpace ? journey.figures : undefined;
	const isOpen = figures !== undefined && field.choices.some(({id, reason}) => reason === undefined && figures.known[id] === undefined);
	const isFirst = fieldsOf(state, journey)[0]?.id === field.id;
	const choices = withFigures(field.choices, figures, undefined).map(choice => ({...choice, label: `${choice.label[0]!.toUpperCase()}${choice.label.slice(1)}${choice.id === field.chosen ? ', as proposed' : ''}`}));
	return {
		title: `${title}. ${field.question}`,
		lines: [...plainText(contextLines(state, journey, style)), ...(isOpen ? ['What each frees is being worked out; an empty line reads this page again.'] : [])],
		choices: [...optionChoices(choices), ...(isFirst ? [] : [goesBack]), leave],
	};
}

/** All of the answers as they are; a number asks for one of them anew. */
function answersPage(state: State, journey: Journey): LinearPage {
	const answerOf = (field: Field) => field.kind === 'text' ? (field.value === '' ? 'none' : field.value) : (field.choices.find(({id}) => id === field.chosen)?.label ?? 'nothing chosen');
	return {
		title: `${titleOfJourney(journey)}. All answers`,
		lines: [],
		choices: [
			...allFieldsOf(state, journey).map((field, index): LinearChoice => ({label: `${field.label}: ${answerOf(field)}`, messages: [{kind: 'option-chosen', index}]})),
			back,
		],
	};
}

/** What is lost, in a few words. */
function lossOf({consequences}: Plan): string {
	const losses = consequences.filter(({severity}) => severity === 'loss').map(({what, text}) => what ?? text.replace(/\.$/u, ''));
	return losses.length === 0 ? 'Nothing is lost.' : `You will lose: ${losses.join('; ')}.`;
}

function namePage(journey: Journey): LinearPage {
	const plans = plansInSight(journey);
	const title = titleOfJourney(journey);
	const {word, isCode} = wordOf(journey);
	return isNameRight(journey)
		? {title, lines: ['The name is right.'], choices: [{label: 'Start now', messages: [enter]}, back]}
		: {
			title,
			lines: [...plans.map(plan => lossOf(plan)), `${isCode ? 'The name cannot be typed. Type this code to start' : 'Type the domain\'s name to start'}: ${word}`, ...(journey.note === undefined ? [] : [journey.note])],
			choices: [],
			takesText: {prompt: 'The name, or an empty line to go back', toMessages: text => text === '' ? back.messages : typeLine(text, enter).slice(0, isRight(journey, text) ? 2 : 3)},
		};
}

const isRight = (journey: Journey, typed: string): boolean => isNameRight({...journey, typed});

/** The plan: its effects, its images, and what can be done with it. */
function effectsPage(state: State, journey: Journey, style: {columns: number; theme: Theme}): LinearPage {
	const title = titleOfJourney(journey);
	const previous = fieldsOf(state, journey).length === 0 ? [] : [goesBack];
	const more = allFieldsOf(state, journey).length === 0 ? [] : [options];
	const result = freshResult(journey);
	if (result === undefined) {
		return {title, lines: ['Reading the host and making the plan.'], choices: [leave]};
	}

	if (!result.ok) {
		return {title, lines: plainText(failureLines(result.failure, style)), choices: [...previous, ...more, back]};
	}

	const plans = plansInSight(journey);
	const effects = journey.group === undefined
		? spokenEffects(result.value, undoOfPlan(state, journey, result.value))
		: [...describeGroup(plans, journey.group.ifOneFails), ...plans.flatMap(plan => spokenEffects(plan, undefined).map(text => `${plan.action.domain.name}: ${text}`))];
	const losses = plans.map(plan => plans.length === 1 ? lossOf(plan) : `${plan.action.domain.name}: ${lossOf(plan)}`);
	const images = journey.group === undefined ? plainText(plannedImageLines(result.value, detailsOfJourney(state, journey), {...style, isLinear: true})) : [];
	return {
		title,
		lines: [...plainText(changedLines(journey.changed, style)), ...effects, ...images, ...losses, ...(journey.note === undefined ? [] : [journey.note])],
		choices: [
			{label: isNamed(journey) ? 'Start: the name of the domain is asked first' : 'Start now', messages: [enter]},
			{label: `Read the ${plans.reduce((sum, {steps}) => sum + steps.length, 0)} commands`, messages: [character('@')]},
			{label: 'Save them as a shell script', messages: [character('w')]},
			...previous,
			...more,
			leave,
		],
	};
}

/** The text of the files that the commands take is long, and is read out where somebody wants it. */
function commandsPage(state: State, journey: Journey, theme: Theme, isUnfolded: boolean): LinearPage {
	const hasFiles = plansInSight(journey).some(({steps}) => steps.some(({command}) => command.files.length > 0));
	return {
		title: `${titleOfJourney(journey)}. Commands`,
		lines: plainText(pageOf(state, theme)!.lines),
		choices: [...(hasFiles ? [{label: isUnfolded ? 'Leave out the text of the files' : 'Read out the text of the files', messages: [character('x')]}] : []), back],
	};
}

/** The current page of a guided action. */
export function journeyPage(state: State, journey: Journey, theme: Theme): LinearPage {
	const style = {columns: state.columns, theme};
	const {view} = journey;
	switch (view?.kind) {
		case 'commands':
		case 'images': {
			return commandsPage(state, journey, theme, view.kind === 'commands' && view.isUnfolded);
		}

		case 'script': {
			return {
				title: titleOfJourney(journey),
				lines: [`Proposed: ${view.path}`, ...(journey.note === undefined ? [] : [journey.note])],
				choices: [],
				takesText: {prompt: 'The file to save the script as, or an empty line to keep what is proposed; a single "." goes back', toMessages: typed => ({'': [enter], '.': back.messages})[typed] ?? typeLine(typed)},
			};
		}

		case 'fields': {
			return answersPage(state, journey);
		}

		case 'name': {
			return namePage(journey);
		}

		default: {
			const field = focusedField(state, journey);
			return field === undefined ? effectsPage(state, journey, style) : questionPage(state, journey, field, style);
		}
	}
}

/** Every finding in one page; a number repairs the finding, or says why that cannot be done. */
export function doctorPage(state: State, style: {columns: number; theme: Theme}): LinearPage {
	const {diagnosis} = state;
	const findings = diagnosis?.findings.value ?? [];
	const isWaiting = diagnosis?.findings.waiting !== undefined;
	return {
		title: diagnosis === undefined ? 'Doctor' : doctorTitle(diagnosis),
		lines: diagnosis === undefined ? [] : plainText(doctorStatus(diagnosis, state.nowMs, style)),
		choices: [
			...findings.map((finding, index): LinearChoice => ({
				label: `${finding.severity}, ${finding.domain?.name ?? 'the host'}: ${finding.text} ${finding.meaning}${finding.request === undefined ? '' : ' A plan can fix it.'}`,
				messages: [{kind: 'option-chosen', index}],
			})),
			...(isWaiting ? [] : [{label: 'Check again', messages: [character('R')]}]),
			back,
		],
	};
}
