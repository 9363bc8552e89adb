/**
Runs one QMP command of a plan on a connection: sends it, then waits until its work is done (`until`). Knows nothing of how connections are opened and shared.
*/
import {setTimeout} from 'node:timers/promises';
import type {RunOptions} from '../../../engine/ports.ts';
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import type {Ask, End} from './end.ts';
import {findEnd} from './qmp-end.ts';
import type {QmpEvent} from './qmp.ts';

/** An open connection, as far as a command needs it. */
export type Line = {
	ask(execute: string, parameters?: Record<string, unknown>, options?: {timeoutMs?: number}): Promise<Result<unknown>>;
	/** Calls back at each event from now on. Gives the function that ends it. */
	listen(listener: (event: QmpEvent) => void): () => void;
};

/** An idle QEMU answers within milliseconds; one that is flushing a slow disk may take long. */
const lookTimeoutMs = 60_000;
/** Saving memory by the human monitor, or an internal snapshot of a big disk, is answered when it is done. */
const replyTimeoutMs = 30 * 60_000;
/** How long work that took too long may take to stop. */
const stopTimeoutMs = 15_000;
const shortestPauseMs = 10;
const longestPauseMs = 250;

/** Waits for the next event, but no longer than given, and always a little: events may come by thousands. */
function createPause(line: Line): {pause: (longestMs: number) => Promise<void>; end: () => void} {
	let wake = new AbortController();
	const end = line.listen(() => {
		wake.abort();
	});
	return {
		end,
		async pause(longestMs) {
			await setTimeout(shortestPauseMs);
			await setTimeout(longestMs, undefined, {signal: wake.signal}).catch(() => undefined);
			wake = new AbortController();
		},
	};
}

async function waitForEnd(end: End, pause: (longestMs: number) => Promise<void>, endsAtMs: number): Promise<Result<boolean>> {
	for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
		const looked = await end.look();
		if (!looked.ok || looked.value) {
			return looked;
		}

		if (performance.now() > endsAtMs) {
			return succeed(false);
		}

		await pause(pauseMs);
	}
}

/** The human monitor reports failures of these as text; where they do well they say nothing. */
function humanFailure(command: QmpCommand, said: unknown): string | undefined {
	const line = command.arguments['command-line'];
	const isSilent = command.execute === 'human-monitor-command' && typeof line === 'string' && /^\s*(?:savevm|loadvm|delvm)\b/.test(line);
	return isSilent && typeof said === 'string' && said.trim() !== '' ? said.trim() : undefined;
}

async function send(line: Line, command: QmpCommand, timeoutMs: number): Promise<Result<unknown>> {
	const replied = await line.ask(command.execute, command.arguments, {timeoutMs});
	const complaint = replied.ok ? humanFailure(command, replied.value) : undefined;
	return complaint === undefined ? replied : fail({kind: 'qmp-failed', command: command.execute, class: 'GenericError', description: complaint});
}

/**
Gives what the command returned, once its work is done. A command that makes a job which is there already, from a run that was cut off, is not sent once more:
its job is waited for. Fails with `qmp-failed` where QEMU refuses or the work ends badly (class `Cancelled`: somebody ended it), with `monitor-failed` where
the connection ends. Work that takes longer than `timeoutMs` is stopped, and is a failure of the class `TimedOut`.
*/
export async function runQmp(line: Line, command: QmpCommand, options: RunOptions = {}): Promise<Result<unknown>> {
	const {timeoutMs, onPivot} = options;
	const endsAtMs = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
	const ask: Ask = async (execute, parameters) => line.ask(execute, parameters, {timeoutMs: lookTimeoutMs});
	const end = findEnd(ask, command, onPivot);
	if (end === undefined) {
		return send(line, command, timeoutMs ?? replyTimeoutMs);
	}

	const endListening = line.listen(event => end.onEvent?.(event));
	const {pause, end: endPausing} = createPause(line);
	try {
		const begun = await end.wasBegun?.() ?? succeed(false);
		if (!begun.ok) {
			return begun;
		}

		const replied = begun.value ? succeed<unknown>({}) : await send(line, command, timeoutMs ?? replyTimeoutMs);
		if (!replied.ok) {
			return replied;
		}

		const ended = await waitForEnd(end, pause, endsAtMs);
		if (!ended.ok || ended.value) {
			return ended.ok ? replied : ended;
		}

		if (end.stop !== undefined) {
			await ask(end.stop.execute, end.stop.parameters);
			await waitForEnd(end, pause, performance.now() + stopTimeoutMs);
		}

		return fail({kind: 'qmp-failed', command: command.execute, class: 'TimedOut', description: `it took longer than ${(timeoutMs ?? 0) / 1000} s`});
	} finally {
		endListening();
		endPausing();
	}
}
