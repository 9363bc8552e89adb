/**
Running programs. The one place that starts a child process for one answer (those that are kept open: conversation.ts); what changes something is always an argv array, never a
line for a shell.
*/
import type {ChildProcess} from 'node:child_process';
import type {CommandFile} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {RunOutput} from '../../engine/ports.ts';
import {writePrivately} from './private-files.ts';

export type RunRequest = {
	argv: string[];
	/** `here`: this machine. `host`: where the images are, which for qemu+ssh is the other end. */
	where: 'here' | 'host';
	/** What the program reads from its standard input; missing: nothing. */
	input?: string;
	/** Written (0600) before the program starts. */
	files?: CommandFile[];
	timeoutMs?: number;
	/** Aborted: the program is ended (SIGTERM). */
	signal?: AbortSignal;
	/** Changes something: such a child is detached, and finishes even if we are killed. */
	isMutating?: boolean;
	/** Goes on in the background when it has answered, for days perhaps: it must hold none of our files, or a lock would last as long. */
	isDaemon?: boolean;
	/** The same without a program, where that would run on this machine. Undefined: it could not be done, and the program says why. */
	inProcess?: () => Promise<string | undefined>;
	/** Exit codes that are an answer, too; 0 always is. `stat` of many files ends with 1 where one of them is missing. */
	acceptedExitCodes?: number[];
};

/** Fails with `tool-failed` when the program cannot be started, ends with another code than 0, or takes too long. */
export type Runner = (request: RunRequest) => Promise<Result<RunOutput>>;

/** A program that goes on printing lines (`virsh event`). Gives the function that ends it. */
export type LineWatcher = (request: {argv: string[]; onLine: (line: string) => void; onEnd: () => void}) => () => void;

const packages: Record<string, string> = {virsh: 'libvirt-clients', 'qemu-img': 'qemu-utils', 'qemu-storage-daemon': 'qemu-system-common', ssh: 'openssh-client'};
const outputLimit = 400_000_000;

/** English, and bytes as they are: what the programs say is matched in hosts/. */
export const environment = {LC_ALL: 'C', LANGUAGE: ''};

/** A program that stays is known by the folder that its shell would have named: with `env -C` the environment would name ours. */
function environmentFor({argv, isDaemon}: RunRequest): Record<string, string> {
	return isDaemon ? {...environment, PWD: argv[0] === 'env' && argv[1] === '-C' ? argv[2]! : '/'} : environment;
}

/** What a program gets beside that. Undefined: nothing more. */
export type MoreEnvironment = (program: string) => Promise<Readonly<Record<string, string>> | undefined>;

function missingProgram(program: string): string {
	const name = packages[program];
	return `${program} is not installed here${name === undefined ? '' : `: Debian and Ubuntu have it in the package ${name}`}.`;
}

/**
Who is ended by a signal has nothing more to say. What it had started itself, as the script of a wrapper does, may hold its pipes open for long, and would keep
everybody waiting: a limit of time, and the end of the program.
*/
function closePipesWith(child: Pick<ChildProcess, 'once' | 'stdout' | 'stderr'>): void {
	child.once('exit', (_exitCode, signal) => {
		if (signal !== null) {
			child.stdout?.destroy();
			child.stderr?.destroy();
		}
	});
}

/**
Runs everything on this machine, whatever `where` says. `inheritFds`: open files that every changing command has to hold open as well, so that the
kernel's locks on them last as long as the command does. `ending`: nobody waits for answers from then on, so that what only reads is ended (SIGTERM).
*/
export function createLocalRunner(options: {inheritFds?: () => number[]; moreEnvironment?: MoreEnvironment; ending?: AbortSignal} = {}): Runner {
	return async request => {
		const {argv, files = [], isMutating = false, isDaemon = false} = request;
		const [program = '', ...rest] = argv;
		const startedAt = performance.now();
		const failed = (cause: {exitCode?: number; signal?: string; timedOut?: boolean; stderr: string}) =>
			fail({kind: 'tool-failed', cause: {argv, timedOut: false, durationMs: Math.round(performance.now() - startedAt), ...cause}});
		const own = await request.inProcess?.();
		if (own !== undefined) {
			return succeed({stdout: own, stderr: '', durationMs: Math.round(performance.now() - startedAt)});
		}

		try {
			await writePrivately(files);
		} catch (error) {
			return failed({stderr: error instanceof Error ? error.message : String(error)});
		}

		const signals = [request.signal, isMutating ? undefined : options.ending].filter(signal => signal !== undefined);
		// Loaded late: it is not needed for the first frame.
		const {execa} = await import('execa');
		const child = execa(program, rest, {
			reject: false,
			// Numbers beyond the third place work, only their type does not say so.
			...(request.input !== undefined && {input: request.input}),
			stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(isMutating && !isDaemon ? options.inheritFds?.() ?? [] : [])] as ['ignore', 'pipe', 'pipe'],
			env: {...environmentFor(request), ...await options.moreEnvironment?.(program)},
			cwd: '/',
			stripFinalNewline: false,
			maxBuffer: outputLimit,
			timeout: request.timeoutMs ?? 0,
			...(signals.length > 0 && {cancelSignal: AbortSignal.any(signals)}),
			detached: isMutating,
			cleanup: !isMutating,
		});
		if (!isMutating) {
			closePipesWith(child);
		}

		const result = await child;
		const stdout = typeof result.stdout === 'string' ? result.stdout : '';
		const stderr = typeof result.stderr === 'string' ? result.stderr : '';
		if (result.exitCode === 0 || (result.exitCode !== undefined && request.acceptedExitCodes?.includes(result.exitCode))) {
			return succeed({stdout, stderr, durationMs: Math.round(result.durationMs)});
		}

		if (result.code === 'ENOENT' && result.exitCode === undefined) {
			return failed({stderr: missingProgram(program)});
		}

		return failed({
			...(result.exitCode === undefined ? {} : {exitCode: result.exitCode}),
			...(result.signal === undefined ? {} : {signal: result.signal}),
			timedOut: result.timedOut,
			stderr: stderr === '' && result.exitCode === undefined && !result.timedOut ? result.originalMessage ?? result.shortMessage ?? '' : stderr,
		});
	};
}

/** Starts programs on this machine that go on printing. They end with us. */
export function createLineWatcher(options: {moreEnvironment?: MoreEnvironment} = {}): LineWatcher {
	return ({argv, onLine, onEnd}) => {
		const [program = '', ...rest] = argv;
		let isStopped = false;
		const stopping = new AbortController();
		const watch = async () => {
			const {execa} = await import('execa');
			const child = execa(program, rest, {
				reject: false,
				stdio: ['ignore', 'pipe', 'ignore'],
				env: {...environment, ...await options.moreEnvironment?.(program)},
				cwd: '/',
				buffer: false,
				cancelSignal: stopping.signal,
			});
			closePipesWith(child);
			for await (const line of child.iterable({from: 'stdout'})) {
				if (!isStopped) {
					onLine(String(line));
				}
			}

			await child;
		};

		void (async () => {
			try {
				await watch();
			} catch {
				// A watcher that cannot be started has ended; whoever listens starts it again.
			}

			if (!isStopped) {
				onEnd();
			}
		})();

		return () => {
			isStopped = true;
			stopping.abort();
		};
	};
}
