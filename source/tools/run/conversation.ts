/**
Programs that are kept open and asked again and again, because to start them costs more than to answer does. They end when we do, because that closes their standard input. What
changes something is asked of none that would be killed with us: changing-shell.ts.
*/
import {spawn} from 'node:child_process';
import process from 'node:process';
import {setImmediate} from 'node:timers/promises';
import {environment, type MoreEnvironment} from './run.ts';

export type Question = {
	/** Lines for its standard input. */
	text: string;
	/** What stands at the end of the answer. */
	outputEnd: string;
	/** The same on standard error, where the program can be brought to say it. */
	complaintEnd?: string;
};

/** All that it has said since it was asked. */
export type Said = {output: string; complaint: string};

export type Conversation = {
	/** One question at a time. Undefined: it has ended, or did not answer in time; it is of no more use then. */
	ask(question: Question, timeoutMs: number): Promise<Said | undefined>;
	/** Of one that has ended by itself. */
	readonly exitCode?: number | undefined;
	end(): void;
};

export type StartConversation = (argv: readonly string[], moreEnvironment?: Readonly<Record<string, string>>) => Conversation;

export type Started = {child: ReturnType<typeof spawn>; heard: Said; onHeard: (() => void) | undefined; hasEnded: boolean};

/** `inheritFds`: open files that it has to hold open as well. It is then no part of our session, and no signal of our terminal reaches it. */
export function startProgram([program = '', ...words]: readonly string[], env: NodeJS.ProcessEnv, inheritFds?: readonly number[]): Started {
	const child = spawn(program, words, {stdio: ['pipe', 'pipe', 'pipe', ...inheritFds ?? []], env, cwd: '/', detached: inheritFds !== undefined});
	const started: Started = {child, heard: {output: '', complaint: ''}, onHeard: undefined, hasEnded: false};
	child.stdout!.setEncoding('utf8').on('data', (text: string) => {
		started.heard.output += text;
		started.onHeard?.();
	});
	child.stderr!.setEncoding('utf8').on('data', (text: string) => {
		started.heard.complaint += text;
		started.onHeard?.();
	});
	const end = () => {
		started.hasEnded = true;
		started.onHeard?.();
	};

	// Not its `close`: what it has started itself may go on for long.
	child.on('error', end).on('exit', end);
	// It may have gone when it is written to; that shows in its end.
	child.stdin!.on('error', end);
	// Nobody waits for a program that is not being asked.
	child.unref();
	for (const stream of [child.stdin, child.stdout, child.stderr]) {
		(stream as unknown as {unref(): void}).unref();
	}

	return started;
}

/** Whether it has answered, and not ended or taken too long. */
async function listen(started: Started, {outputEnd, complaintEnd}: Question, timeoutMs: number): Promise<boolean> {
	return new Promise<boolean>(resolve => {
		const timer = setTimeout(() => {
			resolve(false);
		}, timeoutMs);
		let from = 0;
		const hear = () => {
			const {output, complaint} = started.heard;
			const hasOutput = output.includes(outputEnd, from);
			const isOver = hasOutput && (complaintEnd === undefined || complaint.includes(complaintEnd));
			// A mark may come in pieces, and something after it.
			from = hasOutput ? from : Math.max(0, output.length - outputEnd.length);
			if (isOver || started.hasEnded) {
				clearTimeout(timer);
				resolve(isOver);
			}
		};

		started.onHeard = hear;
		hear();
	});
}

/** Undefined: it has ended, or did not answer in time. What it said until then is in `heard`. */
export async function askStarted(started: Started, question: Question, timeoutMs: number): Promise<Said | undefined> {
	started.heard = {output: '', complaint: ''};
	started.child.stdin!.write(question.text);
	const isAnswered = await listen(started, question, timeoutMs);
	// What it wrote to standard error before the end of the answer has come in by then.
	await setImmediate();
	started.onHeard = undefined;
	return isAnswered ? started.heard : undefined;
}

/** Starts programs on this machine, and ends them all together. What is asked after that is not answered. */
export function createConversations({moreEnvironment}: {moreEnvironment?: MoreEnvironment} = {}): {start: StartConversation; end: () => void} {
	const open = new Set<Conversation>();
	let areOver = false;
	const startOne: StartConversation = (argv, ownEnvironment = {}) => {
		let starting: Promise<Started> | undefined;
		let running: Started | undefined;
		let isOver = false;
		const begin = async () => startProgram(argv, {...process.env, ...environment, ...await moreEnvironment?.(argv[0]!), ...ownEnvironment});
		const conversation: Conversation = {
			async ask(question, timeoutMs) {
				if (isOver || areOver) {
					return undefined;
				}

				starting ??= begin();
				const started = await starting;
				running = started;
				return isOver || started.hasEnded ? undefined : askStarted(started, question, timeoutMs);
			},
			get exitCode() {
				return running?.child.exitCode ?? undefined;
			},
			end() {
				isOver = true;
				open.delete(conversation);
				void starting?.then(({child}) => {
					child.stdin!.destroy();
					child.kill();
				}, () => undefined);
			},
		};
		open.add(conversation);
		return conversation;
	};

	return {
		start: startOne,
		end() {
			areOver = true;
			for (const conversation of open) {
				conversation.end();
			}
		},
	};
}
