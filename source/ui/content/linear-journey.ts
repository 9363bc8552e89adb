/**
The linear mode of what is guided: the questions of an action, its plan, its confirmation, and the findings of the doctor.
*/
import {isSameWord, needsName, wordToType} from '../../app/run/confirm-name.ts';
import {
	typedField, type Journey, type JourneyStage, type Typing,
} from '../../app/journey/journey.ts';
import type {TextField} from '../../actions/question.ts';
import {presentQuestion, questionsOf, settingsOf} from '../../app/journey/questions.ts';
import type {State} from '../../app/state.ts';
import type {Theme} from '../theme.ts';
import {doctorStatus, doctorTitle} from './findings.ts';
import {
	back, character, enter, key, leave, optionChoices, plainText, type LinearChoice, type LinearPage,
} from './linear-page.ts';
import {pageOf} from './page.ts';
import {confirmLines} from './plan.ts';
import {contextLines, titleOfJourney, withFigures} from './question.ts';

/** A text that is asked for: what is typed takes the place of what is proposed, and an empty line leaves that as it is. The text beside it is asked after it. */
function textPage(title: string, whole: TextField, {typing, note}: {typing: Typing; note: string | undefined}): LinearPage {
	const text = typedField(whole, typing);
	const problem = note ?? text.problem;
	const taken = whole.beside === undefined || typing.isBeside ? enter : key('tab');
	return {
		title,
		lines: [...(text.value === '' ? [] : [`Proposed: ${text.value}`]), ...(problem === undefined || (note === undefined && text.value === '') ? [] : [problem])],
		choices: [],
		takesText: {
			prompt: `${text.label}, or an empty line ${text.value === '' ? 'for none' : 'to keep it'}`,
			toMessages: typed => typed === '' ? [taken] : [key('ctrl-u'), {kind: 'key', key: {name: 'paste', text: typed}}, taken],
		},
	};
}

function questionPage(state: State, journey: Journey, theme: Theme): LinearPage {
	const title = titleOfJourney(journey);
	const {stage} = journey;
	const settings: LinearChoice[] = settingsOf(state, journey) === undefined ? [] : [{label: 'All options', messages: [character('o')]}];
	if (stage.phase === 'settings') {
		const all = settingsOf(state, journey) ?? [];
		const text = all[stage.index]?.text;
		return text === undefined || stage.typing === undefined
			? {title: `${title}. All options`, lines: [], choices: [...optionChoices(all), leave]}
			: textPage(title, text, {typing: stage.typing, note: stage.note});
	}

	const question = presentQuestion(state, journey);
	if (stage.phase !== 'question' || question === undefined) {
		return {title, lines: ['The host no longer has what this question is about.'], choices: [{label: 'Continue', messages: [enter]}, leave]};
	}

	const heading = `${title}. ${question.heading}`;
	const style = {columns: state.columns, theme};
	if (stage.typing !== undefined && question.text !== undefined) {
		const page = textPage(heading, question.text, {typing: stage.typing, note: stage.note});
		const {prompt, toMessages} = page.takesText!;
		return question.choices.length > 0
			? page
			: {...page, takesText: {prompt: `${prompt}; a single "." cancels, and nothing is changed`, toMessages: typed => typed === '.' ? [key('escape')] : toMessages(typed)}};
	}

	const rename: LinearChoice[] = question.text === undefined ? [] : [{label: 'Another name or a description for the snapshot', messages: [character('e')]}];
	const {figures} = stage;
	const options = optionChoices(withFigures(question.choices, figures, undefined));
	const isOpen = figures !== undefined && question.choices.some(({id, reason}) => reason === undefined && figures.known[id] === undefined);
	const lines = [...plainText(contextLines(state, journey, style)), ...(isOpen ? ['What each frees is being worked out; an empty line reads this page again.'] : [])];
	return {title: heading, lines, choices: [...options, ...rename, ...previousChoices(state, journey), ...settings, leave]};
}

function confirmPage(journey: Journey, stage: JourneyStage & {phase: 'confirm'}, style: {columns: number; theme: Theme}): LinearPage {
	const title = titleOfJourney(journey);
	const {word} = wordToType({name: journey.domain, uuid: journey.request.uuid});
	const start: LinearChoice = {label: 'Start now', messages: [enter]};
	const lines = plainText(confirmLines(journey, {...stage, typed: ''}, style, true)).filter(text => text.length > 3);
	if (!needsName(stage.plan)) {
		return {title, lines, choices: [start, leave]};
	}

	return isSameWord(stage.typed, word)
		? {title, lines: ['The name is right.'], choices: [start, leave]}
		: {
			title,
			lines,
			choices: [],
			takesText: {
				prompt: 'The name, or an empty line to cancel',
				toMessages: text => text === '' ? [key('escape')] : [key('ctrl-u'), {kind: 'key', key: {name: 'paste', text}}, ...(isSameWord(text, word) ? [] : [enter])],
			},
		};
}

/** One question back, as far as one was answered. */
function previousChoices(state: State, journey: Journey): LinearChoice[] {
	const ids = questionsOf(state, journey).map(({id}) => id);
	const {stage} = journey;
	const before = stage.phase === 'question' ? ids.slice(0, Math.max(0, ids.indexOf(stage.id))) : ids;
	return before.some(id => journey.answered.includes(id)) ? [{label: 'Back to the question before', messages: [key('left')]}] : [];
}

/** The text of the files that the commands take is long, and is read out where somebody wants it. */
function fileChoices(stage: JourneyStage & {phase: 'consequences' | 'commands'}): LinearChoice[] {
	return stage.phase === 'commands' && stage.plan.steps.some(({command}) => command.files.length > 0)
		? [{label: stage.isUnfolded ? 'Leave out the text of the files' : 'Read out the text of the files', messages: [character('x')]}]
		: [];
}

/** The current page of a guided action. */
export function journeyPage(state: State, journey: Journey, theme: Theme): LinearPage {
	const {stage} = journey;
	const title = titleOfJourney(journey);
	const options: LinearChoice[] = settingsOf(state, journey) === undefined ? [] : [{label: 'All options', messages: [character('o')]}];
	switch (stage.phase) {
		case 'question':
		case 'settings': {
			return questionPage(state, journey, theme);
		}

		case 'planning': {
			return {title, lines: ['Reading the host and making the plan.'], choices: [leave]};
		}

		case 'confirm': {
			return confirmPage(journey, stage, {columns: state.columns, theme});
		}

		case 'refused': {
			return {title, lines: plainText(pageOf(state, theme)!.lines), choices: [...previousChoices(state, journey), ...options, back]};
		}

		case 'consequences':
		case 'commands': {
			return {
				title,
				lines: plainText(pageOf(state, theme)!.lines),
				choices: [{label: 'Continue', messages: [enter]}, ...fileChoices(stage), ...previousChoices(state, journey), ...options, leave],
			};
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
