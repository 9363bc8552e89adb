/** The built program in a real terminal on the lab's libvirt. */
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {openTerminal, type Terminal} from '../pty/terminal.ts';
import {labEnvironment, labUri, programPath} from './settings.ts';

export type ScreenOptions = {
	width: number;
	height: number;
	/** What follows on the command line: a domain's name, a verb. */
	args?: readonly string[];
	env?: Record<string, string>;
	/** What is there once the program has begun: the list of domains without it. */
	first?: RegExp;
};

/** Waits until the first screen is there. The shell tells the exit code as `code=0`. */
export async function openScreen(t: ExecutionContext, {width, height, args = [], env, first = /Domains \d/}: ScreenOptions): Promise<Terminal> {
	const {HOME: _, ...inherited} = labEnvironment();
	const terminal = await openTerminal(t, {width, height, env: {...inherited, ...env}});
	await terminal.command(`set -m; ${process.execPath} ${programPath} -c ${labUri} --no-check ${args.join(' ')}; echo code=$?`);
	await terminal.waitFor(first);
	return terminal;
}

/** Reads the page to its end and starts it. `name`: what has to be typed for that. Waits until something has started. */
export async function startPage(terminal: Terminal, name: string | undefined): Promise<void> {
	await terminal.waitFor(name === undefined ? /Enter starts it\./ : /Type \S+ to start:/);
	await terminal.press('End');
	if (name !== undefined) {
		await terminal.type(name);
		await terminal.waitFor(new RegExp(`to start: ${name}`));
	}

	for (let isStarted = false; !isStarted;) {
		// Enters that follow one another faster than this are those of a key that is held down, and start nothing.
		await wait(500);
		await terminal.press('Enter');
		isStarted = /\d of \d+ steps|Done and verified/.test(await terminal.waitFor(/Press it again|press Enter again|\d of \d+ steps|Done and verified/));
	}
}
