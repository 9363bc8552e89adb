/**
What stands around a question of a guided action: the way, what it is about, the text that is typed.
*/
import {
	subjectOfJourney, typedField, type Figures, type Journey, type Typing,
} from '../../app/journey/journey.ts';
import type {Option, TextField} from '../../actions/question.ts';
import {detailsOfJourney, questionsOf} from '../../app/journey/questions.ts';
import type {State} from '../../app/state.ts';
import {isScreenKind, screenOf, titleOfAction} from '../../actions/registry.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {describeHealth, formatSince, tellCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {descriptionOf} from '../../model/text/describe-snapshot.ts';
import {describeFreed, formatMomentWithAge} from '../../model/text/format.ts';
import {paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {stateOfSnapshot} from './words.ts';

type TextStyle = {columns: number; theme: Theme};

/** "Revert web to s1". */
export function titleOfJourney({request, domain}: Journey): string {
	const {uuid, ...rest} = request;
	return titleOfAction({...rest, domain: {uuid, name: domain}});
}

/** The questions, then what is common to all, with the current place marked: by its colour, and by the sign before it. */
export function wayLine(state: State, journey: Journey, theme: Theme): Line {
	const {stage} = journey;
	const questions = questionsOf(state, journey).map(({id, word}) => ({word, isHere: stage.phase === 'question' && stage.id === id}));
	const common = [
		{word: 'Effects', isHere: ['planning', 'refused', 'consequences'].includes(stage.phase)},
		{word: 'Commands', isHere: stage.phase === 'commands'},
		{word: 'Confirm', isHere: stage.phase === 'confirm'},
	];
	const settings = stage.phase === 'settings' ? [{word: 'Options', isHere: true}] : [];
	return [...questions, ...settings, ...common].flatMap(({word, isHere}, index): Line => [
		{text: index === 0 ? ' ' : ` ${theme.glyphs.next} `, tone: 'dim'},
		{text: isHere ? `[${word}]` : word, tone: isHere ? 'accent' : 'dim'},
	]);
}

/** When the snapshot or checkpoint was made, how good it is, and what it is for. */
function subjectLines(state: State, journey: Journey, {details, columns, theme}: TextStyle & {details: DomainDetails}): Line[] {
	const subject = subjectOfJourney(journey);
	const snapshot = subject?.kind === 'snapshot' ? details.snapshots.find(({name}) => name === subject.name) : undefined;
	const checkpoint = subject?.kind === 'checkpoint' ? details.checkpoints.find(({name}) => name === subject.name) : undefined;
	const told = checkpoint && tellCheckpoint(details, checkpoint);
	const found = snapshot ?? checkpoint;
	const description = snapshot === undefined ? checkpoint?.description : descriptionOf(snapshot);
	const worth = told === undefined ? snapshot && stateOfSnapshot(snapshot) : [describeHealth(told), ...(told.size === undefined ? [] : [`${formatSince(told.size)} since then`])].join(', ');
	return found === undefined
		? []
		: [
			[{text: snapshot === undefined ? ' made      ' : ' snapshot  ', tone: 'dim'}, {text: `${formatMomentWithAge(found.createdAt, Math.floor(state.nowMs / 1000))}; ${worth ?? ''}`}],
			...(description === undefined ? [] : paragraph(description, {columns: columns - 1, theme, lead: {text: '           '}}).slice(0, 3)),
		];
}

/** What the action is about, as it is on the host at this moment. */
export function contextLines(state: State, journey: Journey, {columns, theme}: TextStyle): Line[] {
	const details = detailsOfJourney(state, journey);
	if (details === undefined) {
		return [];
	}

	const {request} = journey;
	const more = isScreenKind(request.kind) ? screenOf(request.kind).context?.(details) : undefined;
	return [
		...subjectLines(state, journey, {details, columns, theme}),
		[{text: ' domain    ', tone: 'dim'}, {text: `${stateWord(details.domain.state)}, based on ${details.currentSnapshot ?? 'no snapshot'}`}],
		...(more === undefined ? [] : paragraph(more.text, {columns: columns - 1, theme, lead: {text: ` ${more.word.padEnd(10)}`, tone: 'dim'}}).slice(0, 2)),
		[],
	];
}

/** A text that is being typed, with the one beside it. What is wrong with it is said at once, and is no reproach before anything was typed. */
export function typingLines(text: TextField, {typing, note}: {typing: Typing; note: string | undefined}, {columns, theme}: TextStyle): Line[] {
	const field = typedField(text, typing);
	const fields = [text, ...text.beside === undefined ? [] : [text.beside]];
	const width = Math.max(...fields.map(({label}) => label.length));
	const problem = note ?? (field.value === '' ? undefined : field.problem);
	const hint = text.beside === undefined ? 'Enter accepts it; Ctrl-U clears it.' : `Enter accepts both; Tab goes to the ${typing.isBeside ? 'name' : 'description'}; Ctrl-U clears it.`;
	return [
		...fields.flatMap(({label, value}, index): Line[] => {
			const isTyped = (index === 1) === (typing.isBeside === true);
			return paragraph(`${value}${isTyped ? theme.glyphs.cursor : ''}`, {columns: columns - 1, theme, lead: {text: ` ${label.padEnd(width)}  `, tone: 'dim'}});
		}),
		[],
		...paragraph(problem ?? hint, {
			columns: columns - 1, theme, tone: problem === undefined ? 'dim' : 'warning', lead: {text: problem === undefined ? ' ' : ` ${theme.glyphs.warning} `, tone: 'warning'},
		}),
	];
}

/** Each choice with what it frees, as far as that is known; `pending`: what stands for a figure that is still to come. */
export function withFigures<T extends Option>(options: T[], figures: Figures | undefined, pending: string | undefined): T[] {
	const figureOf = ({id, reason}: T): string | undefined => {
		const figure = figures?.known[id];
		if (figures === undefined || reason !== undefined || figure === undefined) {
			return figures === undefined || reason !== undefined ? undefined : pending;
		}

		return figure.kind === 'not-planned' ? 'not possible as it is; Enter says why' : (figure.space === undefined ? undefined : describeFreed(figure.space));
	};

	return options.map(option => ({...option, figure: figureOf(option)}));
}
