/**
What is at work and what ended last, in one line each; and what the shell keeps of it when the screen has gone.
*/
import {
	endedToTell, isUnseen, percentOf, runsOf, whyRolledBack,
} from '../../../app/run/jobs.ts';
import type {Ended, Run, State} from '../../../app/state.ts';
import {nounOfAction} from '../../../actions/registry.ts';
import {describeFailure} from '../../../model/text/describe-failure.ts';
import {describeTaken, formatAge, formatClock} from '../../../model/text/format.ts';
import type {Line} from '../../parts/line.tsx';
import {showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';
import {describeSpeed, titleOfRun} from './run.ts';

/** As a clause: "merge s2 of web01". */
const clauseOf = (run: Run): string => titleOfRun(run).replace(/^./u, first => first.toLowerCase());

/** At the bottom while browsing. */
export function jobsLine(state: State, {glyphs}: Theme): {pieces: Line; right: Line} {
	const runs = runsOf(state);
	const [run] = runs;
	const words = runs.length === 1
		? `${clauseOf(run!)}  ${percentOf(run!)} %  ${describeSpeed(run!, state.nowMs)}`.trimEnd()
		: `${runs.length} at work: ${runs.map(each => `${clauseOf(each)} ${percentOf(each)} %`).join(', ')}`;
	const end = state.quitWhenDone === undefined ? '' : 'Quits after: ';
	return {pieces: [{text: ` ${glyphs.job} `, tone: 'accent'}, {text: `${end}${words}`}], right: [{text: '  J', tone: 'accent'}, {text: ' open ', tone: 'dim'}]};
}

function howItEnded({run, outcome}: Ended): string {
	const done = {execute: 'done', forward: 'finished', back: 'rolled back', 'give-up': 'given up'}[run.kind];
	return outcome.kind === 'done' ? done : (outcome.kind === 'half-way' ? 'interrupted' : `${whyRolledBack(outcome)} and rolled back`);
}

/** What takes it back; empty where there is nothing to say. */
function undoWords({run, outcome}: Ended): string {
	const {undo, kind} = run;
	const isDone = outcome.kind === 'done' && (kind === 'execute' || kind === 'forward');
	return !isDone || undo === undefined ? '' : ('never' in undo ? 'not possible' : undo.text);
}

/** What was done last, and how it ended; at the right what takes it back, or the key that shows what failed. */
export function lastEndedLine(state: State, theme: Theme): {pieces: Line; right?: Line} {
	const ended = endedToTell(state);
	if (ended === undefined || state.scene.kind !== 'browse') {
		return {pieces: []};
	}

	const {run: {plan: {action}}, outcome, endedMs} = ended;
	const isDone = outcome.kind === 'done';
	const age = formatAge(Math.floor(endedMs / 1000), Math.floor(state.nowMs / 1000));
	const freed = isDone && outcome.takenBytes !== undefined && outcome.takenBytes !== 0 ? `, ${describeTaken(outcome.takenBytes).replace(/ on the host\.$/, '')}` : '';
	const undo = undoWords(ended);
	const pieces: Line = [
		{text: ` ${theme.glyphs[isDone ? 'done' : 'failed']} `, tone: isDone ? 'good' : 'loss'},
		{text: `${action.domain.name}: ${nounOfAction(action)} ${howItEnded(ended)} ${age}${freed}`, tone: isDone ? 'dim' : 'loss'},
	];
	const key = (text: string, label: string): Line => [{text: `  ${text}`, tone: 'accent'}, {text: ` ${label} `, tone: 'dim'}];
	return {pieces, right: isUnseen(ended) ? key('J', 'why') : (undo === '' ? [] : key('z', undo === 'not possible' ? 'undo: not possible' : 'undo'))};
}

/** For the title of the window: how far the first is. Undefined: nothing is at work. */
export function windowTitle(state: State): string | undefined {
	const [run, ...more] = runsOf(state);
	return run === undefined ? undefined : `${percentOf(run)} % ${clauseOf(run)}${more.length === 0 ? '' : ` (+${more.length})`}`;
}

/** As `partingLines`, ready to be printed. */
export function partingText(state: Pick<State, 'ended'>, program: string | undefined, theme: Theme): string {
	return partingLines(state, program, theme).map(text => `${showSafely(text, theme.isAscii)}\n`).join('');
}

/** One line for each action of this session, with its proof and the command that takes it back. `program`: as it is called for this host; undefined: nothing of it outlives the program. */
function partingLines({ended}: Pick<State, 'ended'>, program: string | undefined, {glyphs}: Theme): string[] {
	return ended.map(each => {
		const {run, outcome, endedMs} = each;
		const when = formatClock(endedMs).slice(0, 5);
		const {name} = run.plan.action.domain;
		const verified = run.kind === 'give-up' ? '' : ' and verified';
		const how = {
			done: `${howItEnded(each)}${verified}`,
			'rolled-back': `${howItEnded(each)}: ${outcome.kind === 'done' ? '' : describeFailure(outcome.failure).message.split('\n')[0]!}`,
			'half-way': `interrupted half-way${program === undefined ? '' : `; ${program} recover ${name}`}`,
		}[outcome.kind];
		const undo = undoWords(each);
		const back = undo === '' || program === undefined ? '' : `; undo: ${undo === 'not possible' ? undo : `${program} undo ${run.plan.id}`}`;
		return `${glyphs[outcome.kind === 'done' ? 'done' : 'failed']} ${clauseOf(run)}, ${when}: ${how}${back}`;
	});
}
