/**
What a simulated program gives back (at once, or after work that copies and so takes its time), and how its command line is read.
*/
import {setTimeout as sleep} from 'node:timers/promises';
import type {CopyJob, DemoFile} from './world.ts';

/** `goesOn`: work that goes on behind the answer, as the jobs of libvirt do. */
export type Answer = {stdout: string; stderr: string; exitCode: number; goesOn?: Copying};

export type Copying = {
	bytes: number;
	/** The file that is written to: it grows meanwhile, for those who look at its size. */
	grows?: DemoFile;
	/** What tells of it. */
	job?: CopyJob;
	/** The effect, when all is copied. The file has its old size again. */
	finish: () => Answer;
	/** The effect where the job is aborted. Missing: nobody can end it before its time. */
	stop?: () => Answer;
};

export function say(stdout = ''): Answer {
	return {stdout, stderr: '', exitCode: 0};
}

/** Each line is given without its newline. */
export function complain(...lines: string[]): Answer {
	return {stdout: '', stderr: lines.map(line => `${line}\n`).join(''), exitCode: 1};
}

/** What speaks against a command, and whether it does, in the order in which the real program looks at it. */
export type Rows = Array<[boolean, string]>;

/** The first text whose condition holds. */
export function firstOf(...rows: Rows): string | undefined {
	return rows.find(([holds]) => holds)?.[1];
}

/** Complains of the first thing that holds; undefined: nothing does. */
export function complainFirst(program: string, ...rows: Rows): Answer | undefined {
	const problem = firstOf(...rows);
	return problem === undefined ? undefined : complain(`${program}: ${problem}`);
}

/** Fails if one of them does, as coreutils do with many paths. */
export function joinAnswers(answers: readonly Answer[], exitCode = Math.max(0, ...answers.map(answer => answer.exitCode))): Answer {
	return {stdout: answers.map(({stdout}) => stdout).join(''), stderr: answers.map(({stderr}) => stderr).join(''), exitCode};
}

export type Arguments = {options: Map<string, string>; paths: string[]};

/** `withValue`: options whose value is the next word. Which they are depends on the command: `snapshot -d TAG`, `commit -d`. */
export function parseArguments(words: readonly string[], withValue: readonly string[]): Arguments {
	const options = new Map<string, string>();
	const end = words.indexOf('--');
	const given = (end === -1 ? words : words.slice(0, end)).values();
	const paths: string[] = [];
	for (const word of given) {
		const [, name = word, joined] = /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? [];
		if (word.startsWith('-')) {
			options.set(name, joined ?? (withValue.includes(name) ? given.next().value ?? '' : ''));
		} else {
			paths.push(word);
		}
	}

	return {options, paths: [...paths, ...(end === -1 ? [] : words.slice(end + 1))]};
}

const gibibyte = 1024 ** 3;
const tickMs = 40;
/** So many times as long as a small change. */
const longest = 20;

export function createJob(type: string, totalBytes: number, doneBytes = 0): CopyJob {
	return {type, doneBytes, totalBytes, abort: new AbortController()};
}

export function isCopying(answer: Answer | Copying): answer is Copying {
	return 'finish' in answer;
}

/** `changeMs`: how long a small change takes. Copying takes that for each GiB, up to a limit that a person has the patience for. */
export async function carryOut({bytes, grows, job, finish, stop}: Copying, changeMs: number): Promise<Answer> {
	const durationMs = changeMs * Math.min(longest, bytes / gibibyte);
	const ticks = Math.ceil(durationMs / tickMs);
	const signal = stop && job?.abort.signal;
	const sizeBefore = grows?.allocatedBytes ?? 0;
	// By steps and not by the clock: however busy the machine is, everybody who looks gets a turn in between.
	for (let tick = 0; tick < ticks && !signal?.aborted; tick++) {
		const doneBytes = Math.floor(bytes * tick / ticks);
		if (job) {
			job.doneBytes = doneBytes;
		}

		if (grows) {
			grows.allocatedBytes = sizeBefore + doneBytes;
		}

		await sleep(durationMs / ticks, undefined, {signal}).catch(() => undefined);
	}

	if (grows) {
		grows.allocatedBytes = sizeBefore;
	}

	return stop && signal?.aborted ? stop() : finish();
}
