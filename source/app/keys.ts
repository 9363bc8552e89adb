/**
The one table of keys. The brain looks commands up in it; help and the last line are made from it.
*/
import {screenSpecs, type ScreenKind} from '../actions/registry.ts';
import type {ScreenSpec} from '../actions/spec.ts';
import {allFieldsOf, fieldsOf, focusedField} from './journey/fields.ts';
import {planInSight, type Journey} from './journey/journey.ts';
import {isNamed, isTextOfName} from './journey/name.ts';
import type {Key} from './messages.ts';
import {hasMorePages} from './run/jobs.ts';
import {selectedFinding} from './browse/rows.ts';
import {findHere} from './find/place.ts';
import type {Scene, State} from './state.ts';

export type Command =
	| 'up' | 'down' | 'page-up' | 'page-down' | 'half-up' | 'half-down' | 'first' | 'last'
	| 'mark' | 'hosts' | 'next-host' | 'previous-host' | 'fold' | 'unfold' | 'other-pane' | 'next-view' | 'view-snapshots' | 'view-checkpoints' | 'view-images'
	| ScreenKind | 'menu' | 'command-line' | 'complete' | 'complete-back' | 'sort' | 'doctor' | 'recover' | 'jobs' | 'undo' | 'log' | 'copy' | 'refresh' | 'find' | 'next-hit' | 'previous-hit' | 'end-find' | 'help' | 'details' | 'quit' | 'back'
	| 'accept' | 'next-field' | 'previous-field' | 'next-choice' | 'previous-choice' | 'show-commands' | 'show-images' | 'save-script' | 'options' | 'unfold-files' | 'stop' | 'suspend' | 'repaint' | 'refresh-on-focus';

/** `checkpoints`: browsing in their view. `page`: of a plan, where no text is typed; `text`: where one is; `name`: on its last line, where a name may be. `found`: beside another, while something was found in it. */
export type KeyContext = 'browse' | 'checkpoints' | 'filter' | 'choice' | 'reading' | 'page' | 'text' | 'name' | 'path' | 'find' | 'found' | 'command' | 'findings' | 'running' | 'ended' | 'undo' | 'log' | 'message';

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
const lists: KeyContext[] = [...browsing, 'choice', 'reading', 'findings', 'running', 'ended', 'undo', 'log', 'message'];
const pages: KeyContext[] = ['page', 'text', 'name'];
const others: KeyContext[] = ['filter', 'find', 'command', ...pages, 'path'];

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
	{command: 'page-down', keys: ['page-down', ' '], shown: 'Space', contexts: ['reading', 'ended', 'message'], label: 'page down', short: 'scroll', rank: 3},
	{command: 'page-down', keys: ['page-down', ' '], shown: 'PgDn Space', contexts: ['choice', 'findings', 'running', 'undo', 'log'], label: 'page down'},
	{command: 'page-down', keys: ['page-down'], shown: 'PgDn', contexts: browsing, label: 'page down'},
	{command: 'mark', keys: [' '], shown: 'Space', contexts: browsing, label: 'mark domains (to create, revert, check) or snapshots (to delete) for one action', short: 'mark', rank: 10},
	{command: 'half-up', keys: ['ctrl-u'], shown: 'Ctrl-U', contexts: [...lists, 'page'], label: 'half a page up'},
	{command: 'half-down', keys: ['ctrl-d'], shown: 'Ctrl-D', contexts: [...lists, ...pages], label: 'half a page down'},
	{command: 'first', keys: ['home', 'g'], shown: 'Home g', contexts: lists, label: 'top'},
	{command: 'last', keys: ['end', 'G'], shown: 'End G', contexts: lists, label: 'bottom'},
	{command: 'menu', keys: ['enter'], shown: 'Enter', contexts: browsing, label: 'actions', short: 'actions', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['choice', 'filter', 'ended', 'message'], label: 'continue', short: 'continue', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['reading'], label: 'back'},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['path'], label: 'save', short: 'save', rank: 1},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: pages, label: 'to the last line, and from there: start'},
	{command: 'next-field', keys: ['tab'], shown: 'Tab', contexts: pages, label: 'next field', short: 'change an answer', rank: 1},
	{command: 'previous-field', keys: ['back-tab'], shown: 'Shift-Tab', contexts: pages, label: 'previous field'},
	{command: 'up', keys: ['up'], shown: '↑', contexts: pages, label: 'previous field'},
	{command: 'down', keys: ['down'], shown: '↓', contexts: pages, label: 'next field'},
	{command: 'next-choice', keys: [' ', 'right'], shown: 'Space →', contexts: ['page'], label: 'next choice', short: 'change it', rank: 2},
	{command: 'previous-choice', keys: ['left'], shown: '←', contexts: ['page'], label: 'previous choice'},
	{command: 'page-up', keys: ['page-up'], shown: 'PgUp', contexts: pages, label: 'page up'},
	{command: 'page-down', keys: ['page-down'], shown: 'PgDn', contexts: pages, label: 'page down', short: 'scroll', rank: 4},
	{command: 'first', keys: ['home'], shown: 'Home', contexts: pages, label: 'top'},
	{command: 'last', keys: ['end'], shown: 'End', contexts: pages, label: 'bottom'},
	{command: 'show-commands', keys: ['@'], shown: '@', contexts: ['page', 'name'], label: 'the commands', short: 'commands', rank: 3},
	{command: 'save-script', keys: ['w'], shown: 'w', contexts: ['page', 'name'], label: 'save as a shell script', short: 'save as script', rank: 5},
	{command: 'show-images', keys: ['i'], shown: 'i', contexts: ['page', 'name'], label: 'the images', short: 'images', rank: 6},
	{command: 'options', keys: ['o'], shown: 'o', contexts: ['page', 'name'], label: 'more options', short: 'options', rank: 7},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['findings'], label: 'fix it if possible, otherwise show it in full', short: 'fix', rank: 1},
	...screenSpecs().flatMap(({kind, screen}) => bindingsOf(kind, screen)),
	{command: 'doctor', keys: ['D'], shown: 'D', contexts: browsing, label: 'check the selected domain or, from the list of domains, all', short: 'check', rank: 7},
	{command: 'recover', keys: ['x'], shown: 'x', contexts: browsing, label: 'finish or roll back what was interrupted'},
	{command: 'jobs', keys: ['J'], shown: 'J', contexts: browsing, label: 'what is at work, else what ended last'},
	{command: 'jobs', keys: ['J'], shown: 'J', contexts: ['running', 'ended'], label: 'the next one at work', short: 'next', rank: 4},
	{command: 'undo', keys: ['z'], shown: 'z', contexts: browsing, label: 'what was done here, and how to undo it', short: 'undo', rank: 9},
	{command: 'log', keys: ['@'], shown: '@', contexts: browsing, label: 'the commands that ran'},
	{command: 'log', keys: ['@'], shown: '@', contexts: ['running', 'ended'], label: 'the commands that ran', short: 'commands', rank: 3},
	{command: 'copy', keys: ['y'], shown: 'y', contexts: ['log'], label: 'copy the command', short: 'copy', rank: 2},
	{command: 'copy', keys: ['y'], shown: 'y', contexts: ['reading'], label: 'copy the commands', short: 'copy', rank: 3},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['undo'], label: 'the plan that undoes it', short: 'undo it', rank: 1},
	{command: 'other-pane', keys: ['tab', 'back-tab'], shown: 'Tab', contexts: browsing, label: 'other pane', short: 'pane', rank: 3},
	{command: 'next-view', keys: ['v'], shown: 'v', contexts: browsing, label: 'snapshots, checkpoints or images', short: 'view', rank: 4},
	{command: 'view-snapshots', keys: ['1'], shown: '1', contexts: browsing, label: 'snapshots'},
	{command: 'view-checkpoints', keys: ['2'], shown: '2', contexts: browsing, label: 'checkpoints'},
	{command: 'view-images', keys: ['3'], shown: '3', contexts: browsing, label: 'images'},
	{command: 'fold', keys: ['left', 'h'], shown: '← h', contexts: browsing, label: 'fold, or to the left pane'},
	{command: 'unfold', keys: ['right', 'l'], shown: '→ l', contexts: browsing, label: 'unfold, or to the right pane'},
	{command: 'details', keys: ['i'], shown: 'i', contexts: browsing, label: 'all details of the selection'},
	{command: 'details', keys: ['i'], shown: 'i', contexts: ['findings'], label: 'full finding', short: 'details', rank: 3},
	{command: 'find', keys: ['/'], shown: '/', contexts: browsing, label: 'find; among domains: filter by name', short: 'find', rank: 6},
	{command: 'find', keys: ['/'], shown: '/', contexts: ['reading', 'message', 'ended', 'findings', 'undo', 'log', 'page', 'name'], label: 'find', short: 'find', rank: 8},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['find'], label: 'keep what is found', short: 'keep', rank: 1},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['find'], label: 'end the search, back to where it began', short: 'end', rank: 2},
	{command: 'next-hit', keys: ['down'], shown: '↓', contexts: ['find'], label: 'next hit', short: 'next', rank: 3},
	{command: 'previous-hit', keys: ['up'], shown: '↑', contexts: ['find'], label: 'previous hit'},
	{command: 'next-hit', keys: ['n'], shown: 'n', contexts: ['found'], label: 'next hit', short: 'next', rank: 0},
	{command: 'previous-hit', keys: ['N'], shown: 'N', contexts: ['found'], label: 'previous hit', short: 'previous', rank: 1},
	{command: 'end-find', keys: ['escape'], shown: 'Esc', contexts: ['found'], label: 'end the search; n has its other meaning again', short: 'end', rank: 0},
	{command: 'command-line', keys: [':'], shown: ':', contexts: browsing, label: 'a line with a verb of the command line, which opens its page; :web goes to a domain, :q quits'},
	{command: 'accept', keys: ['enter'], shown: 'Enter', contexts: ['command'], label: 'open its page; nothing runs without one', short: 'open', rank: 1},
	{command: 'complete', keys: ['tab'], shown: 'Tab', contexts: ['command'], label: 'complete a verb, a name or an option', short: 'complete', rank: 3},
	{command: 'complete-back', keys: ['back-tab'], shown: 'Shift-Tab', contexts: ['command'], label: 'the one before'},
	{command: 'up', keys: ['up'], shown: '↑', contexts: ['command'], label: 'the line before', short: 'earlier', rank: 4},
	{command: 'down', keys: ['down'], shown: '↓', contexts: ['command'], label: 'the line after'},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['command'], label: 'close it', short: 'close', rank: 2},
	{command: 'hosts', keys: ['H'], shown: 'H', contexts: browsing, label: 'other hosts: those that are open, and those that are known'},
	{command: 'next-host', keys: [']'], shown: ']', contexts: browsing, label: 'next host', short: 'host', rank: 9},
	{command: 'previous-host', keys: ['['], shown: '[', contexts: browsing, label: 'previous host'},
	{command: 'sort', keys: ['s'], shown: 's', contexts: browsing, label: 'sort the domains by name, state, health or number of snapshots'},
	{command: 'refresh', keys: ['R'], shown: 'R', contexts: browsing, label: 'refresh', short: 'refresh', rank: 8},
	{command: 'refresh', keys: ['R'], shown: 'R', contexts: ['findings'], label: 'check again', short: 'check again', rank: 4},
	{command: 'unfold-files', keys: ['x'], shown: 'x', contexts: ['reading'], label: 'show or hide the text of files'},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['running'], label: 'browse; it runs on', short: 'browse, it runs on', rank: 2},
	{command: 'stop', keys: ['ctrl-c'], shown: 'Ctrl-C', contexts: ['running'], label: 'stop the action', short: 'stop', rank: 1},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['filter', 'choice'], label: 'cancel; nothing is changed', short: 'cancel', rank: 2},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: ['reading', ...pages, 'path'], label: 'one step back; nothing is changed', short: 'back', rank: 2},
	{command: 'back', keys: ['escape', 'q'], shown: 'Esc', contexts: ['message', 'findings', 'ended', 'undo', 'log'], label: 'back', short: 'back', rank: 2},
	{command: 'help', keys: ['?'], shown: '?', contexts: browsing, label: 'this help', short: 'help', rank: 1},
	{command: 'back', keys: ['escape'], shown: 'Esc', contexts: browsing, label: 'clear the marks, then the filter'},
	{command: 'quit', keys: ['q', 'ctrl-c'], shown: 'q', contexts: browsing, label: 'quit', short: 'quit', rank: 2},
	{command: 'quit', keys: ['ctrl-c'], shown: 'Ctrl-C', contexts: [...lists.filter(context => context !== 'running' && !browsing.includes(context)), ...others], label: 'quit'},
	{command: 'suspend', keys: ['ctrl-z'], shown: 'Ctrl-Z', contexts: [...lists.filter(context => context !== 'running'), ...others], label: 'suspend'},
	{command: 'repaint', keys: ['ctrl-l'], shown: 'Ctrl-L', contexts: [...lists, ...others], label: 'redraw the screen'},
	{command: 'refresh-on-focus', keys: ['focus'], shown: '', contexts: browsing, label: ''},
];

const contextOfScene: Readonly<Record<Exclude<Scene['kind'], 'journey'>, KeyContext>> = {
	browse: 'browse', leaving: 'browse', menu: 'choice', recover: 'choice', help: 'message', details: 'message', running: 'running', ended: 'ended', 'group-ended': 'ended', undo: 'undo', log: 'log', doctor: 'findings',
};

function contextOfJourney(state: State, journey: Journey): KeyContext {
	if (journey.view !== undefined) {
		return journey.view.kind === 'commands' || journey.view.kind === 'images' ? 'reading' : 'path';
	}

	const field = focusedField(state, journey);
	return field === undefined ? (isNamed(journey) && !state.isLinear ? 'name' : 'page') : (field.kind === 'text' ? 'text' : 'page');
}

/** In which context a key is meant. */
export function contextOf(state: State): KeyContext {
	const {scene, filter, view} = state;
	if (findHere(state)?.isTyping) {
		return 'find';
	}

	if (scene.kind === 'journey') {
		return contextOfJourney(state, scene.journey);
	}

	const context = contextOfScene[scene.kind];
	if (context !== 'browse') {
		return context;
	}

	if (state.commandLine !== undefined) {
		return 'command';
	}

	return filter.isTyping ? 'filter' : (view === 'checkpoints' ? 'checkpoints' : 'browse');
}

/** What of a journey's page is of use at this moment. */
function isUsefulInJourney(state: State, journey: Journey, command: Command): boolean {
	const isAtName = contextOfJourney(state, journey) === 'name';
	const isTyped = (key: string) => isAtName && isTextOfName(journey, {name: 'character', text: key});
	const hasPlan = planInSight(journey) !== undefined;
	switch (command) {
		case 'next-field': {
			return fieldsOf(state, journey).length > 0;
		}

		case 'next-choice': {
			return focusedField(state, journey)?.kind === 'choice';
		}

		case 'show-commands': {
			return hasPlan && !isTyped('@');
		}

		case 'find': {
			return !isTyped('/');
		}

		case 'copy': {
			return journey.view?.kind === 'commands';
		}

		case 'save-script': {
			return hasPlan && !isTyped('w');
		}

		case 'show-images': {
			return hasPlan && !isTyped('i');
		}

		case 'options': {
			return allFieldsOf(state, journey).some(({isExtra}) => isExtra) && !isTyped('o');
		}

		default: {
			return true;
		}
	}
}

/** Whether a command that is only now and then of use is so here: what is of no use is not in the last line. */
export function isUseful(state: State, command: Command, canScroll: boolean): boolean {
	if (command === 'page-down') {
		return canScroll;
	}

	if (state.scene.kind === 'journey') {
		return isUsefulInJourney(state, state.scene.journey, command);
	}

	if (command === 'jobs') {
		return hasMorePages(state);
	}

	if (command === 'next-host') {
		return state.hosts.all.length > 1;
	}

	const finding = selectedFinding(state);
	const isFixed = finding?.request !== undefined || finding?.kind === 'unfinished-action';
	return state.scene.kind !== 'doctor' || (command === 'accept' ? isFixed : command !== 'details' || finding !== undefined);
}

/** The command of a key in a context; undefined: the key means nothing there, or is text. */
function commandFor(context: KeyContext, key: Key): Command | undefined {
	const name = key.name === 'character' ? key.text : key.name;
	return bindings.find(binding => binding.contexts.includes(context) && binding.keys.includes(name))?.command;
}

/** While something was found n and N go on to the next hit, whatever they mean there else; where text is typed they are text. */
export function commandOf(state: State, key: Key): Command | undefined {
	const context = contextOf(state);
	const isFound = findHere(state) !== undefined && context !== 'find' && context !== 'command' && context !== 'text' && context !== 'path';
	return (isFound ? commandFor('found', key) : undefined) ?? commandFor(context, key);
}

/** What is in the last line, the hits first. */
export function contextsOf(state: State): KeyContext[] {
	const context = contextOf(state);
	return findHere(state) === undefined || context === 'find' || context === 'command' ? [context] : ['found', context];
}
