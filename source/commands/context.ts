/**
What every verb is given, and how it speaks: text for people, JSON for programs, failures on stderr with their exit code.
*/
import type {World} from '../engine/world.ts';
import type {Planning} from '../engine/prepare.ts';
import {describeFailure} from '../model/text/describe-failure.ts';
import {exitCodeOf} from '../model/text/exit-codes.ts';
import type {Failure} from '../model/failure.ts';
import type {Result} from '../model/result.ts';
import {formatJson, makeLinesVisible} from '../model/text/visible-text.ts';

export type CommandContext = {
	world: World;
	planning: Planning;
	isReadOnly: boolean;
	isJson: boolean;
	isAscii: boolean;
	/** Aborted, with the signal's name as reason, when the person or the system wants us to stop. */
	interrupt: AbortSignal;
	/** `ssh … host`, where the images are on another machine. */
	readRemoteArgv: () => Promise<Result<string[] | undefined>>;
	writeOut: (text: string) => void;
	writeError: (text: string) => void;
};

/** Lines for people. Text from the host is made harmless here, once for all. */
export function sayLines(context: CommandContext, lines: string[]): void {
	context.writeOut(`${makeLinesVisible(lines.join('\n'))}\n`);
}

export function sayJson(context: CommandContext, value: unknown): void {
	context.writeOut(`${formatJson(value, '\t')}\n`);
}

/** Something that a person should know and that fails nothing: on stderr, so that the answer stays as it is. */
export function sayWarning(context: Pick<CommandContext, 'isJson' | 'writeError'>, kind: string, message: string): void {
	context.writeError(`${context.isJson ? formatJson({warning: {kind, message}}) : makeLinesVisible(message)}\n`);
}

/** `domain`: which of several it is about. Gives the exit code of the failure. */
export function sayFailure(context: Pick<CommandContext, 'isJson' | 'writeError'>, failure: Failure, domain?: string): number {
	const {message, hint} = describeFailure(failure);
	if (context.isJson) {
		context.writeError(`${formatJson({error: {kind: failure.kind, ...(domain !== undefined && {domain}), message, hint, ...(failure.kind === 'refused' ? {blockers: failure.blockers} : {})}})}\n`);
	} else {
		const about = domain === undefined ? '' : `${domain}: `;
		context.writeError(`${makeLinesVisible(hint === undefined ? `${about}${message}` : `${about}${message}\n${hint}`)}\n`);
	}

	return exitCodeOf(failure);
}
