/**
A guided action: one question or one text at a time, with the way that lies before and behind.
*/
import {Box} from 'ink';
import type {Journey, Typing} from '../../app/journey/journey.ts';
import {type TextField, type Option} from '../../actions/question.ts';
import {presentQuestion, settingsOf} from '../../app/journey/questions.ts';
import {layoutOf} from '../../app/layout.ts';
import type {State} from '../../app/state.ts';
import {journeyHeadRows, pageOf} from '../content/page.ts';
import {confirmLines} from '../content/plan.ts';
import {
	contextLines, titleOfJourney, typingLines, wayLine, withFigures,
} from '../content/question.ts';
import {formatSeconds} from '../content/words.ts';
import {Choices} from '../parts/choices.tsx';
import {
	LineView, LinesView, line, paragraph, type Line,
} from '../parts/line.tsx';
import {useTheme, type Theme} from '../theme.ts';

/** "lines 1-12 of 40" where a text does not fit. */
export function positionPiece(page: {lines: Line[]; rows: number; top: number}): Line {
	const {lines, rows, top} = page;
	return lines.length <= rows ? [] : [{text: `lines ${top + 1}-${Math.min(lines.length, top + rows)} of ${lines.length} `, tone: 'accent'}];
}

/** What is asked at this moment: a heading with a list, or a text in its place. */
type Asked = {heading: string; options: Option[]; index: number; text: TextField | undefined; typing: Typing | undefined; note: string | undefined};

function askedOf(state: State, journey: Journey, {isAscii}: Theme): Asked | undefined {
	const {stage} = journey;
	if (stage.phase === 'settings') {
		const options = settingsOf(state, journey) ?? [];
		return {heading: `All options (${stage.index + 1} of ${options.length})`, options, index: stage.index, text: options[stage.index]?.text, typing: stage.typing, note: stage.note};
	}

	const question = presentQuestion(state, journey);
	return stage.phase === 'question' && question !== undefined
		? {heading: question.heading, options: withFigures(question.choices, stage.figures, isAscii ? '...' : '…'), index: stage.index, text: question.text, typing: stage.typing, note: stage.note}
		: undefined;
}

/** A note of a few lines stands below the list; the list takes the rest. */
const mostNoteRows = 4;

function Question({state, journey, rows}: {readonly state: State; readonly journey: Journey; readonly rows: number}) {
	const theme = useTheme();
	const {columns} = state;
	const style = {columns, theme};
	const asked = askedOf(state, journey, theme);
	if (asked === undefined) {
		return <LinesView lines={[]} rows={rows} columns={columns}/>;
	}

	const {options, index, text, typing, note} = asked;
	const whole = contextLines(state, journey, style);
	const noteRows = rows < 14 || journey.stage.phase === 'settings' ? 2 : mostNoteRows;
	// Where there is little room, the question comes before what it is about.
	const context = whole.length + 3 + noteRows + Math.min(options.length, 6) > rows ? [] : whole;
	const head = [...context, line(` ${asked.heading}`, 'strong'), []];
	if (text !== undefined && typing !== undefined) {
		return <LinesView lines={[...head, ...typingLines(text, {typing, note}, style)]} rows={rows} columns={columns}/>;
	}

	return (
		<Box flexDirection='column' height={rows}>
			<LinesView lines={head} rows={head.length} columns={columns}/>
			<Choices options={options} index={index} columns={columns} rows={Math.max(1, Math.min(options.length, rows - head.length - noteRows - 1))} noteRows={noteRows}/>
		</Box>
	);
}

function Content({state, journey, rows}: {readonly state: State; readonly journey: Journey; readonly rows: number}) {
	const theme = useTheme();
	const {columns} = state;
	const {stage} = journey;
	switch (stage.phase) {
		case 'question':
		case 'settings': {
			return <Question state={state} journey={journey} rows={rows}/>;
		}

		case 'planning': {
			const waited = state.nowMs - stage.sinceMs;
			const text = `Reading the host and making the plan${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`;
			return <LinesView lines={paragraph(text, {columns, theme, tone: 'dim', lead: {text: ' '}})} rows={rows} columns={columns}/>;
		}

		case 'confirm': {
			return <LinesView lines={confirmLines(journey, stage, {columns, theme})} rows={rows} columns={columns}/>;
		}

		default: {
			const page = pageOf(state, theme)!;
			return <LinesView lines={page.lines} top={page.top} rows={rows} columns={columns}/>;
		}
	}
}

export function JourneyScreen({state, journey}: {readonly state: State; readonly journey: Journey}) {
	const theme = useTheme();
	const {columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const page = pageOf(state, theme);
	return (
		<>
			<LineView pieces={[{text: ` ${titleOfJourney(journey)}`, tone: 'strong'}]} columns={columns} right={page === undefined ? [] : positionPiece(page)}/>
			<LineView pieces={wayLine(state, journey, theme)} columns={columns}/>
			<LineView pieces={[{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}]} columns={columns}/>
			<Content state={state} journey={journey} rows={bodyRows - journeyHeadRows}/>
		</>
	);
}
