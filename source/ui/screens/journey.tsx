/**
The guided revert: one question or one text at a time, with the way that lies before and behind.
*/
import {Box} from 'ink';
import {layoutOf} from '../../app/layout.ts';
import {endStateOptions, fateOptions} from '../../app/update-journey.ts';
import type {Journey, JourneyStage, State} from '../../app/state.ts';
import {formatAge} from '../../model/format.ts';
import {journeyHeadRows, pageOf} from '../content/page.ts';
import {namingLines} from '../content/plan.ts';
import {formatSeconds, stateOfSnapshot, stateWord} from '../content/words.ts';
import {Choices} from '../parts/choices.tsx';
import {
	LineView, LinesView, line, paragraph, type Line,
} from '../parts/line.tsx';
import {useTheme, type Theme} from '../theme.ts';

const way: Array<{phases: Array<JourneyStage['phase']>; word: string}> = [
	{phases: ['fate'], word: 'Present state'},
	{phases: ['end-state'], word: 'Afterwards'},
	{phases: ['planning', 'refused', 'consequences'], word: 'What happens'},
	{phases: ['commands'], word: 'Commands'},
	{phases: ['naming'], word: 'Confirm'},
];

function wayLine(journey: Journey, theme: Theme): Line {
	return way.flatMap(({phases, word}, index): Line => [
		{text: index === 0 ? ' ' : ` ${theme.glyphs.next} `, tone: 'dim'},
		{text: word, tone: phases.includes(journey.stage.phase) ? 'accent' : 'dim'},
	]);
}

/** "lines 1-12 of 40" where a text does not fit. */
export function positionPiece(page: {lines: Line[]; rows: number; top: number}): Line {
	const {lines, rows, top} = page;
	return lines.length <= rows ? [] : [{text: `lines ${top + 1}-${Math.min(lines.length, top + rows)} of ${lines.length} `, tone: 'accent'}];
}

function contextLines(state: State, journey: Journey, theme: Theme): Line[] {
	const picture = state.pictures[journey.uuid]?.value;
	const snapshot = picture?.snapshots.find(candidate => candidate.name === journey.snapshot);
	if (picture === undefined || snapshot === undefined) {
		return [];
	}

	return [
		[
			{text: ' snapshot  ', tone: 'dim'},
			{text: `${theme.time(snapshot.createdAt)} (${formatAge(snapshot.createdAt, Math.floor(state.nowMs / 1000))}); ${stateOfSnapshot(snapshot)}`},
		],
		[{text: ' domain    ', tone: 'dim'}, {text: `${stateWord(picture.domain.state)}, after ${picture.currentSnapshot ?? 'no snapshot'}`}],
		[],
	];
}

function Question({state, journey, rows}: {readonly state: State; readonly journey: Journey; readonly rows: number}) {
	const theme = useTheme();
	const {columns} = state;
	const {stage} = journey;
	if (stage.phase !== 'fate' && stage.phase !== 'end-state') {
		return null;
	}

	const context = contextLines(state, journey, theme);
	const question = stage.phase === 'fate' ? ' What becomes of the present state?' : ' What shall the domain do afterwards?';
	const isEditing = stage.phase === 'fate' && stage.editing;
	return (
		<Box flexDirection='column' height={rows}>
			{context.map((pieces, index) => (
				// eslint-disable-next-line react/no-array-index-key -- Lines have no other identity.
				<LineView key={index} pieces={pieces} columns={columns}/>
			))}
			<LineView pieces={line(question, 'strong')} columns={columns}/>
			<LineView pieces={[]} columns={columns}/>
			{isEditing
				? (
					<>
						<LineView pieces={[{text: ' Keep it as the snapshot  ', tone: 'dim'}, {text: journey.keepName}, {text: theme.glyphs.cursor, tone: 'accent'}]} columns={columns}/>
						<LineView pieces={[]} columns={columns}/>
						<LineView pieces={line(stage.note === undefined ? ' Enter takes the name.' : ` ${stage.note}`, stage.note === undefined ? 'dim' : 'warning')} columns={columns}/>
					</>
				)
				: <Choices hasNotes options={stage.phase === 'fate' ? fateOptions(journey) : endStateOptions(state, journey)} index={stage.index} columns={columns}/>}
		</Box>
	);
}

function Content({state, journey, rows}: {readonly state: State; readonly journey: Journey; readonly rows: number}) {
	const theme = useTheme();
	const {columns} = state;
	const {stage} = journey;
	switch (stage.phase) {
		case 'fate':
		case 'end-state': {
			return <Question state={state} journey={journey} rows={rows}/>;
		}

		case 'planning': {
			const waited = state.nowMs - stage.sinceMs;
			const text = `Reading the host and making the plan${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`;
			return <LinesView lines={paragraph(text, {columns, theme, tone: 'dim', lead: {text: ' '}})} rows={rows} columns={columns}/>;
		}

		case 'naming': {
			return <LinesView lines={namingLines(journey, stage, {columns, theme})} rows={rows} columns={columns}/>;
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
			<LineView pieces={[{text: ` Revert ${journey.domain} to ${journey.snapshot}`, tone: 'strong'}]} columns={columns} right={page === undefined ? [] : positionPiece(page)}/>
			<LineView pieces={wayLine(journey, theme)} columns={columns}/>
			<LineView pieces={[{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}]} columns={columns}/>
			<Content state={state} journey={journey} rows={bodyRows - journeyHeadRows}/>
		</>
	);
}
