/**
The answers of a guided action, as the fields at the top of its page.
*/
import {detailsOfJourney, fieldsOf} from '../../app/journey/fields.ts';
import {clockOfPage, subjectOfJourney, type Figures, type Journey} from '../../app/journey/journey.ts';
import type {State} from '../../app/state.ts';
import type {
	Choice, ChoiceField, Field, Option, TextField,
} from '../../actions/question.ts';
import {isScreenKind, screenOf, titleOfAction} from '../../actions/registry.ts';
import {widthOf} from '../../model/text/cells.ts';
import {describeHealth, formatSince, summariseCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {descriptionOf} from '../../model/text/describe-snapshot.ts';
import {describeFreed, formatMomentWithAge} from '../../model/text/format.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {listNames} from '../../model/text/list-names.ts';
import {paragraph, type Line, type Piece} from '../parts/line.tsx';
import {showSafely} from '../text.ts';
import type {Theme} from '../theme.ts';
import {mostInTitle, stateOfSnapshot} from './words.ts';

type TextStyle = {columns: number; theme: Theme};

/** "Revert web to s1". */
export function titleOfJourney({request, domain, group}: Journey): string {
	const {uuid, ...rest} = request;
	return titleOfAction({...rest, domain: {uuid, name: listNames([domain, ...(group?.others ?? []).map(({name}) => name)], mostInTitle)}});
}

type Subject = {moment: string; worth: string | undefined; description: string | undefined};

/** When the snapshot or checkpoint was made, how good it is, and what it is for. */
function subjectOf(state: State, journey: Journey): Subject | undefined {
	const details = detailsOfJourney(state, journey);
	const subject = subjectOfJourney(journey);
	const snapshot = subject?.kind === 'snapshot' ? details?.snapshots.find(({name}) => name === subject.name) : undefined;
	const checkpoint = subject?.kind === 'checkpoint' ? details?.checkpoints.find(({name}) => name === subject.name) : undefined;
	const facts = details && checkpoint && summariseCheckpoint(details, checkpoint);
	const found = snapshot ?? checkpoint;
	return found && {
		moment: formatMomentWithAge(found.createdAt, Math.floor(clockOfPage(state, journey) / 1000)),
		worth: facts === undefined ? snapshot && stateOfSnapshot(snapshot) : [describeHealth(facts), ...(facts.size === undefined ? [] : [`${formatSince(facts.size)} since then`])].join(', '),
		description: snapshot === undefined ? checkpoint?.description : descriptionOf(snapshot),
	};
}

/** At the right end of the title, where there is room. */
export function momentOfJourney(state: State, journey: Journey): string {
	const moment = subjectOf(state, journey)?.moment ?? '';
	return widthOf(titleOfJourney(journey)) + widthOf(moment) + 4 <= state.columns ? moment : '';
}

/** What the action is about: what it is for, how good it is; else the domain as it is at this moment. */
export function contextLines(state: State, journey: Journey, {columns, theme}: TextStyle): Line[] {
	const details = detailsOfJourney(state, journey);
	const subject = subjectOf(state, journey);
	const {request} = journey;
	const more = details && isScreenKind(request.kind) ? screenOf(request.kind).context?.(details) : undefined;
	const domain = details && `${stateWord(details.domain.state)}, based on ${details.currentSnapshot ?? 'no snapshot'}${more === undefined ? '' : `; ${more.word} ${more.text}`}`;
	if (subject === undefined) {
		return domain === undefined ? [] : [[{text: ` ${domain}`, tone: 'dim'}]];
	}

	const about = [subject.description, subject.worth].filter(text => text !== undefined).join(theme.isAscii ? ' - ' : ' · ');
	return paragraph(about, {columns: columns - 1, theme, tone: 'dim', lead: {text: ' '}}).slice(0, 2);
}

/** Each choice with what it frees, as far as that is known; `pending`: what stands for a figure that is still to come. */
export function withFigures<T extends Option>(options: T[], figures: Figures | undefined, pending: string | undefined): T[] {
	const figureOf = ({id, reason}: T): string | undefined => {
		const figure = figures?.known[id];
		if (figures === undefined || reason !== undefined || figure === undefined) {
			return figures === undefined || reason !== undefined ? undefined : pending;
		}

		return figure.kind === 'not-planned' ? 'not possible as it is' : (figure.space === undefined ? undefined : describeFreed(figure.space));
	};

	return options.map(option => ({...option, figure: figureOf(option)}));
}

type FieldStyle = TextStyle & {isFocused: boolean; labelColumns: number; figures: Figures | undefined};

const signOf = (choice: Choice, {chosen}: ChoiceField, {isAscii}: Theme) => choice.id === chosen ? (isAscii ? '(*)' : '(•)') : '( )';

function choicePieces(choice: Choice, field: ChoiceField, {theme, isFocused}: FieldStyle): Line {
	const isChosen = choice.id === field.chosen && choice.reason === undefined;
	const chosenTone = isFocused ? 'accent' : 'plain';
	const tone = isChosen ? chosenTone : 'dim';
	return [{text: `${signOf(choice, field, theme)} ${choice.label}`, tone, press: {field: field.id, choice: choice.id}}];
}

const widthOfPieces = (pieces: Line) => pieces.reduce((sum, {text}) => sum + widthOf(text), 0);

/** So wide is what is said of a choice; where there is less room it is said of the chosen one alone, below. */
const figureColumns = 22;

const widestOf = ({choices}: ChoiceField) => Math.max(...choices.map(({label}) => widthOf(label)));

const hasFigureRoom = (field: ChoiceField, {columns, labelColumns}: FieldStyle) => labelColumns + 4 + widestOf(field) + 3 + figureColumns <= columns;

const figuredChoices = (field: ChoiceField, {figures, theme}: FieldStyle) => withFigures(field.choices, field.showsSpace ? figures : undefined, theme.isAscii ? '...' : '…');

/** One choice to a line, with what it frees. */
function listLines(field: ChoiceField, style: FieldStyle): Line[] {
	const widest = widestOf(field);
	const hasRoom = hasFigureRoom(field, style);
	return figuredChoices(field, style).map(choice => [
		...choicePieces(choice, field, style),
		{text: choice.reason === undefined ? '' : `  (${choice.reason})`, tone: 'dim'},
		{text: choice.figure === undefined || !hasRoom ? '' : `${' '.repeat(widest - widthOf(choice.label) + 3)}${choice.figure}`, tone: 'dim'},
	]);
}

/** As many choices on a line as there is room for. */
function flowLines(field: ChoiceField, style: FieldStyle): Line[] {
	const lines: Line[] = [];
	const room = style.columns - style.labelColumns;
	for (const choice of field.choices) {
		const pieces = choicePieces(choice, field, style);
		const last = lines.at(-1);
		if (last !== undefined && widthOfPieces(last) + 3 + widthOfPieces(pieces) <= room) {
			last.push({text: '   '}, ...pieces);
		} else {
			lines.push(pieces);
		}
	}

	return lines;
}

/** A text that is too long keeps its end in sight, where it is typed. */
function textPieces(field: TextField, room: number, {theme, isFocused}: FieldStyle): Line {
	const safe = showSafely(field.value, theme.isAscii);
	const characters = [...safe];
	while (characters.length > 0 && widthOf(characters.join('')) > room - 2) {
		characters.shift();
	}

	const shown = characters.length === [...safe].length ? safe : `${theme.glyphs.ellipsis}${characters.join('')}`;
	return [{text: shown, tone: isFocused ? 'accent' : 'plain', press: {field: field.id}}, {text: isFocused ? theme.glyphs.cursor : '', tone: 'accent'}];
}

/** What is to be known of the answer that the cursor is at. */
function noteLines(field: Field, style: FieldStyle): Line[] {
	const notes = field.kind === 'text'
		? [field.problem ?? field.note]
		: [hasFigureRoom(field, style) ? undefined : figuredChoices(field, style).find(({id}) => id === field.chosen)?.figure, field.choices.find(({id}) => id === field.chosen)?.note, ...field.isList ? [] : field.choices.map(({label, reason}) => reason === undefined ? undefined : `${label} is not possible: ${reason}.`)];
	const tone = field.kind === 'text' && field.problem !== undefined ? 'warning' : 'dim';
	return notes.flatMap(note => note === undefined ? [] : paragraph(note, {columns: style.columns - 1, theme: style.theme, tone, lead: {text: ' '.repeat(style.labelColumns)}}));
}

const label = (field: Field, {isFocused, labelColumns, theme}: FieldStyle): Piece => ({text: `${isFocused ? theme.glyphs.pointer : ' '}${field.label.padEnd(labelColumns - 1)}`, tone: isFocused ? 'accent' : 'strong', press: {field: field.id}});

function fieldLines(field: Field, style: FieldStyle): Line[] {
	const {labelColumns, columns} = style;
	const answer = field.kind === 'text' ? [textPieces(field, columns - labelColumns, style)] : (field.isList ? listLines(field, style) : flowLines(field, style));
	return answer.map((pieces, index): Line => [index === 0 ? label(field, style) : {text: ' '.repeat(labelColumns)}, ...pieces]);
}

type Shown = {lines: Line[]; focus: {first: number; last: number} | undefined};

/** A short text shares the line of the text before it. */
function isOnLineOf(before: Field | undefined, field: Field, {columns, labelColumns}: FieldStyle): boolean {
	return field.kind === 'text' && field.isBeside === true && before?.kind === 'text' && widthOf(before.value) + labelColumns < Math.floor(columns / 2);
}

function besideLine(last: Line, field: TextField, style: FieldStyle): Line {
	const half = Math.floor(style.columns / 2);
	const tone = style.isFocused ? 'accent' : 'strong';
	return [
		...last,
		{text: ' '.repeat(Math.max(1, half - widthOfPieces(last)))},
		{text: `${style.isFocused ? style.theme.glyphs.pointer : ' '}${field.label}  `, tone, press: {field: field.id}},
		...textPieces(field, half - widthOf(field.label) - 3, style),
	];
}

/** All of them, with what is to be known of the one that has the cursor below it. */
export function fieldsLines(state: State, journey: Journey, {columns, theme}: TextStyle): Shown {
	const fields = fieldsOf(state, journey);
	const labelColumns = Math.max(0, ...fields.map(field => widthOf(field.label))) + 3;
	const lines: Line[] = [];
	let focus: Shown['focus'];
	for (const [index, field] of fields.entries()) {
		const isFocused = field.id === journey.field;
		const fieldStyle: FieldStyle = {
			columns, theme, isFocused, labelColumns, figures: journey.figures,
		};
		const before = fields[index - 1];
		const last = before?.id !== journey.field && isOnLineOf(before, field, fieldStyle) ? lines.pop() : undefined;
		const first = lines.length;
		lines.push(...(last !== undefined && field.kind === 'text' ? [besideLine(last, field, fieldStyle)] : fieldLines(field, fieldStyle)));
		if (isFocused) {
			lines.push(...noteLines(field, fieldStyle));
			focus = {first, last: lines.length - 1};
		}
	}

	return {lines, focus};
}
