/**
A plan at work and what came of it, as lines.
*/
import {copiedSoFar, speedOf} from '../../../app/run/copied.ts';
import {percentOf, shareOf, whyRolledBack} from '../../../app/run/jobs.ts';
import {whenStoppedNow} from '../../../app/run/update-run.ts';
import type {Run, StepState} from '../../../app/state.ts';
import {keptName} from '../../../model/plan/request.ts';
import {describeDone, titleOfAction} from '../../../actions/registry.ts';
import {describeFailure} from '../../../model/text/describe-failure.ts';
import {describeTaken, formatBytes} from '../../../model/text/format.ts';
import type {Copied, Outcome} from '../../../app/services.ts';
import {
	fitLine, line, paragraph, type Line,
} from '../../parts/line.tsx';
import type {Theme, Tone} from '../../theme.ts';
import {goneWith, targetOf} from '../../../model/plan/plan.ts';
import {failureLines} from '../failure.ts';
import {formatSeconds} from '../words.ts';

type TextStyle = {columns: number; theme: Theme};

const tones: Record<StepState, Tone> = {
	waiting: 'dim', running: 'accent', done: 'good', failed: 'loss', undone: 'warning', 'left-out': 'warning',
};
const glyphs = {
	waiting: 'waiting', running: 'working', done: 'done', failed: 'failed', undone: 'undone', 'left-out': 'waiting',
} as const;
const words: Record<StepState, string> = {
	waiting: '', running: 'running', done: '', failed: 'failed', undone: 'rolled back', 'left-out': 'skipped',
};

/** Each step with its state, in a sign and a word. `isOver`: what waits now was not done. */
export function stepLines(run: Run, nowMs: number, {columns, theme, isOver = false}: TextStyle & {isOver?: boolean}): Line[] {
	return run.plan.steps.flatMap(step => {
		const state = run.steps[step.id] ?? 'waiting';
		const word = state === 'running' ? formatSeconds(nowMs - run.sinceMs) : (state === 'waiting' && isOver ? 'not done' : words[state]);
		return paragraph(`${step.title}${word === '' ? '' : `  (${word})`}`, {
			columns: columns - 1, theme, tone: state === 'waiting' ? 'dim' : (state === 'failed' ? 'loss' : 'plain'),
			lead: {text: ` ${theme.glyphs[glyphs[state]]} `, tone: tones[state]},
		});
	});
}

const mostBarColumns = 40;
/** What stands beside the bar. */
const numberColumns = 42;

/** "15.1 of 22.0 GiB". */
function formatCopied({doneBytes, totalBytes}: Copied): string {
	const [done, total] = [Math.min(doneBytes, totalBytes), totalBytes].map(bytes => formatBytes(bytes)) as [string, string];
	const [number, unit] = done.split(' ');
	return `${total.endsWith(` ${unit}`) ? number : done} of ${total}`;
}

/** How far the action has come: a bar, the same in numbers, how fast it is and how long the rest takes at this speed. Empty where nothing is copied. */
function progressLines(run: Run, nowMs: number, {columns, theme}: TextStyle): Line[] {
	const copied = copiedSoFar(run);
	if (copied === undefined) {
		return [];
	}

	const barColumns = Math.max(10, Math.min(mostBarColumns, columns - numberColumns));
	const filled = Math.floor(shareOf(run) * barColumns);
	const speed = describeSpeed(run, nowMs);
	return [fitLine([
		{text: ' '},
		{text: theme.glyphs.full.repeat(filled), tone: 'accent'},
		{text: theme.glyphs.empty.repeat(barColumns - filled), tone: 'dim'},
		{text: ` ${String(percentOf(run)).padStart(3)} %  ${formatCopied(copied)}${speed === '' ? '' : `  ${speed}`}`},
	], columns, theme)];
}

/** How fast it copies, and how long the rest takes at this speed; empty as long as that is not known. */
export function describeSpeed(run: Run, nowMs: number): string {
	const speed = speedOf(run, nowMs);
	return speed === undefined ? '' : `${formatBytes(speed.bytesPerSecond)}/s  ${formatSeconds(Math.ceil(speed.leftMs / 1000) * 1000)}`;
}

/**
What Ctrl-C means at this moment. A step that can be cancelled ends at once; any other is brought to its end. What can be undone is put back; from the
switch on the work goes forward, and only what copies can be left for `recover`.
*/
function stopWords(run: Run): {asking: string; asked: string} {
	const step = run.plan.steps.find(({id}) => id === run.current);
	const isForward = run.activity === 'proving' || step?.phase === 'switch' || step?.phase === 'remove';
	if (step?.cancel !== undefined) {
		const reached = run.plan.steps.filter(({id}) => run.steps[id] === 'done' || run.steps[id] === 'running');
		const canPutBack = step.phase !== 'remove' && reached.every(({undo}) => undo !== null);
		const after = canPutBack ? 'everything is rolled back.' : 'the images stay intact, and vsnap-tui recover finishes the rest.';
		return {asking: `Press Ctrl-C again to cancel this step cleanly: ${after} Any other key continues.`, asked: `Cancelling this step: ${after}`};
	}

	return isForward
		? {
			asking: 'Too late to stop: the switch has begun, so the action will be completed.',
			asked: 'The switch had begun: the action will be completed.',
		}
		: {
			asking: 'Stop? Press Ctrl-C again to stop after this step and roll everything back; any other key continues.',
			asked: 'Stopping: the current step is completed, then everything is rolled back.',
		};
}

const runWords: Record<Run['kind'], string> = {execute: '', forward: 'Finish: ', back: 'Roll back: ', 'give-up': 'Give up: '};

export const titleOfRun = ({plan, kind}: Run): string => `${runWords[kind]}${titleOfAction(plan.action)}`;

export function describeSteps({plan, steps}: Run): string {
	return `${plan.steps.filter(({id}) => steps[id] === 'done').length} of ${plan.steps.length} steps`;
}

/** The step at work, where it copies; or what goes on beside the steps. */
function currentLine(run: Run, nowMs: number, {columns, theme}: TextStyle): Line[] {
	const since = formatSeconds(nowMs - run.sinceMs);
	const step = run.plan.steps.find(({id}) => id === run.current);
	if (step !== undefined) {
		return run.copied === undefined
			? []
			: [fitLine([{text: ` ${theme.glyphs.working} `, tone: 'accent'}, {text: step.title}], columns, theme, [{text: `${formatCopied(run.copied)} `, tone: 'dim'}])];
	}

	const activity = {
		looking: run.kind === 'execute' ? `Checking that nothing has changed since the plan was made, ${since}` : `Finding out how far it got, ${since}`,
		working: '',
		proving: `Verifying the result on the host, ${since}`,
		'rolling-back': `Rolling back, ${since}`,
	}[run.activity];
	return activity === '' ? [] : [line(` ${activity}`, 'strong')];
}

/** How far it is, what goes on, and what would be true if it were stopped now. */
export function progressOfRun(run: Run, nowMs: number, {columns, theme}: TextStyle): Line[] {
	const stop = run.stop === 'no'
		? []
		: paragraph(stopWords(run)[run.stop], {
			columns: columns - 1, theme, tone: 'warning', lead: {text: ' ', tone: 'warning'},
		});
	return [
		...progressLines(run, nowMs, {columns, theme}),
		...currentLine(run, nowMs, {columns, theme}),
		...(run.kind === 'execute' ? paragraph(whenStoppedNow(run), {columns: columns - 1, theme, lead: {text: ' If interrupted now: ', tone: 'dim'}}) : []),
		...stop,
	];
}

/** Whether nothing is to be said of what was put back. */
function isQuiteAsBefore({failure}: Outcome & {kind: 'rolled-back'}): boolean {
	return failure.kind !== 'put-back-but-off' && !('aftermath' in failure && (failure.aftermath ?? []).length > 0);
}

function rolledBackText(outcome: Outcome & {kind: 'rolled-back'}, hasLeft: boolean): string {
	const {clause, all} = {
		stopped: {clause: 'It was stopped', all: 'It was stopped and rolled back.'},
		failed: {clause: 'It failed', all: 'It failed and was rolled back.'},
	}[whyRolledBack(outcome)];
	return isQuiteAsBefore(outcome) ? `${clause}; ${hasLeft ? 'the content of every disk' : 'everything'} is as before.` : all;
}

function verdict(run: Run, outcome: Outcome): {text: string; tone: Tone} {
	if (outcome.kind === 'done') {
		const {action} = run.plan;
		const {expected} = targetOf(run.plan);
		const end = expected.endState === undefined ? '' : {running: ' It is running.', paused: ' It is paused.', shutoff: ' It is off.'}[expected.endState];
		return {
			execute: {text: `Done and verified. ${describeDone(action)}${end}`, tone: 'good' as const},
			forward: {text: `Finished and verified. ${describeDone(action)}`, tone: 'good' as const},
			back: {text: `Everything of ${action.domain.name} is as it was before.`, tone: 'good' as const},
			'give-up': {text: `Given up. Nothing of ${action.domain.name} was touched, and other actions are possible. Checking the domain shows what is left to fix.`, tone: 'good' as const},
		}[run.kind];
	}

	const hasLeft = 'left' in outcome.failure && outcome.failure.left !== undefined;
	return outcome.kind === 'rolled-back'
		? {text: rolledBackText(outcome, hasLeft), tone: 'warning'}
		: {text: 'It stopped half-way. The journal is safe: finish it, roll it back, or give it up.', tone: 'loss'};
}

export function endedLines(run: Run, outcome: Outcome, style: TextStyle): Line[] {
	const {text, tone} = verdict(run, outcome);
	const isDone = outcome.kind === 'done' && (run.kind === 'execute' || run.kind === 'forward');
	const name = isDone ? keptName(run.plan.action) : undefined;
	const deleted = isDone ? goneWith(run.plan) : [];
	const kept = name === undefined
		? []
		: paragraph(`The former state is kept as snapshot "${name}": revert to it to go back.`, {...style, columns: style.columns - 1, lead: {text: ' '}});
	return [
		...paragraph(text, {
			...style, columns: style.columns - 1, tone: tone === 'good' ? 'good' : tone, lead: {text: ' '},
		}),
		...kept,
		...deleted.flatMap(text => paragraph(text, {...style, columns: style.columns - 1, lead: {text: ' '}})),
		...(run.notLogged === undefined
			? []
			: paragraph(`The audit log could not be written. ${describeFailure(run.notLogged).message}`, {
				...style, columns: style.columns - 1, tone: 'warning', lead: {text: ' '},
			})),
		...(outcome.kind === 'done' && outcome.takenBytes !== undefined ? paragraph(describeTaken(outcome.takenBytes, run.kind !== 'execute'), {...style, columns: style.columns - 1, lead: {text: ' '}}) : []),
		...(outcome.kind === 'done' ? outcome.remarks ?? [] : []).flatMap(remark => paragraph(remark, {...style, columns: style.columns - 1, tone: 'warning', lead: {text: ' '}})),
		[],
		...(outcome.kind === 'done' ? [] : [...failureLines(outcome.failure, style), []]),
		...(run.kind === 'give-up' ? [] : stepLines(run, run.sinceMs, {...style, isOver: !isDone})),
	];
}
