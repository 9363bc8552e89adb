/**
Random keys, pastes, resizes and signals on the demo host, in a real pseudo-terminal (tmux): no crash, no raw mode left, no action started, little memory. Enter comes only together
with other keys, as in a paste or from a cat on the keyboard, so nothing may begin.

	npm run soak:keys -- [--seconds 600] [--seed N]
*/
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import {parseArgs} from 'node:util';

const {values} = parseArgs({options: {seconds: {type: 'string', default: '600'}, seed: {type: 'string', default: String(Date.now() % 100_000)}}});
const mostMiB = 130;
const socket = `vsnap-keys-${process.pid}`;
const tmux = (...words: string[]) => execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], {encoding: 'utf8'});

let state = Number(values.seed);
/** mulberry32: the same keys for the same seed. */
function random(): number {
	state = (state + 0x6D_2B_79_F5) % 0x1_00_00_00_00;
	let mixed = Math.imul(state ^ (state >>> 15), state | 1);
	mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
	return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
}

const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

/** Without q, Ctrl-C and Ctrl-Z, which leave. */
const keys = [
	...'abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ0123456789 /:@?[]{}-_.=+~$"\'\\',
	'é',
	'漢',
	'\u001B[A',
	'\u001B[B',
	'\u001B[C',
	'\u001B[D',
	'\u001B[5~',
	'\u001B[6~',
	'\u001B[H',
	'\u001B[F',
	'\u001B[Z',
	'\t',
	'\u001B',
	'\u007F',
	'\u0004',
	'\u0015',
	'\u0017',
	'\u000C',
	'\u001B[I',
	'\u001B[<0;10;5M',
	'\u001B[<64;60;8M',
	'\u001B[999;',
	'\u001BOP',
	'\u0000',
];

const burst = () => Array.from({length: 1 + Math.floor(random() * 8)}, () => pick(keys)).join('');

function type(text: string): void {
	const bytes = [...new TextEncoder().encode(text)].map(byte => byte.toString(16));
	tmux('send-keys', '-t', 'keys', '-H', ...bytes);
}

const fail = (what: string): never => {
	let screen = '';
	try {
		screen = tmux('capture-pane', '-p', '-t', 'keys');
		tmux('kill-server');
	} catch {
		// The terminal has gone with it.
	}

	throw new Error(`seed ${values.seed}: ${what}\n${screen}`);
};

function pidOfProgram(): number {
	const shell = tmux('list-panes', '-t', 'keys', '-F', '#{pane_pid}').trim();
	const children = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ').filter(Boolean);
	const pid = Number(children[0]);
	return children.length === 1 && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('node') ? pid : fail('The program has ended.');
}

const residentMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

const acts: Array<[number, (pid: number) => void]> = [
	[60, () => {
		type(burst());
	}],
	[10, () => {
		type(`${burst()}\r`);
	}],
	[8, () => {
		type(`\u001B[200~${burst()}\n${burst()}\r\u001B[201~`);
	}],
	[6, () => {
		tmux('resize-window', '-t', 'keys', '-x', String(20 + Math.floor(random() * 200)), '-y', String(5 + Math.floor(random() * 60)));
	}],
	[2, pid => {
		process.kill(pid, pick(['SIGWINCH', 'SIGCONT'] as const));
	}],
	[1, pid => {
		process.kill(pid, 'SIGSTOP');
		process.kill(pid, 'SIGCONT');
	}],
];

function actAtRandom(pid: number): void {
	let at = random() * acts.reduce((sum, [weight]) => sum + weight, 0);
	for (const [weight, act] of acts) {
		at -= weight;
		if (at < 0) {
			act(pid);
			return;
		}
	}
}

// A shell without job control: it neither takes the terminal from a program that was stopped, nor reads a key.
// In a folder of its own: `w` saves scripts.
const folder = mkdtempSync(path.join(tmpdir(), 'vsnap-keys-'));
tmux('new-session', '-d', '-s', 'keys', '-c', folder, '-x', '80', '-y', '24', `sh -c "node ${path.resolve('dist/vsnap-tui.mjs')} --demo web --mouse; echo code=\\$?; stty -a; sleep 600"`);
await wait(4000);
console.log(`seed ${values.seed}, ${values.seconds} s`);
const end = Date.now() + (Number(values.seconds) * 1000);
let count = 0;
let most = 0;
while (Date.now() < end) {
	const pid = pidOfProgram();
	actAtRandom(pid);
	count++;
	most = Math.max(most, residentMiB(pid));
	await wait(random() * 60);
}

const pid = pidOfProgram();
tmux('resize-window', '-t', 'keys', '-x', '120', '-y', '50');
await wait(2000);
const rss = residentMiB(pid);
process.kill(pid, 'SIGTERM');
await wait(4000);
const screen = tmux('capture-pane', '-p', '-S', '-200', '-t', 'keys');
tmux('kill-server');
rmSync(folder, {recursive: true});
const wrongs = [
	...(/code=(?:143|0)\b/.test(screen) ? [] : ['It did not end by SIGTERM.']),
	...(/(?<![-\w])icanon\b/.test(screen) && /(?<![-\w])echo\b/.test(screen) ? [] : ['The terminal was left raw.']),
	...(/Internal error|^[✓×] /m.test(screen) ? ['Something crashed, or an action was started.'] : []),
	...(most > mostMiB ? [`${Math.round(most)} MiB were resident, more than ${mostMiB}.`] : []),
];
console.log(`${count} turns, ${Math.round(rss)} MiB resident at the end, ${Math.round(most)} at most`);
if (wrongs.length > 0) {
	console.log(`${wrongs.join('\n')}\n${screen}`);
	process.exitCode = 1;
}
