/**
Work that copies and so takes its time: it can be asked how far it is, and some of it can be aborted.
*/
import {setTimeout as sleep} from 'node:timers/promises';
import type {Answer} from './answer.ts';

/** What others can see of it, and end it by. */
export type CopyJob = {
	/** In the words of the tool that tells of it: `Active Block Commit`, `Backup`. */
	type: string;
	doneBytes: number;
	totalBytes: number;
	abort: AbortController;
};

export type Copying = {
	bytes: number;
	/** Called as the work goes on. */
	advance?: (doneBytes: number) => void;
	/** The effect, when all is copied. */
	finish: () => Answer;
	/** Missing: nobody can end it before its time. */
	abortable?: {signal: AbortSignal; stop: () => Answer};
};

const gibibyte = 1024 ** 3;
const tickMs = 40;
/** So many times as long as a small change. */
const longest = 20;

export function createJob(type: string, totalBytes: number): CopyJob {
	return {type, doneBytes: 0, totalBytes, abort: new AbortController()};
}

export function isCopying(answer: Answer | Copying): answer is Copying {
	return 'finish' in answer;
}

/** Within no time, as where several commands come in one batch. */
export function finishAtOnce(answer: Answer | Copying): Answer {
	return isCopying(answer) ? answer.finish() : answer;
}

/** `changeMs`: how long a small change takes. Copying takes that for each GiB, up to a limit that a person has the patience for. */
export async function carryOut(copying: Copying, changeMs: number): Promise<Answer> {
	const durationMs = changeMs * Math.min(longest, copying.bytes / gibibyte);
	const startedAt = performance.now();
	const signal = copying.abortable?.signal;
	for (let elapsedMs = 0; elapsedMs < durationMs && !signal?.aborted; elapsedMs = performance.now() - startedAt) {
		copying.advance?.(Math.floor(copying.bytes * elapsedMs / durationMs));
		await sleep(Math.min(tickMs, durationMs - elapsedMs), undefined, {signal}).catch(() => undefined);
	}

	return copying.abortable && signal?.aborted ? copying.abortable.stop() : copying.finish();
}
