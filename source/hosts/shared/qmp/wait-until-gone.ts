/**
Commands after which QEMU is to be gone: `quit`, or the request to the guest to switch itself off. QEMU lets go of its images before it closes its
monitor, so that a socket that nobody serves means that the images are free.
*/
import {setTimeout} from 'node:timers/promises';
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import {QmpConnection, type QmpOptions} from './qmp.ts';
import type {Line} from './run-qmp.ts';

type GoneOptions = {
	connection: Pick<QmpOptions, 'greetingMs' | 'reach'>;
	/** Until QEMU has gone; a minute where it is missing. */
	timeoutMs: number | undefined;
	/** Uses the shared connection. */
	send: (act: (line: Line) => Promise<Result<unknown>>) => Promise<Result<unknown>>;
};

const defaultTimeoutMs = 60_000;
const pauseMs = 10;

/** Asked on the connection that is there, for a question is answered as long as QEMU is. */
async function isServed(line: Line, timeoutMs: number): Promise<boolean> {
	const asked = await line.ask('query-name', {}, {timeoutMs});
	return asked.ok || asked.failure.kind !== 'monitor-failed' || asked.failure.reason === 'no-answer';
}

/**
Sends the command and waits until the monitor is served no more. Where it is not served to begin with, the work is done already. Fails with `qmp-failed`
(class `TimedOut`) where QEMU is still there after `timeoutMs`.
*/
export async function waitUntilGone(command: QmpCommand, options: GoneOptions): Promise<Result<unknown>> {
	const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
	const endsAtMs = performance.now() + timeoutMs;
	const sent = await options.send(async line => {
		const replied = await line.ask(command.execute, command.arguments, {timeoutMs});
		if (!replied.ok) {
			return replied;
		}

		while (performance.now() < endsAtMs && await isServed(line, timeoutMs)) {
			await setTimeout(pauseMs);
		}

		return replied;
	});
	if (!sent.ok && !(sent.failure.kind === 'monitor-failed' && (sent.failure.reason === 'not-listening' || sent.failure.reason === 'closed'))) {
		return sent;
	}

	while (performance.now() < endsAtMs) {
		const opened = await QmpConnection.open(command.socketPath, options.connection);
		if (!opened.ok && opened.failure.kind === 'monitor-failed' && opened.failure.reason === 'not-listening') {
			return succeed({});
		}

		if (opened.ok) {
			opened.value.close();
		}

		await setTimeout(pauseMs);
	}

	return fail({kind: 'qmp-failed', command: command.execute, class: 'TimedOut', description: `QEMU is still there after ${timeoutMs / 1000} s`});
}
