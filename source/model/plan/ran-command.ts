/**
A command that has run, as it is kept for people: what ran, how it ended, how long it took, and what it said. Without secrets, and without an end to its output
that would fill a disk.
*/
import {kindOfCommand} from '../duration/measured.ts';
import type {Failure} from '../failure.ts';
import type {Result} from '../result.ts';
import {describeFailure} from '../text/describe-failure.ts';
import {formatCommand} from '../text/format-command.ts';
import type {Command} from './plan.ts';
import {redactSecrets} from './redact-secrets.ts';

export type RanCommand = {
	/** When it began, ISO 8601. */
	at: string;
	/** As the plan shows it. */
	command: string;
	/** Missing: it is a command to a monitor, or the program did not end by itself. */
	exitCode?: number;
	isFailed: boolean;
	durationMs: number;
	/** For what a plan expects of the next one of its kind: the kind, and how much it copied. Missing in logs of older versions. */
	measured?: {kind: string; bytes?: number};
	/** Both streams; where it failed without a word, why. */
	output: string;
};

const outputLimit = 4000;

function shorten(text: string): string {
	const trimmed = text.trim();
	return trimmed.length <= outputLimit ? trimmed : `${trimmed.slice(0, outputLimit)}\n… ${trimmed.length - outputLimit} more characters`;
}

/** What the program said; where it did not run, or said nothing, why it failed. */
function outputOf(failure: Failure): string {
	return failure.kind === 'tool-failed' && failure.cause.stderr.trim() !== '' ? failure.cause.stderr : describeFailure(failure).message;
}

/** `durationMs`: as it was measured around the command. `bytes`: what it copies, as planned. */
export function describeRun(command: Command, result: Result<{stdout: string; stderr: string}>, {at, durationMs, bytes}: {at: string; durationMs: number; bytes?: number | undefined}): RanCommand {
	const cause = result.ok || result.failure.kind !== 'tool-failed' ? undefined : result.failure.cause;
	const exitCode = command.tool === 'qmp' ? undefined : (result.ok ? 0 : cause?.exitCode);
	return {
		at,
		command: formatCommand(redactSecrets(command)),
		...(exitCode !== undefined && {exitCode}),
		isFailed: !result.ok,
		durationMs,
		measured: {kind: kindOfCommand(command), ...(bytes !== undefined && {bytes})},
		output: redactSecrets(shorten(result.ok ? `${result.value.stdout}\n${result.value.stderr}` : outputOf(result.failure))),
	};
}
