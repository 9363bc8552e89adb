/**
The screen's brain: update(state, message) = [state, effects]. Pure; what it needs to know of the paint comes in as `viewport`.
*/
import {byKind} from '../model/by-kind.ts';
import type {Key, Message} from './messages.ts';
import {commandOf, contextOf, type Command, type KeyContext} from './keys.ts';
import {takeCommand, takeCommandLine, takeVerbs} from './command/update-command.ts';
import {takeFind, withFind} from './find/update-find.ts';
import {askCounts} from './browse/sort.ts';
import {foresee, takeForecast, withForecast} from './browse/forecast.ts';
import {
	answer, inTurn, readList, readUnfinished, withClock, type Update,
} from './browse/read.ts';
import {takeHosts, takeKnownHosts} from './hosts/update-hosts.ts';
import {layoutOf} from './layout.ts';
import {takeMouse} from './mouse.ts';
import {scroll, type Viewport} from './scroll.ts';
import {
	pollSoon, selectDomain, selectRow, settle, showView,
} from './browse/select.ts';
import type {State} from './state.ts';
import {takeDiagnosis, takeProgress} from './doctor/update-doctor.ts';
import {
	noteEvent, takeLook, takePause, takeSettings, withLooks,
} from './doctor/health.ts';
import {takeFigure} from './journey/journey-plan.ts';
import {takePlan} from './journey/start.ts';
import {takeNumber} from './journey/update-journey.ts';
import {takeSaved} from './journey/update-view.ts';
import {chooseAction} from './browse/update-menu.ts';
import {takeCounts, takeDomains, takeDetails, takePoll} from './update-answers.ts';
import {takeUnfinished} from './run/update-recover.ts';
import {isAtWork} from './run/jobs.ts';
import {askWhetherToQuit, quit, takeSignal} from './run/update-quit.ts';
import {takeLog} from './run/update-log.ts';
import {takeUndo} from './run/read-undo.ts';
import {endGroup} from './run/update-group.ts';
import {endRun, takeRunEvent} from './run/update-run.ts';
import {updateScene} from './update-scene.ts';

/** Keys that need no picture. */
const keysWhenHidden: ReadonlySet<Command | undefined> = new Set(['quit', 'suspend', 'repaint']);

function isHidden({isLinear, columns, rows}: State): boolean {
	return !isLinear && layoutOf(columns, rows).isTooSmall;
}

/** Where a text is typed that finds or filters an Enter only ends that, and a page has a check of its own. */
const isAnswer = (state: State): boolean => !harmless.has(contextOf(state));
const harmless: ReadonlySet<KeyContext> = new Set(['filter', 'find', 'command', 'page', 'text', 'name']);

function takeKey(given: State, key: Key, viewport: Viewport): Update {
	const found = commandOf(given, key);
	// Where the terminal is too small to show what is asked, no key may answer.
	const command = isHidden(given) && !keysWhenHidden.has(found) ? 'nothing' : found;
	if (command === 'nothing') {
		return [given, []];
	}

	if (key.name === 'mouse') {
		return takeMouse({...given, notice: undefined}, key, {viewport, press: (next, pressed) => updateScene(next, {key, command: pressed, viewport})});
	}

	const state = command === 'refresh-on-focus' ? given : {...given, notice: undefined};
	if (command === 'accept' && key.name === 'enter' && !key.isAlone && isAnswer(state)) {
		return [{...state, notice: 'Enter arrived together with text, as in a paste. Press it again.'}, []];
	}

	switch (command) {
		case 'quit': {
			const isBroken = key.name === 'ctrl-c' && state.scene.kind !== 'browse';
			return isAtWork(state) ? [askWhetherToQuit(state), []] : quit(state, isBroken ? 130 : undefined);
		}

		case 'suspend': {
			return [state, [{kind: 'suspend'}]];
		}

		case 'repaint': {
			return [state, [{kind: 'repaint'}]];
		}

		default: {
			const pressed = {key, command, viewport};
			const line = takeCommandLine(state, key, command);
			if (line !== undefined) {
				return 'command' in line ? takeCommandOf(line.state, {...pressed, command: line.command}) : line;
			}

			const found = takeFind(state, pressed);
			return found === undefined ? updateScene(state, pressed) : [found, []];
		}
	}
}

/** A command that was typed by its name. */
function takeCommandOf(state: State, pressed: Parameters<typeof updateScene>[1] & {command: Command}): Update {
	return pressed.command === 'quit' ? quit(state) : updateScene(state, pressed);
}

function takeOption(state: State, index: number, viewport: Viewport): Update {
	const {scene} = state;
	const enter: Key = {name: 'enter', isAlone: true};
	switch (scene.kind) {
		case 'menu': {
			const option = scene.options[index];
			return option === undefined || option.reason !== undefined ? [state, []] : chooseAction(state, option.id);
		}

		case 'recover': {
			return takeKey({...state, scene: {...scene, index}}, enter, viewport);
		}

		case 'undo': {
			return takeKey({...state, scene: {...scene, index}}, enter, viewport);
		}

		case 'doctor': {
			const {diagnosis} = state;
			return takeKey({...state, diagnosis: diagnosis && {...diagnosis, index}}, enter, viewport);
		}

		case 'journey': {
			return takeNumber({...state, notice: undefined}, scene.journey, index);
		}

		default: {
			return [state, []];
		}
	}
}

const takeMessage: (message: Message, state: State, viewport: Viewport) => Update = byKind({
	started: (_message, state) => inTurn(state, next => readUnfinished(next, {origin: 'run', uuid: undefined}), readList, next => [next, [{kind: 'read-backed-up'}, {kind: 'read-settings'}]]),
	key: (message, state, viewport) => takeKey(state, message.key, viewport),
	resized(message, state, viewport) {
		const resized = settle({...state, columns: message.columns, rows: message.rows});
		return pollSoon(scroll(resized, 'up', viewport));
	},
	ticked: (_message, state) => [{...state, isTicking: false}, []],
	'host-read'(message, state) {
		const host = answer(state.host, message.number, message.result);
		return [host === undefined ? state : {...state, host}, []];
	},
	'hosts-told': (message, state) => [takeHosts(state, message), []],
	noted: ({text}, state) => [{...state, notice: text}, []],
	'known-hosts-read': ({known}, state) => [takeKnownHosts(state, known), []],
	'domains-read': (message, state) => takeDomains(state, message.number, message.result),
	'counts-read': (message, state) => [takeCounts(state, message.result), []],
	'details-read': (message, state) => takeDetails(state, message),
	'poll-due': (message, state) => takePoll(state, message.number),
	'host-changed'(message, given) {
		const state = noteEvent(given, message.domain);
		return state.scene.kind === 'running' || state.domains.waiting !== undefined ? [{...state, isStale: true}, []] : readList(state);
	},
	'background-told': ({background}, state) => [{...state, background}, []],
	'verbs-read': ({verbs}, state) => [takeVerbs(state, verbs), []],
	'command-read': ({number, result}, state) => takeCommand(state, number, result),
	'settings-read': ({result}, state) => inTurn(
		takeSettings(result.ok ? settle({...state, sort: result.value.sort}) : state, result),
		askCounts,
		next => [next, result.ok && result.value.mouse && !state.isLinear ? [{kind: 'use-mouse'}] : []],
	),
	looked: (message, state) => takeLook(state, message.number, message.result),
	'look-due': (message, state) => takePause(state, message.number),
	'undo-read': (message, state) => [takeUndo(state, message), []],
	'log-read': (message, state) => [takeLog(state, message), []],
	'backed-up-read': (message, state) => [{...state, backedUpTo: message.backedUpTo}, []],
	'unfinished-read': (message, state) => [takeUnfinished(state, message.number, message.result), []],
	planned(message, state) {
		const {result} = message;
		const next = takePlan(state, message);
		const isRefusedForIt = !result.ok && result.failure.kind === 'refused' && result.failure.blockers.some(({kind}) => kind === 'unfinished-action');
		return isRefusedForIt ? inTurn(state, () => next, same => readUnfinished(same)) : next;
	},
	measured: (message, state) => [takeFigure(state, message), []],
	'foresee-due': (message, state) => foresee(state, message.number),
	foreseen: (message, state) => [takeForecast(state, message), []],
	'script-saved': (message, state) => [takeSaved(state, message), []],
	diagnosing: (message, state) => [takeProgress(state, message), []],
	diagnosed: (message, state) => [takeDiagnosis(state, message.number, message.result), []],
	'run-event': ({planId, event}, state) => [takeRunEvent(state, planId, event), []],
	'run-ended': ({planId, outcome}, state) => endRun(state, planId, outcome),
	'group-ended': ({ends}, state) => endGroup(state, ends),
	signalled: (message, state) => takeSignal(state, message.signal),
	'domain-entered': (message, state) => selectDomain({...state, pane: 'domains', filter: {text: '', isTyping: false}}, message.uuid),
	'domain-chosen'(message, state) {
		const [selected, effects] = selectDomain(state, message.uuid);
		return [{...selected, pane: 'tree'}, effects];
	},
	'row-chosen': (message, state) => [selectRow({...state, pane: 'tree', view: message.view}, message.id), []],
	'view-chosen': (message, state) => showView({...state, pane: 'tree'}, message.view),
	'option-chosen': (message, state, viewport) => takeOption(state, message.index, viewport),
});

export function update(state: State, message: Message, viewport: Viewport): Update {
	return withClock(withForecast(withLooks(withFind(takeMessage(message, state, viewport)))));
}
