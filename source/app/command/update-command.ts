/**
The command line of the screen, opened by a colon: verbs with their words as in a shell, which open their pages. What is not understood is said beside it.
*/
import {namedIn, screenOf} from '../../actions/registry.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {didYouMean} from '../../model/text/did-you-mean.ts';
import {splitWords} from '../../model/text/split-words.ts';
import type {Result} from '../../model/result.ts';
import {moments} from '../browse/moments.ts';
import {inTurn, readDetails, readUnfinished, type Update} from '../browse/read.ts';
import {selectDomain} from '../browse/select.ts';
import {diagnose} from '../doctor/update-doctor.ts';
import {editText} from '../journey/edit-text.ts';
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import type {ScreenCommand, ScreenStart, VerbHelp} from '../services.ts';
import type {CommandLine, State} from '../state.ts';
import {openStart} from '../update-answers.ts';
import {candidatesOf, commonStart, withLast} from './complete.ts';
import {ownCommands} from './own-commands.ts';

const empty: CommandLine = {text: '', problem: undefined, asked: undefined, back: 0, typed: '', cycle: undefined};
const mostRemembered = 100;

export function openCommandLine(state: State): Update {
	return [{...state, commandLine: empty}, state.verbs === undefined ? [{kind: 'read-verbs'}] : []];
}

const withLine = (state: State, line: CommandLine): Update => [{...state, commandLine: line}, []];
const say = (state: State, line: CommandLine, problem: string): Update => withLine(state, {...line, problem, asked: undefined, cycle: undefined});

/** Earlier lines: one further back, or on again to what was being typed. */
function remember(state: State, line: CommandLine, by: 1 | -1): Update {
	const {commandHistory} = state;
	const back = Math.max(0, Math.min(line.back + by, commandHistory.length));
	const typed = line.back === 0 ? line.text : line.typed;
	return withLine(state, {...empty, back, typed, text: back === 0 ? typed : commandHistory.at(-back)!});
}

/** As far as there is one way on; then one candidate after the other. */
function complete(state: State, line: CommandLine, by: 1 | -1): Update {
	if (line.cycle !== undefined) {
		const {candidates, index} = line.cycle;
		const next = (index + by + candidates.length) % candidates.length;
		return withLine(state, {...line, text: withLast(line.text, candidates[next]!), cycle: {candidates, index: next}});
	}

	const candidates = candidatesOf(state, line.text, state.verbs ?? []);
	const [only] = candidates;
	if (only === undefined) {
		return say(state, line, 'Nothing known begins so.');
	}

	if (candidates.length === 1) {
		return withLine(state, {...line, text: `${withLast(line.text, only)} `, problem: undefined});
	}

	const text = withLast(line.text, commonStart(candidates));
	return text.length > line.text.length
		? withLine(state, {...line, text, problem: undefined})
		: withLine(state, {...line, text: withLast(line.text, only), problem: undefined, cycle: {candidates, index: 0}});
}

function accept(state: State, line: CommandLine): Update {
	const {words, isOpen} = splitWords(line.text);
	if (words.length === 0) {
		return [{...state, commandLine: undefined}, []];
	}

	if (isOpen) {
		return say(state, line, 'A quote is not closed.');
	}

	const number = state.nextNumber;
	const history = [...state.commandHistory.filter(text => text !== line.text), line.text].slice(-mostRemembered);
	return [{...state, nextNumber: number + 1, commandHistory: history, commandLine: {...line, problem: undefined, cycle: undefined, asked: number}}, [{kind: 'read-command', number, words}]];
}

/** Undefined: no line is open, and the key is for what is in sight. A line that names a key gives its command. */
export function takeCommandLine(state: State, key: Key, command: Command | undefined): Update | {command: Command; state: State} | undefined {
	const {commandLine: line} = state;
	if (line === undefined || state.scene.kind !== 'browse') {
		return undefined;
	}

	switch (command) {
		case 'back': {
			return [{...state, commandLine: undefined}, []];
		}

		case 'accept': {
			const own = ownCommands.find(({name}) => name === line.text.trim());
			return own === undefined ? accept(state, line) : {command: own.command, state: {...state, commandLine: undefined}};
		}

		case 'complete':
		case 'complete-back': {
			return complete(state, line, command === 'complete' ? 1 : -1);
		}

		case 'up':
		case 'down': {
			return remember(state, line, command === 'up' ? 1 : -1);
		}

		default: {
			const text = editText(line.text, key);
			const isLeft = line.text === '' && key.name === 'backspace';
			return isLeft ? [{...state, commandLine: undefined}, []] : withLine(state, text === line.text ? line : {...empty, text});
		}
	}
}

/** What is named and not there; undefined: all of it is, or is not known yet. */
function missing(state: State, {domain: wanted, action}: ScreenStart): string | undefined {
	const domains = state.domains.value ?? [];
	const domain = wanted === undefined ? undefined : domains.find(({name}) => name === wanted) ?? domains.find(({uuid}) => uuid === wanted);
	if (wanted !== undefined && domain === undefined) {
		return [`There is no domain "${wanted}" on this host.`, didYouMean(wanted, [...domains.map(({name}) => name), ...(action === undefined ? (state.verbs ?? []).map(({words}) => words) : [])]) ?? ''].join(' ').trim();
	}

	const details = state.allDetails[domain?.uuid ?? '']?.value;
	if (details === undefined || action === undefined || action.kind === 'doctor') {
		return undefined;
	}

	const {needs} = screenOf(action.kind);
	const name = needs === 'domain' ? undefined : namedIn(action, needs);
	const known = needs === 'domain' ? [] : moments[needs].names(details);
	return needs === 'domain' || name === undefined || known.includes(name)
		? undefined
		: [`The domain "${details.domain.name}" has no ${needs} "${name}".`, didYouMean(name, known) ?? ''].join(' ').trim();
}

function open(state: State, start: ScreenStart): Update {
	if (start.domain === undefined) {
		return start.action?.kind === 'doctor' ? diagnose(state, undefined) : [state, []];
	}

	const domains = state.domains.value ?? [];
	const domain = domains.find(({name}) => name === start.domain) ?? domains.find(({uuid}) => uuid === start.domain);
	return inTurn(
		{...state, start, pane: 'tree', filter: {text: '', isTyping: false}},
		next => selectDomain(next, domain?.uuid),
		next => next.allDetails[domain?.uuid ?? '']?.value === undefined ? readDetails(next, domain?.uuid) : openStart(next),
	);
}

/** What a line comes to. */
export function takeCommand(state: State, number: number, result: Result<ScreenCommand>): Update {
	const {commandLine: line} = state;
	if (line?.asked !== number) {
		return [state, []];
	}

	if (!result.ok) {
		return say(state, line, describeFailure(result.failure).message);
	}

	const command = result.value;
	const start = command.kind === 'open' ? command.start : (command.kind === 'recover' ? {domain: command.domain} : {});
	const problem = missing(state, start);
	if (problem !== undefined) {
		return say(state, line, problem);
	}

	const closed: State = {...state, commandLine: undefined};
	switch (command.kind) {
		case 'list': {
			return [{...closed, pane: 'domains'}, []];
		}

		case 'recover': {
			const uuid = state.domains.value?.find(({name, uuid}) => name === command.domain || uuid === command.domain)?.uuid;
			return readUnfinished(closed, {origin: 'key', uuid: uuid ?? state.domainCursor.id});
		}

		case 'open': {
			return open(closed, command.start);
		}
	}
}

export function takeVerbs(state: State, verbs: VerbHelp[]): State {
	return {...state, verbs};
}
