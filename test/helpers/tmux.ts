/**
The program in a real terminal: tmux with a server of its own. What is waited for is a picture or a fact, never a time.
*/
import {execFile} from 'node:child_process';
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import {promisify} from 'node:util';

const run = promisify(execFile);
let count = 0;

export type Terminal = {
	type: (...keys: string[]) => Promise<void>;
	/** What is in sight, without trailing blanks. */
	look: () => Promise<string>;
	/** Waits until the picture fits; fails with the last picture after 30 s. */
	until: (pattern: RegExp) => Promise<string>;
	/** A fact of tmux about the pane: `alternate_on`, `cursor_flag`, `pane_pid` … */
	fact: (name: string) => Promise<string>;
	resize: (columns: number, rows: number) => Promise<void>;
	/** The process whose command line begins so, below the shell of the pane. */
	pidOf: (beginning: string) => Promise<number>;
	close: () => Promise<void>;
};

export async function openTerminal({columns = 80, rows = 24}: {columns?: number; rows?: number} = {}): Promise<Terminal> {
	const server = `vsnap-${process.pid}-${count++}`;
	const tmux = async (...argv: string[]) => (await run('tmux', ['-L', server, '-f', '/dev/null', ...argv])).stdout;
	await tmux('new-session', '-d', '-s', 'a', '-x', String(columns), '-y', String(rows), 'env LANG=C.UTF-8 PS1="ready> " sh -i');

	const look = async () => (await tmux('capture-pane', '-t', 'a', '-p')).trimEnd();
	const fact = async (name: string) => (await tmux('display-message', '-t', 'a', '-p', `#{${name}}`)).trim();
	const terminal: Terminal = {
		look,
		fact,
		async type(...keys) {
			await tmux('send-keys', '-t', 'a', ...keys);
		},
		async until(pattern) {
			for (let tries = 0; tries < 300; tries++) {
				const details = await look();
				if (pattern.test(details)) {
					return details;
				}

				await wait(100);
			}

			throw new Error(`${String(pattern)} did not come:\n${await look()}`);
		},
		async resize(newColumns, newRows) {
			await tmux('resize-window', '-t', 'a', '-x', String(newColumns), '-y', String(newRows));
		},
		async pidOf(beginning) {
			const shell = await fact('pane_pid');
			const {stdout} = await run('ps', ['-o', 'pid=,args=', '--ppid', shell]);
			const line = stdout.split('\n').map(text => text.trim()).find(text => text.replace(/^\d+ /, '').startsWith(beginning));
			return Number.parseInt(line ?? '', 10);
		},
		async close() {
			await tmux('kill-server');
		},
	};
	await terminal.until(/ready>/);
	return terminal;
}
