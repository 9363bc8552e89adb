/**
A real pseudo-terminal to run the built program in: a tmux server of its own, with a shell in it, as over SSH. What is typed is typed, what is seen
is what tmux shows.
*/
import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {ExecutionContext} from 'ava';

const execute = promisify(execFile);

export const programPath = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/vsnap-tui.mjs');

export type TerminalOptions = {
	width?: number;
	height?: number;
	env?: Record<string, string>;
};

export type Terminal = {
	/** Text as it is, without a meaning of key names. */
	type(text: string): Promise<void>;
	/** Keys by tmux's names: Enter, Escape, Down, C-c. */
	press(...keys: string[]): Promise<void>;
	/** As a terminal's own paste: marked as pasted where the program asked for that. */
	paste(text: string): Promise<void>;
	/** The lines that are seen, without blanks at their ends. */
	read(): Promise<string[]>;
	/** The same with the colours and attributes, as escape sequences. */
	readColors(): Promise<string>;
	/** What is above the visible lines too. */
	readHistory(): Promise<string>;
	/** Waits until the screen, without empty lines at its end, shows it, and gives the screen. Fails with the last screen. */
	waitFor(pattern: RegExp): Promise<string>;
	/** Waits until the screen is another one than this, and gives it. */
	waitForOther(screen: string): Promise<string>;
	/** Types a command for the shell and sends it. */
	command(line: string): Promise<void>;
	/** Of tmux: `cursor_flag`, `alternate_on`, `mouse_any_flag`, `pane_pid` … */
	readFlag(name: string): Promise<string>;
	/** The process ids of what the shell has started. */
	readPrograms(): Promise<number[]>;
	/** The terminal goes, as when a connection breaks: what runs in it is told by SIGHUP. */
	lose(): Promise<void>;
	resize(width: number, height: number): Promise<void>;
	/** A folder of its own for the program's private state and preferences. */
	homePath: string;
};

/** A terminal with a shell whose prompt is `READY> `. Ends with the test. */
export async function openTerminal(t: ExecutionContext, options: TerminalOptions = {}): Promise<Terminal> {
	const {width = 80, height = 24} = options;
	const homePath = await mkdtemp(path.join(os.tmpdir(), 'vsnap-tui-pty-'));
	const server = `vsnap-tui-${randomBytes(4).toString('hex')}`;
	const environment: Record<string, string> = {
		PATH: process.env.PATH!, HOME: homePath, XDG_CONFIG_HOME: homePath, VSNAP_TUI_STATE: homePath, LANG: 'C.UTF-8', TERM: 'screen-256color', PS1: 'READY> ', ...options.env,
	};
	const tmux = async (...args: string[]) => {
		const {stdout} = await execute('tmux', ['-L', server, '-f', '/dev/null', ...args], {env: {...environment, PS1: undefined}});
		return stdout;
	};

	t.teardown(async () => {
		await tmux('kill-server').catch(() => undefined);
		await rm(homePath, {recursive: true, force: true});
	});
	const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
	await tmux('-u', 'new-session', '-d', '-x', String(width), '-y', String(height), '-c', homePath, '--', 'env', '-i', ...settings, 'sh');
	const read = async () => (await tmux('capture-pane', '-p')).split('\n').map(line => line.trimEnd()).slice(0, -1);
	const waitUntil = async (complaint: string, isThere: (screen: string) => boolean) => {
		const endMs = Date.now() + 20_000;
		for (;;) {
			const screen = (await read()).join('\n').trimEnd();
			if (isThere(screen)) {
				return screen;
			}

			if (Date.now() > endMs) {
				throw new Error(`${complaint}:\n${screen}`);
			}

			await new Promise(resolve => {
				setTimeout(resolve, 15);
			});
		}
	};

	const terminal: Terminal = {
		homePath,
		read,
		async type(text) {
			await tmux('send-keys', '-l', '--', text);
		},
		async press(...keys) {
			await tmux('send-keys', '--', ...keys);
		},
		async paste(text) {
			await tmux('set-buffer', '--', text);
			await tmux('paste-buffer', '-p', '-d');
		},
		readColors: async () => tmux('capture-pane', '-p', '-e'),
		readHistory: async () => tmux('capture-pane', '-p', '-S', '-'),
		waitFor: async pattern => waitUntil(`${String(pattern)} did not appear`, screen => pattern.test(screen)),
		waitForOther: async before => waitUntil('Nothing changed', screen => screen !== before),
		async command(line) {
			await terminal.type(line);
			await terminal.press('Enter');
		},
		readFlag: async name => (await tmux('display-message', '-p', `#{${name}}`)).trim(),
		async readPrograms() {
			const shell = await terminal.readFlag('pane_pid');
			const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8');
			return children.trim().split(' ').map(Number);
		},
		async lose() {
			await tmux('kill-server');
		},
		async resize(newWidth, newHeight) {
			await tmux('resize-window', '-x', String(newWidth), '-y', String(newHeight));
		},
	};
	await terminal.waitFor(/READY>$/);
	return terminal;
}
