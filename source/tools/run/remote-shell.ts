/**
A shell at the other end of ssh that is kept open for questions: each command that only reads is a line for it, where an ssh of its own takes a tenth of a second or more,
and starts the user's login shell over there.
*/
import {randomBytes} from 'node:crypto';
import type {RunOutput} from '../../engine/ports.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {StartConversation} from './conversation.ts';
import {Lines} from './lines.ts';
import type {RunRequest} from './run.ts';

export type RemoteShell = {
	/** `line`: the command as a shell understands it. Undefined: it has to be run by an ssh of its own. */
	ask(request: RunRequest, line: string): Promise<Result<RunOutput> | undefined>;
};

/** What takes longer, as reading an image whole does, holds up no other. */
const longestMs = 60_000;
const mostShells = 3;

const isQuestion = ({isMutating, isDaemon, input, files = [], signal, timeoutMs}: RunRequest): boolean =>
	!isMutating && !isDaemon && input === undefined && files.length === 0 && signal === undefined && timeoutMs !== undefined && timeoutMs <= longestMs;

/** What stands between the marks. A login shell may have said something before. */
function between(text: string, begin: string, end: string): string {
	const from = text.indexOf(begin) + begin.length;
	return text.slice(from, text.indexOf(end, from));
}

/** `ssh`: the command line up to and with the host. */
export function createRemoteShell(start: StartConversation, ssh: readonly string[]): RemoteShell {
	const lines = new Lines(() => start([...ssh, 'sh']), {most: mostShells});
	return {
		async ask(request, line) {
			if (!isQuestion(request)) {
				return undefined;
			}

			const mark = `vsnap-${randomBytes(12).toString('hex')}`;
			const [begin, middle, end] = [`${mark}-a.`, `${mark}-b.`, `${mark}-c.`];
			const startedAt = performance.now();
			// Standard output and standard error reach us each by itself, so both are marked.
			const said = await lines.ask({
				text: `printf ${begin}; printf ${begin} >&2; { ${line}; } </dev/null; printf '${middle}%s${end}' "$?"; printf ${end} >&2\n`,
				outputEnd: end,
				complaintEnd: end,
			}, request.timeoutMs!);
			if (said === undefined) {
				return undefined;
			}

			const durationMs = Math.round(performance.now() - startedAt);
			const [stdout, stderr] = [between(said.output, begin, middle), between(said.complaint, begin, end)];
			const exitCode = Number(between(said.output, middle, end));
			return [0, ...request.acceptedExitCodes ?? []].includes(exitCode)
				? succeed({stdout, stderr, durationMs})
				: fail({kind: 'tool-failed', cause: {argv: [...ssh, line], exitCode, timedOut: false, stderr, durationMs}});
		},
	};
}
