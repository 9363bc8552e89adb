/**
Runs a program in a pseudo-terminal of 80×24, made by `script` of util-linux, and watches what it writes.
*/
import {Buffer} from 'node:buffer';
import process from 'node:process';
import {spawn} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';

const quietMs = 120;

/** `command` is a shell command; `environment` is added to ours. */
export function openPseudoTerminal(command, environment = {}) {
	const startedAtMs = performance.now();
	const child = spawn('script', ['-qfec', `stty cols 80 rows 24; exec ${command}`, '/dev/null'], {
		stdio: ['pipe', 'pipe', 'inherit'],
		env: {...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...environment},
	});
	const chunks = [];
	child.stdout.on('data', bytes => {
		chunks.push({atMs: performance.now() - startedAtMs, bytes});
	});
	const ended = new Promise(resolve => {
		child.on('exit', resolve);
	});
	const textSince = from => Buffer.concat(chunks.slice(from).map(({bytes}) => bytes)).toString();

	return {
		/** Milliseconds from the start until this text has been written. */
		async waitFor(text, {timeoutMs = 20_000} = {}) {
			const isThere = typeof text === 'string' ? written => written.includes(text) : written => text.test(written);
			while (!isThere(textSince(0))) {
				if (performance.now() - startedAtMs > timeoutMs) {
					throw new Error(`${command} did not write ${text} in ${timeoutMs} ms:\n${textSince(0)}`);
				}

				await sleep(2);
			}

			return chunks.at(-1).atMs;
		},
		/** Until nothing has been written for a while. */
		async waitForQuiet() {
			let seen = -1;
			while (seen !== chunks.length) {
				seen = chunks.length;
				await sleep(quietMs);
			}
		},
		/** Types, and tells how long until the first answer and how many bytes came. */
		async type(keys) {
			const from = chunks.length;
			const typedAtMs = performance.now() - startedAtMs;
			child.stdin.write(keys);
			await this.waitForQuiet();
			const answer = chunks.slice(from);
			return {
				bytes: answer.reduce((sum, {bytes}) => sum + bytes.length, 0),
				firstBytes: answer[0]?.bytes.length ?? 0,
				ms: answer.length === 0 ? 0 : answer[0].atMs - typedAtMs,
			};
		},
		/** Types, and tells when the first answer came, and when one that fits. */
		async press(keys, sign) {
			const from = chunks.length;
			const typedAtMs = performance.now() - startedAtMs;
			child.stdin.write(keys);
			while (!sign.test(textSince(from))) {
				await sleep(2);
			}

			const at = chunks.findIndex((_, index) => index >= from && sign.test(Buffer.concat(chunks.slice(from, index + 1).map(({bytes}) => bytes)).toString()));
			return {saidMs: chunks[from].atMs - typedAtMs, stepMs: chunks[at].atMs - typedAtMs};
		},
		async countBytes(durationMs) {
			const from = chunks.length;
			await sleep(durationMs);
			return chunks.slice(from).reduce((sum, {bytes}) => sum + bytes.length, 0);
		},
		/** The most memory that the program has held, in bytes. */
		async readPeakMemory() {
			const program = await readOnlyChild(await readOnlyChild(child.pid) ?? child.pid) ?? await readOnlyChild(child.pid);
			const status = await readFile(`/proc/${program}/status`, 'utf8');
			return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
		},
		async close(keys) {
			child.stdin.write(keys);
			await Promise.race([ended, sleep(3000).then(() => child.kill('SIGKILL'))]);
		},
	};
}

/** The process id of the first child; undefined where there is none. */
async function readOnlyChild(pid) {
	const threads = await readdir(`/proc/${pid}/task`);
	const lists = await Promise.all(threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')));
	return lists.join(' ').trim().split(/\s+/).find(Boolean);
}
