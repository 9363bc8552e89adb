/**
The commands that ran: those of one run, or of all that was done last.
*/
import type {RanCommand} from '../../model/plan/ran-command.ts';
import {answer, ask, type Update} from '../browse/read.ts';
import type {Command} from '../keys.ts';
import type {Message} from '../messages.ts';
import {moveIndex} from '../scroll.ts';
import type {Run, Scene, State} from '../state.ts';
import {titleOfAction} from '../../actions/registry.ts';
import {runsOf} from './jobs.ts';

/** `title`: of its action. */
export type LoggedCommand = {title: string; ran: RanCommand};

const commandsOf = (run: Run): LoggedCommand[] => run.commands.map(ran => ({title: titleOfAction(run.plan.action), ran}));

/** Of this session, as they ended. */
export function sessionCommands({runs, ended}: Pick<State, 'runs' | 'ended'>): LoggedCommand[] {
	return [...ended.map(({run}) => run), ...runsOf({runs})].flatMap(run => commandsOf(run)).sort((a, b) => (a.ran.at < b.ran.at ? -1 : Number(a.ran.at > b.ran.at)));
}

/** All that the page shows. What is at work is not in the files of the last actions by then. */
function loggedCommands(state: State, planId: string | undefined): LoggedCommand[] {
	const {runs, ended, log} = state;
	if (planId !== undefined) {
		const run = runs[planId] ?? ended.findLast(each => each.run.plan.id === planId)?.run;
		return run === undefined ? [] : commandsOf(run);
	}

	const known = new Set([...ended.map(({run}) => run.plan.id), ...Object.keys(runs)]);
	const earlier = (log.value ?? []).filter(({id}) => !known.has(id)).flatMap(({title, commands}) => commands.map((ran): LoggedCommand => ({title, ran})));
	return [...earlier, ...sessionCommands(state)];
}

/** The one with the cursor: the last, as long as nobody has moved. */
export function selectedCommand(state: State, {planId, index}: Scene & {kind: 'log'}): {index: number; all: LoggedCommand[]} {
	const all = loggedCommands(state, planId);
	return {index: Math.min(index ?? all.length - 1, all.length - 1), all};
}

/** From the page of a run its own, else those of the last actions. */
export function showLog(state: State): Update {
	const {scene, nextNumber: number} = state;
	const planId = scene.kind === 'running' ? scene.planId : (scene.kind === 'ended' ? scene.run.plan.id : undefined);
	const page: Scene = {kind: 'log', planId, index: undefined, from: scene};
	return planId === undefined
		? [{...state, nextNumber: number + 1, log: ask(state.log, number, state.nowMs), scene: page}, [{kind: 'read-log', number}]]
		: [{...state, scene: page}, []];
}

export function takeLog(state: State, {number, result}: Message & {kind: 'log-read'}): State {
	const log = answer(state.log, number, result);
	return log === undefined ? state : {...state, log};
}

/** What terminals take at the least, in bytes. */
const mostCopied = 74_994;

export function copy(state: State, text: string, what: string): Update {
	const bytes = new TextEncoder().encode(text).length;
	return bytes > mostCopied
		? [{...state, notice: `Not copied: ${what} is longer than terminals take (${bytes} bytes).`}, []]
		: [{...state, notice: `Copied: ${what}, where the terminal allows that (OSC 52).`}, [{kind: 'copy', text}]];
}

/** A run that has ended meanwhile has another page. */
function goBack(state: State, {from}: Scene & {kind: 'log'}): State {
	const ended = from.kind === 'running' && state.runs[from.planId] === undefined ? state.ended.findLast(({run}) => run.plan.id === from.planId) : undefined;
	return {
		...state,
		ended: state.ended.map(each => each === ended ? {...each, isSeen: true} : each),
		scene: ended === undefined ? from : {kind: 'ended', run: ended.run, outcome: ended.outcome, top: 0},
	};
}

export function updateLog(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'log' || command === undefined) {
		return [state, []];
	}

	const {index, all} = selectedCommand(state, scene);
	switch (command) {
		case 'back': {
			return [goBack(state, scene), []];
		}

		case 'copy': {
			const selected = all[index];
			return selected === undefined ? [state, []] : copy(state, selected.ran.command, 'the command');
		}

		default: {
			const moved = moveIndex(index, command, all.length);
			return [{...state, scene: {...scene, index: moved === all.length - 1 ? undefined : moved}}, []];
		}
	}
}
