/**
A plan at work, what came of it, and what an earlier run left unfinished.
*/
import {Box} from 'ink';
import {layoutOf} from '../../app/layout.ts';
import type {Run, Scene, State} from '../../app/state.ts';
import {runsOf} from '../../app/run/jobs.ts';
import {pageOf} from '../content/page.ts';
import {recoverPage} from '../content/recover.ts';
import {
	describeSteps, progressOfRun, stepLines, titleOfRun,
} from '../content/run/run.ts';
import {othersAtWork} from '../content/run/group.ts';
import {formatSeconds, titleOfPlans} from '../content/words.ts';
import {Choices} from '../parts/choices.tsx';
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

export function RecoverScreen({state, scene}: {readonly state: State; readonly scene: Scene & {kind: 'recover'}}) {
	const theme = useTheme();
	const {columns} = state;
	const {lines, lineRows, options, noteRows} = recoverPage(state, scene, {columns, theme});
	return (
		<>
			<Head text='Interrupted action' columns={columns}/>
			<LinesView lines={lines} rows={lineRows} columns={columns}/>
			<Box flexDirection='column' flexGrow={1}>
				<LineView pieces={[]} columns={columns}/>
				<Choices options={options} index={scene.index} columns={columns} noteRows={noteRows}/>
			</Box>
		</>
	);
}
