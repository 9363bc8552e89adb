/**
How the program ends: at once where nothing is at work, else after a question, or after a signal has stopped what is.
*/
import type {Update} from '../browse/read.ts';
import type {State} from '../state.ts';
import {isAtWork, runsOf} from './jobs.ts';
import {exitCodeAtQuit} from './update-run.ts';

export function quit(state: State, exitCode = exitCodeAtQuit(state), signal?: string): Update {
	return [{...state, scene: {kind: 'leaving'}}, [{kind: 'quit', exitCode, signal}]];
}

/** A menu in place of the details. */
export function askWhetherToQuit(state: State): State {
	const count = runsOf(state).length;
	const it = count === 1 ? 'it' : 'them';
	return {
		...state,
		scene: {
			kind: 'menu',
			index: 0,
			title: `Quit? ${count === 1 ? 'An action is' : `${count} actions are`} at work`,
			options: [
				{id: 'quit-wait', label: `Wait for ${it}, then quit`},
				{id: 'quit-stop', label: `Stop ${it} and quit: rolled back, or completed where the switch has begun`},
				{id: 'quit-not', label: 'Do not quit'},
			],
		},
	};
}

/** Each is stopped as a signal stops it. With the last one the program ends. */
function stopAll(state: State, signal: string, quitWhenDone: State['quitWhenDone']): Update {
	const runs = runsOf(state);
	const {scene} = state;
	const isShown = scene.kind === 'running' && state.runs[scene.planId] !== undefined;
	return [
		{
			...state,
			quitWhenDone,
			runs: Object.fromEntries(runs.map(run => [run.plan.id, {...run, stop: 'asked' as const}])),
			scene: isShown ? scene : {kind: 'running', planId: runs[0]!.plan.id},
		},
		runs.filter(({stop}) => stop !== 'asked').map(({plan}) => ({kind: 'interrupt', planId: plan.id, signal})),
	];
}

export function answerQuit(state: State, answer: 'quit-wait' | 'quit-stop' | 'quit-not'): Update {
	if (answer === 'quit-not') {
		return [{...state, quitWhenDone: undefined}, []];
	}

	if (!isAtWork(state)) {
		return quit(state);
	}

	return answer === 'quit-wait' ? [{...state, quitWhenDone: {}}, []] : stopAll(state, 'SIGINT', {exitCode: 130});
}

/** A signal ends the program at once, or, while plans run, when each has been brought to a clean end. */
export function takeSignal(state: State, signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Update {
	const exitCode = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129}[signal];
	return isAtWork(state) ? stopAll(state, signal, {signal, exitCode}) : quit(state, exitCode, signal);
}
