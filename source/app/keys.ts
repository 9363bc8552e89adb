/**
The one table of keys. The brain looks commands up in it; help and the last line are made from it.
*/
import {screenSpecs, type ScreenKind} from '../actions/registry.ts';
import type {ScreenSpec} from '../actions/spec.ts';
import type {JourneyStage} from './journey/journey.ts';
import {presentQuestion, settingsOf} from './journey/questions.ts';
import type {Key} from './messages.ts';
import {selectedFinding} from './browse/rows.ts';
import type {Scene, State} from './state.ts';

export type Command =
	| 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last'
	| 'fold' | 'unfold' | 'other-pane' | 'next-view' | 'view-snapshots' | 'view-checkpoints' | 'view-images'
	| ScreenKind | 'menu' | 'doctor' | 'recover' | 'refresh' | 'filter' | 'help' | 'details' | 'quit' | 'back'
	| 'accept' | 'previous' | 'edit' | 'other-field' | 'options' | 'unfold-files' | 'stop' | 'suspend' | 'repaint' | 'refresh-on-focus';

/** `checkpoints`: browsing in their view. */
export type KeyContext = 'browse' | 'checkpoints' | 'filter' | 'choice' | 'settings' | 'reading' | 'refused' | 'typing' | 'confirm' | 'findings' | 'running' | 'ended' | 'message';

type Binding = {
	command: Command;
	/** Characters, or names of keys. */
	keys: string[];
	/** As it is shown to a person. */
	shown: string;
	contexts: KeyContext[];
	label: string;
	/** In the last line too, with these words; the smaller the rank, the longer it stays when the line is short. */
	short?: string;
	rank?: number;
};

const browsing: KeyContext[] = ['browse', 'checkpoints'];
const lists: KeyContext[] = [...browsing, 'choice', 'settings', 'reading', 'refused', 'findings', 'running', 'ended', 'message'];

/** Among checkpoints a key of theirs takes the place of the same key for snapshots, and what needs a snapshot makes way in the last line for what does not. */
function bindingsOf(command: ScreenKind, {key, help: label, short, rank, needs, isOnlyAmongCheckpoints, leavesSnapshots}: ScreenSpec): Binding[] {
	const binding = {command, keys: [key], shown: key, label};
	const isTaken = screenSpecs().some(({screen}) => screen.isOnlyAmongCheckpoints && screen.key === key);
	return [
		...(isOnlyAmongCheckpoints ? [] : [{...binding, contexts: ['browse' as const], short, rank}]),
		...(isTaken && !isOnlyAmongCheckpoints ? [] : [{...binding, contexts: ['checkpoints' as const], ...(needs !== 'snapshot' && {short, rank: leavesSnapshots ? Math.min(rank, 5) : rank})}]),
	];
}

export const bindings: readonly Binding[] = [
	{command: 'up', keys: ['up', 'k'], shown: '↑ k', contexts: lists, label: 'up'},
	{command: 'down', keys: ['down', 'j'], shown: '↓ j', contexts: lists, label: 'down'},
	{command: 'page-up', keys: ['page-up'], shown: 'PgUp', contexts: lists, label: 'page up'},
	{command: 'page-down', keys: ['page-down', ' '], shown: 'Space', contexts: ['reading', 'refused', 'ended', 'message'], label: 'page down', short: 'scroll', rank: 3},
	{command: 'page-down', keys: ['page-down', ' '], shown: 'PgDn Space', contexts: [...browsing, 'choice', 'settings', 'findings', 'running'], label: 'page down'},
	{command: 'first', keys: ['home', 'g'], shown: 'Home g', contexts: lists, label: 'top'},
	{command: 'last', keys: ['end', 'G'], shown: 'End G', contexts: lists, label: 'bottom'},
	{command: 'menu', keys: ['enter'], shown: 'Enter', contexts: browsing, label: 'actions', short: 'actions', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['choice', 'reading', 'typing', 'filter', 'ended', 'message'], label: 'continue', short: 'continue', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['settings'], label: 'change it', short: 'change', rank: 1},
	{command: 'options', keys: ['o'], shown: 'o', contexts: ['settings'], label: 'close', short: 'close', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['confirm'], label: 'start', short: 'start', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['refused'], label: 'back', short: 'back', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['findings'], label: 'fix it if possible, otherwise show it in full', short: 'fix', rank: 1},
	...screenSpecs().flatMap(({kind, screen}) => bindingsOf(kind, screen)),
	{command: 'doctor', keys: ['D'], shown: 'D', contexts: browsing, label: 'check the selected domain or, from the list of domains, all', short: 'check', rank: 7},
	{command: 'recover', keys: ['x'], shown: 'x', contexts: browsing, label: 'finish or roll back what was interrupted'},
	{command: 'other-pane', keys: ['tab', 'back-tab'], shown: 'Tab', contexts: browsing, label: 'other pane', short: 'pane', rank: 3},
	{command: 'next-view', keys: ['v'], shown: 'v', contexts: browsing, label: 'snapshots, checkpoints or images', short: 'view', rank: 4},
	{command: 'view-snapshots', keys: ['1'], shown: '1', contexts: browsing, label: 'snapshots'},
	{command: 'view-checkpoints', keys: ['2'], shown: '2', contexts: browsing, label: 'checkpoints'},
	{command: 'view-images', keys: ['3'], shown: '3', contexts: browsing, label: 'images'},
	{command: 'fold', keys: ['left', 'h'], shown: '← h', contexts: browsing, label: 'fold, or to the left pane'},
	{command: 'unfold', keys: ['right', 'l'], shown: '→ l', contexts: browsing, label: 'unfold, or to the right pane'},
	{command: 'details', keys: ['i'], shown: 'i', contexts: browsing, label: 'all details of the selection'},
	{command: 'details', keys: ['i'], shown: 'i', contexts: ['findings'], label: 'full finding', short: 'details', rank: 3},
	{command: 'filter', keys: ['/'], shown: '/', contexts: browsing, label: 'filter domains by name', short: 'filter', rank: 6},
	{command: 'refresh', keys: ['R'], shown: 'R', contexts: browsing, label: 'refresh', short: 'refresh', rank: 8},
	{command: 'refresh', keys: ['R'], shown: 'R', contexts: ['findings'], label: 'check again', short: 'check again', rank: 4},
	{command: 'edit', keys: ['e'], shown: 'e', contexts: ['choice'], label: 'change the proposed name', short: 'name', rank: 3},
	{command: 'options', keys: ['o'], shown: 'o', contexts: ['choice', 'reading', 'refused'], label: 'all options', short: 'options', rank: 3},
	{command: 'other-field', keys: ['tab', 'back-tab'], shown: 'Tab', contexts: ['typing'], label: 'name or description', short: 'next field', rank: 3},
	{command: 'previous', keys: ['left', 'backspace'], shown: '←', contexts: ['choice', 'reading', 'refused'], label: 'back to the previous question'},
	{command: 'unfold-files', keys: ['x'], shown: 'x', contexts: ['reading'], label: 'show or hide the text of files'},
	{command: 'stop', keys: ['ctrl-c'], shown: 'Ctrl-C', contexts: ['running'], label: 'stop the action', short: 'stop', rank: 1},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['filter', 'choice', 'settings', 'reading', 'refused', 'typing', 'confirm'], label: 'cancel; nothing is changed', short: 'cancel', rank: 2},
	{command: 'back', keys: ['escape', 'q'], shown: 'Esc', contexts: ['message', 'findings', 'ended'], label: 'back', short: 'back', rank: 2},
	{command: 'help', keys: ['?'], shown: '?', contexts: browsing, label: 'this help', short: 'help', rank: 1},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: browsing, label: 'clear the filter'},
	{command: 'quit', keys: ['q', 'ctrl-c', 'ctrl-d'], shown: 'q', contexts: browsing, label: 'quit', short: 'quit', rank: 2},
	{command: 'quit', keys: ['ctrl-c', 'ctrl-d'], shown: 'Ctrl-C', contexts: [...lists.filter(context => context !== 'running' && !browsing.includes(context)), 'filter', 'typing', 'confirm'], label: 'quit'},
	{command: 'suspend', keys: ['ctrl-z'], shown: 'Ctrl-Z', contexts: [...lists.filter(context => context !== 'running'), 'filter', 'typing', 'confirm'], label: 'suspend'},
	{command: 'repaint', keys: ['ctrl-l'], shown: 'Ctrl-L', contexts: [...lists, 'filter', 'typing', 'confirm'], label: 'redraw the screen'},
	{command: 'refresh-on-focus', keys: ['focus'], shown: '', contexts: browsing, label: ''},
];

const contextOfScene: Readonly<Record<Exclude<Scene['kind'], 'journey'>, KeyContext>> = {
	browse: 'browse', leaving: 'browse', menu: 'choice', recover: 'choice', help: 'message', details: 'message', 'not-possible': 'message', running: 'running', ended: 'ended', doctor: 'findings',
};

const contextOfPhase: Readonly<Record<JourneyStage['phase'], KeyContext>> = {
	question: 'choice', settings: 'settings', planning: 'reading', consequences: 'reading', commands: 'reading', confirm: 'confirm', refused: 'refused',
};

/** In which context a key is meant. */
export function contextOf({scene, filter, view}: State): KeyContext {
	if (scene.kind === 'journey') {
		const {stage} = scene.journey;
		return 'typing' in stage && stage.typing !== undefined ? 'typing' : contextOfPhase[stage.phase];
	}

	const context = contextOfScene[scene.kind];
	if (context !== 'browse') {
		return context;
	}

	return filter.isTyping ? 'filter' : (view === 'checkpoints' ? 'checkpoints' : 'browse');
}

/** Whether a command that is only now and then of use is so here: what is of no use is not in the last line. */
export function isUseful(state: State, command: Command, canScroll: boolean): boolean {
	const journey = state.scene.kind === 'journey' ? state.scene.journey : undefined;
	switch (command) {
		case 'page-down': {
			return canScroll;
		}

		case 'options': {
			return journey !== undefined && settingsOf(state, journey) !== undefined;
		}

		case 'accept': {
			const finding = selectedFinding(state);
			return state.scene.kind !== 'doctor' || finding?.request !== undefined || finding?.kind === 'unfinished-action';
		}

		case 'details': {
			return state.scene.kind !== 'doctor' || selectedFinding(state) !== undefined;
		}

		case 'edit': {
			return journey !== undefined && presentQuestion(state, journey)?.text !== undefined;
		}

		case 'other-field': {
			return journey !== undefined && presentQuestion(state, journey)?.text?.beside !== undefined;
		}

		default: {
			return true;
		}
	}
}

/** The command of a key in a context; undefined: the key means nothing there, or is text. */
export function commandFor(context: KeyContext, key: Key): Command | undefined {
	const name = key.name === 'character' ? key.text : key.name;
	return bindings.find(binding => binding.contexts.includes(context) && binding.keys.includes(name))?.command;
}
