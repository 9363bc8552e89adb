/**
A plan at work, what came of it, and what an earlier run left unfinished.
*/
import {Box} from 'ink';
import {layoutOf} from '../../app/layout.ts';
import {recoverOptions} from '../../app/run/update-recover.ts';
import type {Run, Scene, State} from '../../app/state.ts';
import {runsOf} from '../../app/run/jobs.ts';
import {endedHeadRows, pageOf} from '../content/page.ts';
import {unfinishedLines} from '../content/recover.ts';
import {
	describeSteps, progressOfRun, stepLines, titleOfRun,
} from '../content/run/run.ts';
import {othersAtWork} from '../content/run/group.ts';
import {formatSeconds, titleOfPlans} from '../content/words.ts';
import {Choices, noteLines} from '../parts/choices.tsx';
import {withHits} from '../parts/found.ts';
import {
	LineView, LinesView, type Line,
} from '../parts/line.tsx';
import {useTheme} from '../theme.ts';
import {positionPiece} from './journey.tsx';

function Head({text, columns, right}: {readonly text: string; readonly columns: number; readonly right?: Line}) {
	const theme = useTheme();
	return (
		<>
			<LineView pieces={[{text: ` ${text}`, tone: 'strong'}]} columns={columns} right={right}/>
			<LineView pieces={[{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}]} columns={columns}/>
			<LineView pieces={[]} columns={columns}/>
		</>
	);
}

/** Steps scroll by themselves, so that the one at work is in sight. */
export function RunningScreen({state, run}: {readonly state: State; readonly run: Run}) {
	const theme = useTheme();
	const {columns, nowMs} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const style = {columns, theme};
	const progress = [...othersAtWork(state, run), ...progressOfRun(run, nowMs, style)];
	const steps = stepLines(run, nowMs, style);
	const rows = Math.max(1, bodyRows - progress.length - 2);
	const current = run.plan.steps.findLastIndex(step => (run.steps[step.id] ?? 'waiting') !== 'waiting');
	const reached = stepLines({...run, plan: {...run.plan, steps: run.plan.steps.slice(0, current + 2)}}, nowMs, style).length;
	const top = Math.max(0, Math.min(steps.length - rows, reached - rows));
	const count = runsOf(state).length;
	const more = count > 1 ? `  (${count} at work: J)` : '';
	return (
		<>
			<LineView
				pieces={[{text: ` ${titleOfRun(run)}`, tone: 'strong'}, {text: `    ${describeSteps(run)}${more}`}]}
				columns={columns}
				right={[{text: `${formatSeconds(nowMs - run.startedMs)} `, tone: 'dim'}]}
			/>
			<LinesView lines={progress} rows={progress.length} columns={columns}/>
			<LineView pieces={[{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}]} columns={columns}/>
			<LinesView lines={steps} top={top} rows={rows} columns={columns}/>
		</>
	);
}

export function EndedScreen({state, scene}: {readonly state: State; readonly scene: Scene & {kind: 'ended'}}) {
	const theme = useTheme();
	const page = pageOf(state, theme)!;
	return (
		<>
			<Head text={titleOfRun(scene.run)} columns={state.columns} right={positionPiece(page)}/>
			<LinesView lines={withHits(state, page.lines, theme)} top={page.top} rows={page.rows} columns={state.columns}/>
		</>
	);
}

export function GroupEndedScreen({state, scene}: {readonly state: State; readonly scene: Scene & {kind: 'group-ended'}}) {
	const theme = useTheme();
	const page = pageOf(state, theme)!;
	return (
		<>
			<Head text={titleOfPlans(scene.ends.map(({run}) => run.plan))} columns={state.columns} right={positionPiece(page)}/>
			<LinesView lines={withHits(state, page.lines, theme)} top={page.top} rows={page.rows} columns={state.columns}/>
		</>
	);
}

/** Of what was interrupted, so much stays in sight before the words on the selected way: what it is, what the domain does now, and what that means. */
const fewestRows = 6;

export function RecoverScreen({state, scene}: {readonly state: State; readonly scene: Scene & {kind: 'recover'}}) {
	const theme = useTheme();
	const {columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const action = scene.actions[0]!;
	const lines = unfinishedLines(state, action, scene.actions.length, {columns, theme});
	const options = recoverOptions(state, action);
	const rows = bodyRows - endedHeadRows - options.length - 2;
	const noteRows = Math.max(1, Math.min(rows - Math.min(lines.length, fewestRows), Math.max(...options.map(({note}) => noteLines(note, {columns, theme}).length))));
	return (
		<>
			<Head text='Interrupted action' columns={columns}/>
			<LinesView lines={lines} rows={Math.min(lines.length, rows - noteRows)} columns={columns}/>
			<Box flexDirection='column' flexGrow={1}>
				<LineView pieces={[]} columns={columns}/>
				<Choices options={options} index={scene.index} columns={columns} noteRows={noteRows}/>
			</Box>
		</>
	);
}
