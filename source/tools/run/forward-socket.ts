/**
A UNIX socket at the other end of ssh, as one of this machine. ssh itself forwards it: nothing has to be installed over there. Each has a connection of its own, which ends
with us, because its shell then has no standard input any longer.
*/
import {randomBytes} from 'node:crypto';
import {mkdir, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fail, succeed, type Result} from '../../model/result.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {Conversation, StartConversation} from './conversation.ts';
import {sshArgv, type SshTarget} from './ssh.ts';

export type ForwardedSocket = {
	/** On this machine. */
	path: string;
	/** Whether a process listens over there: here ssh does in any case. Undefined: ssh has ended. */
	isServed(): Promise<boolean | undefined>;
};

/** Undefined: it is on this machine. Fails with `host-unreachable`. */
export type ForwardSocket = (remotePath: string) => Promise<Result<ForwardedSocket | undefined>>;

const connectMs = 30_000;

/** As a part of ssh's `-L`. */
const escapePart = (part: string) => part.replaceAll(/[\\:]/g, String.raw`\$&`);

function forwardArgv(target: SshTarget, here: string, there: string): string[] {
	const [program, ...words] = sshArgv(target);
	// A connection that others share would keep the socket after us.
	return [program!, '-o', 'ControlMaster=no', '-o', 'ControlPath=none', '-o', 'StreamLocalBindUnlink=yes', '-L', `${escapePart(here)}:${escapePart(there)}`, ...words, 'sh'];
}

/** Asks the shell at the other end, whose login shell may have something to say before. Undefined: it has ended. */
async function askShell(conversation: Conversation, line: (mark: string) => string, timeoutMs: number): Promise<string | undefined> {
	const mark = `vsnap-${randomBytes(12).toString('hex')}`;
	const answer = await conversation.ask({text: `${line(mark)}\n`, outputEnd: `${mark}.`}, timeoutMs);
	return answer && new RegExp(`(\\w*)-${mark}\\.`).exec(answer.output)?.[1];
}

/** `controlFolder`: as for the ssh runner, short and private. */
export function createSocketForwards(target: SshTarget, {controlFolder, converse}: {controlFolder: string; converse: StartConversation}): {reach: ForwardSocket; close(): Promise<void>} {
	type Open = {conversation: Conversation; here: string; isReady: Promise<boolean>};
	const open = new Map<string, Open>();
	let opened = 0;

	const close = async (there: string, {conversation, here}: Open) => {
		open.delete(there);
		conversation.end();
		await rm(here, {force: true}).catch(() => undefined);
	};

	const begin = (there: string): Open => {
		const here = path.join(controlFolder, `m${process.pid}-${opened++}`);
		const conversation = converse(forwardArgv(target, here, there));
		const ready = async () => {
			// Once the shell answers, ssh listens here.
			const answer = await askShell(conversation, mark => `printf here-${mark}.`, connectMs);
			return answer !== undefined;
		};

		return {conversation, here, isReady: ready()};
	};

	return {
		async reach(there) {
			await mkdir(controlFolder, {recursive: true, mode: 0o700}).catch(() => undefined);
			const startedAt = performance.now();
			const way = open.get(there) ?? begin(there);
			open.set(there, way);
			if (!await way.isReady) {
				await close(there, way);
				return fail({kind: 'host-unreachable', uri: target.uri, cause: {argv: sshArgv(target), timedOut: false, stderr: 'ssh has ended', durationMs: Math.round(performance.now() - startedAt)}});
			}

			return succeed({
				path: way.here,
				async isServed() {
					// The kernel's list: the socket of a process that was killed is still in its folder. The flag says that somebody listens.
					const listens = `grep -F -- ${quoteForShell(` ${there}`)} /proc/net/unix | grep -q ' 00010000 '`;
					const answer = await askShell(way.conversation, mark => `if ${listens}; then printf yes-${mark}.; else printf no-${mark}.; fi`, connectMs);
					if (answer === undefined) {
						await close(there, way);
					}

					return answer === undefined ? undefined : answer === 'yes';
				},
			});
		},
		async close() {
			await Promise.all([...open].map(async ([there, way]) => close(there, way)));
		},
	};
}
