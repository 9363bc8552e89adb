/**
The screen without a terminal: a store whose effects are done by fake services, the brain alone, and frames painted by Ink into a fake stdout.
*/
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import {stripVTControlCharacters} from 'node:util';
import type {Effect} from '../../source/app/effects-data.ts';
import type {Key, Message} from '../../source/app/messages.ts';
import type {ScreenStart} from '../../source/app/services.ts';
import {initialState, type State} from '../../source/app/state.ts';
import {combine} from '../../source/app/journey/group.ts';
import {update} from '../../source/app/update.ts';
import {decodeKeys} from '../../source/terminal/decode-keys.ts';
import {createViewport} from '../../source/ui/content/page.ts';
import {createTheme, type Theme} from '../../source/ui/theme.ts';
import {fixturePath} from './fixtures.ts';
import {fakeServices, nowSeconds, type FakeWorld} from './fake-services.ts';

export type Brain = {
	state: State;
	/** Every effect so far. */
	effects: Effect[];
	world: FakeWorld;
	/** Sends messages and gives the effects that they caused. */
	send: (...messages: Message[]) => Effect[];
	/** Keys as the terminal sends them, each string one read. */
	type: (...reads: string[]) => Effect[];
	/** Lets the fake host answer all open questions, and the questions that follow. Waiting times are skipped. */
	answer: () => Promise<void>;
	/** Lets time pass; nothing else happens. */
	pass: (durationMs: number) => void;
};

export const keys = {
	up: '\u001B[A', down: '\u001B[B', left: '\u001B[D', right: '\u001B[C', enter: '\r', escape: '\u001B', tab: '\t', ctrlC: '\u0003',
};

export function plainTheme(isAscii = false): Theme {
	return createTheme({isAscii, hasColour: false});
}

function toMessages(read: string): Message[] {
	const {keys: decoded, pending} = decodeKeys(read);
	const all: Key[] = pending.rest === '\u001B' ? [...decoded, {name: 'escape'}] : decoded;
	return all.map(key => ({kind: 'key', key}));
}

type BrainFacts = {columns?: number; rows?: number; isReadOnly?: boolean; isLinear?: boolean; checks?: boolean; start?: ScreenStart; theme?: Theme};

/** The brain with a host to talk to. Nothing happens by itself. */
export function createBrain({columns = 80, rows = 24, isReadOnly = false, isLinear = false, checks = false, start = {}, theme = plainTheme()}: BrainFacts = {}): Brain {
	const {services, world} = fakeServices({isReadOnly, checks});
	const viewport = createViewport(theme);
	const open: Effect[] = [];
	const brain: Brain = {
		state: initialState({
			columns, rows, nowMs: nowSeconds * 1000, isReadOnly, isLinear, start,
		}),
		effects: [],
		world,
		send(...messages) {
			const caused = messages.flatMap(message => {
				const [state, effects] = update(brain.state, message, viewport);
				brain.state = state;
				return effects;
			});
			brain.effects.push(...caused);
			open.push(...caused);
			return caused;
		},
		pass(durationMs) {
			brain.state = {...brain.state, nowMs: brain.state.nowMs + durationMs};
		},
		type: (...reads) => reads.flatMap(read => brain.send(...toMessages(read))),
		async answer() {
			for (let effect = open.shift(); effect !== undefined; effect = open.shift()) {
				const message = await answerTo(effect);
				if (message !== undefined) {
					brain.send(message);
				}
			}
		},
	};

	const answerTo = async (effect: Effect): Promise<Message | undefined> => {
		switch (effect.kind) {
			case 'read-host': {
				return {kind: 'host-read', number: effect.number, result: await services.host.readHost()};
			}

			case 'read-known-hosts': {
				return {kind: 'known-hosts-read', known: await services.readKnownHosts()};
			}

			case 'read-domains': {
				return {kind: 'domains-read', number: effect.number, result: await services.host.readDomains()};
			}

			case 'read-counts': {
				return {kind: 'counts-read', uuids: effect.uuids, result: await services.host.readSnapshotCounts(effect.uuids)};
			}

			case 'read-details': {
				return {
					kind: 'details-read', number: effect.number, uuid: effect.uuid, result: await services.host.readDetails(effect.uuid, effect),
				};
			}

			case 'read-unfinished': {
				return {kind: 'unfinished-read', number: effect.number, result: await services.readUnfinished()};
			}

			case 'read-backed-up': {
				return {kind: 'backed-up-read', backedUpTo: await services.readBackedUpTo()};
			}

			case 'read-undo': {
				return {kind: 'undo-read', number: effect.number, result: await services.readUndo(new AbortController().signal)};
			}

			case 'read-log': {
				return {kind: 'log-read', number: effect.number, result: await services.readLastCommands()};
			}

			case 'plan': {
				return {kind: 'planned', number: effect.number, result: await services.planAction(effect.request)};
			}

			case 'plan-group': {
				return {kind: 'planned', number: effect.number, ...combine(await services.planGroup(effect.asked.map(({request}) => request)), effect.asked.map(({name}) => name))};
			}

			case 'save-script': {
				return {kind: 'script-saved', path: effect.path, result: await services.saveScript(effect.plans, effect.path)};
			}

			case 'measure': {
				await services.planEach(effect.choices.map(({request}) => request), (index, result) => {
					brain.send({kind: 'measured', number: effect.number, id: effect.choices[index]!.id, result});
				}, new AbortController().signal);
				return undefined;
			}

			case 'diagnose': {
				return {kind: 'diagnosed', number: effect.number, result: await services.diagnose(effect.uuid, progress => {
					brain.send({kind: 'diagnosing', number: effect.number, progress});
				}, new AbortController().signal)};
			}

			case 'read-settings': {
				return {kind: 'settings-read', result: await services.readSettings()};
			}

			case 'read-verbs': {
				return {kind: 'verbs-read', verbs: services.readVerbs()};
			}

			case 'read-command': {
				return {kind: 'command-read', number: effect.number, result: services.readCommand(effect.words)};
			}

			case 'look': {
				return {kind: 'looked', number: effect.number, result: await services.look(effect.uuid, new AbortController().signal)};
			}

			case 'foresee-later': {
				return {kind: 'foresee-due', number: effect.number};
			}

			case 'foresee': {
				await services.planEach(effect.choices.map(({request}) => request), (index, result) => {
					brain.send({kind: 'foreseen', number: effect.number, id: effect.choices[index]!.id, result});
				}, new AbortController().signal);
				return {kind: 'foreseen', number: effect.number, id: undefined, result: undefined};
			}

			case 'look-later': {
				return effect.afterMs < 1000 ? {kind: 'look-due', number: effect.number} : undefined;
			}

			case 'poll-later': {
				// The short rest of the cursor passes; the poll every few seconds does not come.
				return effect.afterMs < 1000 ? {kind: 'poll-due', number: effect.number} : undefined;
			}

			default: {
				return undefined;
			}
		}
	};

	return brain;
}

/** A brain that has read the host, with the web server selected in the tree. */
export async function atWeb(facts: BrainFacts = {}): Promise<Brain> {
	const brain = createBrain({start: {domain: 'web01'}, ...facts});
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

/** Paints one state after the other on the same screen. Gives what the terminal shows after each: lines without trailing blanks. */
export async function framesOf(states: readonly State[], theme = plainTheme()): Promise<string[]> {
	const [{render}, {createElement}, {Painted}, {Root}, {createScreen, splitFrame}, {PassThrough}] = await Promise.all([
		import('ink'), import('react'), import('../../source/ui/painted.tsx'), import('../../source/ui/screens/root.tsx'), import('../../source/terminal/screen.ts'), import('node:stream'),
	]);
	let frame = '';
	let state = states[0]!;
	const {columns, rows} = state;
	const screen = createScreen({columns, rows, write: () => undefined});
	const paint = (next: string) => {
		frame = next;
		screen.stdout.write(next);
	};

	const listeners = new Set<() => void>();
	const subscribe = (listener: () => void) => {
		listeners.add(listener);
		return () => listeners.delete(listener);
	};

	const root = createElement(Root, {store: {getState: () => state, subscribe, send: () => undefined}, abilities: {isAscii: theme.isAscii, hasColour: false}});
	const ink = render(createElement(Painted, {paint, children: root}), {
		stdout: screen.stdout as unknown as NodeJS.WriteStream, stdin: new PassThrough() as unknown as NodeJS.ReadStream, debug: true, exitOnCtrlC: false, patchConsole: false,
	});
	const shown: string[] = [];
	for (const next of states) {
		state = next;
		for (const listener of listeners) {
			listener();
		}

		await wait(0);
		shown.push(splitFrame(stripVTControlCharacters(frame), rows).map(line => line.trimEnd()).join('\n'));
	}

	// With CI in the environment Ink writes an empty last frame when it ends.
	ink.unmount();
	return shown;
}

/** Paints one state, as the terminal would show it. */
export async function frameOf(state: State, theme = plainTheme()): Promise<string> {
	return (await framesOf([state], theme))[0]!;
}

const fixtures = fixturePath('screens');

/** The frame as it was accepted. Those named in ACCEPT_FRAME=name,name are accepted anew. */
export async function acceptedFrame(name: string, frame: string): Promise<string> {
	const file = path.join(fixtures, `${name}.txt`);
	if (process.env.ACCEPT_FRAME?.split(',').includes(name)) {
		await mkdir(fixtures, {recursive: true});
		await writeFile(file, `${frame}\n`);
	}

	return (await readFile(file, 'utf8')).replace(/\n$/, '');
}
