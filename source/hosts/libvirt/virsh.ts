/**
Asking virsh: many questions share one process, which makes a host of 1,000 snapshots readable in half a second. The only place that knows virsh's
English messages (LC_ALL=C); each has a fixture.

A question is an argv. The batch is `question; echo MARK; question; echo MARK`, with a random mark, and is parted at the marks. Nothing tells which
question an error belongs to, so where the batch complained each question without an answer is asked once more alone.
*/
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import type {CommandFile} from '../../model/plan/plan.ts';
import type {Failure} from '../../model/failure.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';
import {stderrOf} from '../shared/read-answers.ts';
import type {KeptVirsh} from './kept-virsh.ts';

/** What a question gave on stdout, as it was. */
export type Answer = Result<string>;

export type Virsh = {
	/** One answer per question, in their order. Fails as a whole only where the host cannot be asked at all. */
	ask(questions: readonly string[][], options?: {timeoutMs?: number}): Promise<Result<Answer[]>>;
	askOne(question: string[], options?: {timeoutMs?: number}): Promise<Answer>;
	/** For what may be said twice, and half: in a virsh that is kept open, or a shell over there, and ends with us. `file`: what it reads. False: it was not, or not heard to be; a process of its own has to say it. */
	tell(words: string[], file?: CommandFile): Promise<boolean>;
	/** For who is about to ask: one is opened meanwhile. */
	begin?: () => void;
	/** The beginning of each command line. */
	prefix: string[];
};

type VirshOptions = {
	runner: Runner;
	/** Undefined: virsh's own default. */
	uri: string | undefined;
	isReadOnly: boolean;
	/** Missing: each time a process is started. */
	keep?: (prefix: readonly string[]) => KeptVirsh;
	/** The URI for a virsh beside a daemon on another machine: what may be said twice is told to one there. */
	thereUri?: string | undefined;
	/** For tests. */
	makeMark?: () => string;
};

const defaultTimeoutMs = 30_000;
/** The kernel takes 131,072 for one argument. */
const batchLimitBytes = 96_000;
/** About a question: they have to fit with their ends. */
const spareBytes = 200;
const processesAtOnce = 4;

/** For virsh's own parser: single quotes hold everything but a single quote. */
export function quoteForVirsh(word: string): string {
	return `'${word.replaceAll('\'', String.raw`'\''`)}'`;
}

function formatQuestion([verb = '', ...rest]: readonly string[]): string {
	return [verb, ...rest.map(word => quoteForVirsh(word))].join(' ');
}

type Batch = {text: string; questions: string[][]};

/** Batches of whole questions, each within the limit. */
export function partQuestions(questions: readonly string[][], mark: string): Batch[] {
	const batches: Batch[] = [];
	const texts = questions.map(question => `${formatQuestion(question)}; echo ${mark}; `);
	const wholeBytes = Buffer.byteLength(texts.join(''));
	// About the same for each process: the last of three would start for a few.
	const evenBytes = Math.min(batchLimitBytes, Math.ceil(wholeBytes / Math.ceil(wholeBytes / batchLimitBytes)) + spareBytes);
	let sizeBytes = Number.POSITIVE_INFINITY;
	for (const [index, text] of texts.entries()) {
		sizeBytes += Buffer.byteLength(text);
		if (sizeBytes > evenBytes) {
			batches.push({text: '', questions: []});
			sizeBytes = Buffer.byteLength(text);
		}

		const batch = batches.at(-1)!;
		batch.text += text;
		batch.questions.push(questions[index]!);
	}

	return batches;
}

const brokenConnection = new RegExp([
	'failed to connect to the hypervisor',
	'disconnected from .* due to',
	'end of file while reading data',
	'cannot recv data',
	'client socket is closed',
].join('|'), 'i');

/** The connection failed, or broke: nothing can be said about the domains. */
export function isUnreachable(failure: Failure): boolean {
	return failure.kind === 'host-unreachable'
		|| brokenConnection.test(stderrOf(failure));
}

/** libvirt does not know this domain (any longer). */
export function isMissingDomain(failure: Failure): boolean {
	return /failed to get domain|Domain not found|no domain with matching/.test(stderrOf(failure));
}

export function isMissingSnapshot(failure: Failure): boolean {
	return /Domain snapshot not found|no domain snapshot with matching name/.test(stderrOf(failure));
}

export function hasNoCurrentSnapshot(failure: Failure): boolean {
	return /does not have a current snapshot|has no current snapshot/.test(stderrOf(failure));
}

/** The question needs a process of the domain, and there is none. */
export function isNotRunning(failure: Failure): boolean {
	return stderrOf(failure).includes('domain is not running');
}

/** The driver of this host does not know the call: the test driver has no jobs and no checkpoints. */
export function isNotSupported(failure: Failure): boolean {
	return stderrOf(failure).includes('not supported by the connection driver');
}

async function tellThere({runner, uri}: {runner: Runner; uri: string}, words: readonly string[], file: CommandFile | undefined): Promise<boolean> {
	const argv = ['virsh', '-q', '-c', uri, ...words.map(word => word === file?.path ? '/dev/stdin' : word)];
	const said = await runner({argv, where: 'host', timeoutMs: defaultTimeoutMs, ...(file && {input: file.text})});
	return said.ok;
}

export function createVirsh({runner, uri, isReadOnly, keep, thereUri, makeMark}: VirshOptions): Virsh {
	const prefix = ['virsh', '-q', ...(isReadOnly ? ['-r'] : []), ...(uri === undefined ? [] : ['-c', uri])];
	const kept = keep?.(prefix);
	const nextMark = makeMark ?? (() => `vsnap-${randomBytes(12).toString('hex')}`);

	const run = async (words: string[], timeoutMs = defaultTimeoutMs, acceptedExitCodes: number[] = []) => {
		const result = await runner({argv: [...prefix, ...words], where: 'here', timeoutMs, acceptedExitCodes});
		if (!result.ok && result.failure.kind === 'tool-failed' && isUnreachable(result.failure)) {
			return fail({kind: 'host-unreachable', uri: uri ?? 'default', cause: result.failure.cause});
		}

		return result;
	};

	const askKept = async (questions: readonly string[][]): Promise<Array<string | undefined>> => kept === undefined ? [] : kept.ask(questions.map(question => formatQuestion(question)));

	const askAlone = async (question: string[], options: {timeoutMs?: number} = {}): Promise<Answer> => {
		const result = await run(question, options.timeoutMs);
		return result.ok ? succeed(result.value.stdout) : result;
	};

	/** Undefined stands for a question that has to be asked alone. */
	const askBatch = async (batch: Batch, mark: string, timeoutMs?: number): Promise<Result<Array<Answer | undefined>>> => {
		const result = await run([batch.text], timeoutMs);
		if (!result.ok) {
			// An error of syntax in one question stops them all before the first.
			return result.failure.kind === 'tool-failed' && !result.failure.cause.timedOut && result.failure.cause.exitCode !== undefined
				? succeed(batch.questions.map(() => undefined))
				: result;
		}

		const parts = result.value.stdout.split(mark);
		const hasComplained = result.value.stderr.trim() !== '';
		return succeed(batch.questions.map((_, index) => {
			const part = index < parts.length - 1 ? parts[index]! : undefined;
			return part === undefined || (part === '' && hasComplained) ? undefined : succeed(part);
		}));
	};

	/** In as few processes as possible. */
	const askTogether = async (questions: readonly string[][], options: {timeoutMs?: number}): Promise<Result<Answer[]>> => {
		const mark = nextMark();
		const batches = partQuestions(questions, mark);
		// That of one question would say no more than its own process does.
		const answered = kept !== undefined && questions.length === 1 ? [succeed([undefined])] : await mapLimited(batches, processesAtOnce, async batch => askBatch(batch, mark, options.timeoutMs));
		const answers: Array<Answer | undefined> = [];
		for (const batch of answered) {
			if (!batch.ok) {
				return batch;
			}

			answers.push(...batch.value);
		}

		const alone = await mapLimited([...answers.entries()], processesAtOnce, async ([index, answer]) => answer ?? askAlone(questions[index]!, options));
		const lost = alone.find(answer => !answer.ok && answer.failure.kind === 'host-unreachable');
		return lost && !lost.ok ? lost : succeed(alone);
	};

	return {
		...(kept?.begin && {begin: kept.begin}),
		prefix,
		tell: async (words, file) => thereUri === undefined ? await kept?.tell(formatQuestion(words)) !== undefined : tellThere({runner, uri: thereUri}, words, file),
		async askOne(question, options = {}) {
			const [answer] = await askKept([question]);
			return answer === undefined ? askAlone(question, options) : succeed(answer);
		},
		async ask(questions, options = {}) {
			const answers = await askKept(questions);
			const open = questions.filter((_, index) => answers[index] === undefined);
			const rest = open.length === 0 ? succeed([]) : await askTogether(open, options);
			if (!rest.ok) {
				return rest;
			}

			let next = 0;
			return succeed(questions.map((_, index) => answers[index] === undefined ? rest.value[next++]! : succeed(answers[index])));
		},
	};
}
