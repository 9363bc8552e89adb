/**
Runs the screen from the first frame to the exit code: joins the store, Ink and the terminal. Everything that is known and done comes through the services.
*/
import {PassThrough} from 'node:stream';
import process from 'node:process';
import {render} from 'ink';
import type {ReactElement} from 'react';
import type {ScreenHosts, ScreenStart} from '../app/services.ts';
import {runsOf} from '../app/run/jobs.ts';
import type {State} from '../app/state.ts';
import type {Store} from '../app/store.ts';
import {openHosts, type Stage} from '../app/hosts/open-hosts.ts';
import type {Abilities} from '../terminal/abilities.ts';
import {watchBackground} from '../terminal/background.ts';
import {bell, copyCode, notificationCode} from '../terminal/codes.ts';
import {createScreen} from '../terminal/screen.ts';
import {keepHeapSmall} from '../terminal/small-heap.ts';
import {openSession} from '../terminal/session.ts';
import {partingText, windowTitle} from './content/run/jobs.ts';
import {createViewport} from './content/page.ts';
import {Painted} from './painted.tsx';
import {runLinear} from './run-linear.ts';
import {Root} from './screens/root.tsx';
import {createTheme} from './theme.ts';

type ScreenArguments = ScreenHosts & {abilities: Abilities; start: ScreenStart};

function activityOf(state: State): string {
	const runs = runsOf(state).map(({plan: {action}}) => `"${action.kind} ${action.domain.name}"`);
	return runs.length > 0 ? `${runs.join(' and ')} ran (${runs.length === 1 ? 'its journal is' : 'their journals are'} on disk: see vsnap-tui recover)` : `showing ${state.scene.kind}`;
}

/** What only a terminal that is painted is told. */
function tellersOf({store, session, abilities}: {store: Store; session: ReturnType<typeof openSession>; abilities: Abilities}) {
	// The console of Linux has no window.
	const hasWindow = !abilities.isLinuxConsole;
	return {
		tellTitle() {
			const state = store.getState();
			if (hasWindow && state.tells.title) {
				session.setTitle(windowTitle(state));
			}
		},
		tellEnd({text, bell: rings, notify}: {text: string; bell: boolean; notify: boolean}) {
			session.write(`${rings ? bell : ''}${notify && hasWindow ? notificationCode(text) : ''}`);
		},
	};
}

/** Told once in each turn of the event loop: however many messages come in it, one frame is drawn. */
function oncePerTurn({getState, subscribe, send}: Store): Store {
	return {
		getState,
		send,
		subscribe(listener) {
			let scheduled: NodeJS.Immediate | undefined;
			const unsubscribe = subscribe(() => {
				scheduled ??= setImmediate(() => {
					scheduled = undefined;
					listener();
				});
			});
			return () => {
				clearImmediate(scheduled);
				unsubscribe();
			};
		},
	};
}

/** As long as nobody would see a frame that says what is waited for. */
const unseenMs = 40;

/** A host that answers at once is drawn once. */
async function untilListed(store: Store): Promise<void> {
	return new Promise(resolve => {
		const end = () => {
			clearTimeout(timer);
			unsubscribe();
			resolve();
		};

		const timer = setTimeout(end, unseenMs);
		const unsubscribe = store.subscribe(() => {
			const {value, failure} = store.getState().domains;
			if (value !== undefined || failure !== undefined) {
				end();
			}
		});
	});
}

/** Ink neither writes to the terminal nor reads keys nor ends by itself. */
function draw(root: ReactElement, stdout: object) {
	return render(root, {
		stdout: stdout as NodeJS.WriteStream,
		stdin: new PassThrough() as unknown as NodeJS.ReadStream,
		debug: true,
		exitOnCtrlC: false,
		patchConsole: false,
	});
}

/** What the terminal tells goes to the store. */
function listenersOf({store, screen, background}: {store: Store; screen: ReturnType<typeof createScreen>; background: ReturnType<typeof watchBackground>}): Parameters<typeof openSession>[0] {
	return {
		onReply: background.take,
		onKeys(keys) {
			store.send(...keys.map(key => ({kind: 'key' as const, key})));
		},
		onResize(size) {
			screen.resize(size);
			store.send({kind: 'resized', ...size});
		},
		onSignal(signal) {
			store.send({kind: 'signalled', signal});
		},
		onWake: screen.repaint,
		describeActivity: () => activityOf(store.getState()),
	};
}

/**
Shows the screen until the person quits or a signal ends it. Gives the exit code. To be called only with a terminal on stdin and stdout; colour is decided
by the abilities, so `FORCE_COLOR=0` belongs into the environment before this file is loaded where they say no.
*/
export async function runScreen({hosts, openHost, abilities, start}: ScreenArguments): Promise<number> {
	if (abilities.isLinear) {
		return runLinear({hosts, openHost, abilities, start});
	}

	const theme = createTheme(abilities);
	const {columns, rows} = abilities;
	const size = () => ({columns: process.stdout.columns || columns, rows: process.stdout.rows || rows});
	let end: (how: {exitCode: number; signal: string | undefined}) => void;
	const ended = new Promise<{exitCode: number; signal: string | undefined}>(resolve => {
		end = resolve;
	});

	const screen = createScreen({columns, rows, write(text) {
		session.write(text);
	}});
	const stage: Stage = {
		suspend() {
			screen.pause();
			session.suspend();
		},
		repaint: screen.repaint,
		useMouse() {
			session.useMouse();
		},
		copy(text) {
			session.write(copyCode(text));
		},
		tellEnd(how) {
			tellers.tellEnd(how);
		},
		quit(how) {
			end(how);
		},
	};
	const open = openHosts({
		hosts, openHost, start, stage, viewport: createViewport(theme), isLinear: false, size,
	});
	const {store} = open;
	const background = watchBackground(found => {
		store.send({kind: 'background-told', background: found});
	});
	const session = openSession(listenersOf({store, screen, background}));
	const tellers = tellersOf({store, session, abilities});
	store.subscribe(tellers.tellTitle);

	store.send({kind: 'started'}, {kind: 'resized', ...size()});
	await untilListed(store);
	const ink = draw(<Painted paint={screen.stdout.write}><Root store={oncePerTurn(store)} abilities={abilities}/></Painted>, screen.stdout);
	keepHeapSmall();
	// An exception while rendering would otherwise leave a dead screen with a live process.
	const rendered = ink.waitUntilExit();
	if (abilities.hasColour && !abilities.isLinuxConsole) {
		background.ask(session.write);
	}

	try {
		const how = await Promise.race([ended, rendered.then(async () => ended, async (error: unknown) => {
			session.fail(error);
			return ended;
		})]);
		await background.settle();
		screen.pause();
		session.close(how.signal, open.states().map((state, index) => partingText(state, open.programs[index], theme)).join(''));
		return how.exitCode;
	} finally {
		open.close();
		ink.unmount();
		session.close();
	}
}
