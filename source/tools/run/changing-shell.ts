/**
A shell for what an action changes where the images are, command by command: a program of ours takes longer to start than one of the shell's, and over ssh each would be a
connection. Each is a process of its own all the same, with the action's lock open. Killed, we leave the shell behind: it ends the command at hand, finds nothing more to read, and
goes, and the lock with it.
*/
import {once} from 'node:events';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import type {RunOutput} from '../../engine/ports.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {askStarted, startProgram, type Started} from './conversation.ts';
import {questionFor} from './kept-shell.ts';
import {writePrivately} from './private-files.ts';
import {environment, type RunRequest} from './run.ts';

export type ChangingShell = {
	/** Undefined: it has to be run by itself. `piped`: what the command reads, which is no secret of its own: it stands in its files as well. */
	ask(request: RunRequest, piped?: string): Promise<Result<RunOutput> | undefined>;
};

export type ChangingShells = {
	/** `ssh`: the command line up to and with the host; empty: this machine. */
	at(ssh: readonly string[], options?: Partial<Place>): ChangingShell;
	/** Opens those at the other end of ssh for the action that begins: it takes until its first command. */
	begin(): void;
	/** Ends those that hold this lock: before that it is not free. */
	end(lock: number): Promise<void>;
};

type Held = Started & {locks: readonly number[]; isBusy: boolean; hasAnswered: boolean};

type Place = {
	/** What it means that ssh has ended before the first answer. */
	unreached: (result: Result<RunOutput>) => Result<RunOutput>;
	/** What its programs get beside our own environment. */
	moreEnvironment: () => Promise<Readonly<Record<string, string>> | undefined>;
};

/** The longest that a timer takes; Node stays as long as there is one. */
const forever = 2_147_483_647;
const lastWordsMs = 200;
/** As for a program that a signal has ended: nothing tells whether it did its work. */
const firstSignalCode = 128;
const lastSignalCode = 192;

/** What may be ended before its time, reads what we write, or stays, has a process of its own. */
const isForShell = ({isMutating, isDaemon, input, signal, timeoutMs, inProcess}: RunRequest): boolean =>
	isMutating === true && !isDaemon && input === undefined && signal === undefined && timeoutMs === undefined && inProcess === undefined;

/** The shell says so itself, in its words: nothing was run. */
const isNotThere = (exitCode: number, stderr: string): boolean => exitCode === 127 && /exec: .*not found\n?$/.test(stderr);

async function hasGone({child}: Started): Promise<void> {
	if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
		child.ref();
		await once(child, 'exit');
	}
}

async function change(shell: Held, {ssh, unreached}: Pick<Place, 'unreached'> & {ssh: readonly string[]}, request: RunRequest, piped?: string): Promise<Result<RunOutput> | undefined> {
	const argv = [...ssh, ...request.argv];
	const startedAt = performance.now();
	const failed = (cause: {exitCode?: number; signal?: string; stderr: string}) =>
		fail({kind: 'tool-failed', cause: {argv, timedOut: false, durationMs: Math.round(performance.now() - startedAt), ...cause}});
	try {
		await writePrivately(request.files ?? []);
	} catch (error) {
		return failed({stderr: error instanceof Error ? error.message : String(error)});
	}

	const {question, readAnswer} = questionFor(request.argv, piped);
	const said = await askStarted(shell, question, forever);
	if (said === undefined) {
		await hasGone(shell);
		// What it said last may come after its end, and what it has started itself may hold the pipe for long.
		await Promise.race([shell.child.stderr!.readableEnded || once(shell.child.stderr!, 'end'), setTimeout(lastWordsMs)]);
		const {exitCode, signalCode} = shell.child;
		const stderr = shell.heard.complaint.replace(/^.*?-a\./s, '');
		// It may have gone in the midst of the command.
		return shell.hasAnswered || exitCode === null ? failed({signal: signalCode ?? 'SIGHUP', stderr}) : unreached(failed({exitCode, stderr}));
	}

	shell.hasAnswered = true;
	const {exitCode, stdout, stderr} = readAnswer(said);
	if (isNotThere(exitCode, stderr)) {
		return undefined;
	}

	if ([0, ...request.acceptedExitCodes ?? []].includes(exitCode)) {
		return succeed({stdout, stderr, durationMs: Math.round(performance.now() - startedAt)});
	}

	return failed({...exitCode > firstSignalCode && exitCode <= lastSignalCode ? {signal: `signal ${exitCode - firstSignalCode}`} : {exitCode}, stderr});
}

/** `inheritFds`: the locks of the action that goes on. Without one nothing is run here. */
export function createChangingShells({inheritFds}: {inheritFds: () => number[]}): ChangingShells {
	const open = new Set<Held>();
	const far: Array<() => Promise<void>> = [];
	return {
		begin() {
			for (const openShell of far) {
				void openShell();
			}
		},
		at(ssh, {unreached = (result: Result<RunOutput>) => result, moreEnvironment} = {}) {
			const shells = new Map<string, Held>();
			const take = async (): Promise<Held | undefined> => {
				const locks = inheritFds();
				const env = {...process.env, ...environment, ...await moreEnvironment?.()};
				const known = shells.get(String(locks));
				if (known?.isBusy === true || locks.length === 0) {
					return undefined;
				}

				const shell = known?.hasEnded === false ? known : Object.assign(startProgram([...ssh, 'sh'], env, locks), {locks, isBusy: true, hasAnswered: false});
				shell.isBusy = true;
				open.add(shell);
				shells.set(String(locks), shell);
				return shell;
			};

			if (ssh.length > 0) {
				far.push(async () => {
					const shell = await take();
					if (shell !== undefined) {
						shell.isBusy = false;
					}
				});
			}

			return {
				async ask(request, piped) {
					const shell = isForShell(request) ? await take() : undefined;
					if (shell === undefined) {
						return undefined;
					}

					try {
						return await change(shell, {ssh, unreached}, request, piped);
					} finally {
						shell.isBusy = false;
					}
				},
			};
		},
		async end(lock) {
			for (const shell of open) {
				if (shell.locks.includes(lock)) {
					open.delete(shell);
					shell.child.stdin!.end();
					// It was opened in vain, and may not even get there.
					if (!shell.hasAnswered && !shell.isBusy) {
						shell.child.kill();
					}

					await hasGone(shell);
				}
			}
		},
	};
}
