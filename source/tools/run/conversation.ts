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
export type Answered = {output: string; complaint: string};

export type Conversation = {
	/** Starts it before the first question. */
	begin?(): void;
	/** Questions are answered in their order. Undefined: it has ended, or did not answer in time; it is of no more use then. */
	ask(question: Question, timeoutMs: number): Promise<Answered | undefined>;
	/** Of one that has ended by itself. */
	readonly exitCode?: number | undefined;
	end(): void;
};

export type StartConversation = (argv: readonly string[], moreEnvironment?: Readonly<Record<string, string>>) => Conversation;

/** `from`: where the end of the answer is looked for, for it may come in pieces. */
type Waiting = {question: Question; from: number; settle: (answered?: Answered) => void};

export type Started = {child: ReturnType<typeof spawn>; heard: Answered; waiting: Waiting[]; hasEnded: boolean};

/** What was said up to the end of the answer to the first question; the rest belongs to the next. */
function cutAnswer({heard}: Started, waiting: Waiting): Answered | undefined {
	const {outputEnd, complaintEnd} = waiting.question;
	const at = heard.output.indexOf(outputEnd, waiting.from);
	if (at === -1) {
		waiting.from = Math.max(0, heard.output.length - outputEnd.length);
		return undefined;
	}

	const complaintAt = complaintEnd === undefined ? heard.complaint.length : heard.complaint.indexOf(complaintEnd);
	if (complaintAt === -1) {
		return undefined;
	}

	const [outputTo, complaintTo] = [at + outputEnd.length, complaintAt + (complaintEnd?.length ?? 0)];
	const answered = {output: heard.output.slice(0, outputTo), complaint: heard.complaint.slice(0, complaintTo)};
	heard.output = heard.output.slice(outputTo);
	heard.complaint = heard.complaint.slice(complaintTo);
	return answered;
}

function hear(started: Started): void {
	for (let first = started.waiting[0]; first !== undefined; first = started.waiting[0]) {
		const answered = cutAnswer(started, first);
		if (answered === undefined && !started.hasEnded) {
			return;
		}

		started.waiting.shift();
		first.settle(answered);
	}
}

/** `inheritFds`: open files that it has to hold open as well. It is then no part of our session, and no signal of our terminal reaches it. */
export function startProgram([program = '', ...words]: readonly string[], env: NodeJS.ProcessEnv, inheritFds?: readonly number[]): Started {
	const child = spawn(program, words, {stdio: ['pipe', 'pipe', 'pipe', ...inheritFds ?? []], env, cwd: '/', detached: inheritFds !== undefined});
	const started: Started = {child, heard: {output: '', complaint: ''}, waiting: [], hasEnded: false};
	child.stdout!.setEncoding('utf8').on('data', (text: string) => {
		started.heard.output += text;
		hear(started);
	});
	child.stderr!.setEncoding('utf8').on('data', (text: string) => {
		started.heard.complaint += text;
		hear(started);
	});
	const end = () => {
		started.hasEnded = true;
		hear(started);
	};

	// Not its `close`: what it has started itself may go on for long.
	child.on('error', end).on('exit', end);
	// It may have gone when it is written to; that shows in its end.
	child.stdin!.on('error', () => undefined);
	// Nobody waits for a program that is not being asked.
	child.unref();
	for (const stream of [child.stdin, child.stdout, child.stderr]) {
		(stream as unknown as {unref(): void}).unref();
	}

	return started;
}

/** Undefined: it has ended, or did not answer in time. What it said until then is in `heard`. */
export async function askStarted(started: Started, question: Question, timeoutMs: number): Promise<Answered | undefined> {
	const answered = await new Promise<Answered | undefined>(resolve => {
		const timer = setTimeout(() => {
			resolve(undefined);
		}, timeoutMs);
		started.waiting.push({
			question,
			from: 0,
			settle(answer) {
				clearTimeout(timer);
				resolve(answer);
			},
		});
		started.child.stdin!.write(question.text);
	});
	if (answered === undefined || question.complaintEnd !== undefined) {
		return answered;
	}

	// What it wrote to standard error before the end of the answer has come in by then.
	await setImmediate();
	const more = started.heard.complaint;
	started.heard.complaint = '';
	return {...answered, complaint: answered.complaint + more};
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
			begin() {
				starting ??= begin();
				starting.catch(() => undefined);
			},
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
