/**
A shell that is kept open for questions, here or at the other end of ssh: each command that only reads is a line for it. A process of ours takes three times as long to start
as one of the shell's, and an ssh a tenth of a second or more, with the user's login shell over there.
*/
import {randomBytes} from 'node:crypto';
import type {RunOutput} from '../../engine/ports.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {formatRemoteLine} from '../../model/text/shell-quote.ts';
import type {Question, Answered, StartConversation} from './conversation.ts';
import {Lines} from './lines.ts';
import type {Runner, RunRequest} from './run.ts';

type KeptShell = {
	/** Undefined: it has to be run by itself. */
	ask(request: RunRequest): Promise<Result<RunOutput> | undefined>;
};

/** What takes longer, as reading an image whole does, holds up no other. */
const longestMs = 60_000;
const mostShells = 3;
const sshPatienceMs = 150;

const isQuestion = ({isMutating, isDaemon, files = [], signal, timeoutMs}: RunRequest): boolean =>
	!isMutating && !isDaemon && files.length === 0 && signal === undefined && timeoutMs !== undefined && timeoutMs <= longestMs;

/** That it cannot be run, or is not there, is said by who runs it alone. */
const notRun = new Set([126, 127]);

/** For a shell of the user's choice. Files that are made over there are private as well, until they are given away; `env`, because what a shell does itself may differ. */
export function lineOf(argv: readonly string[]): string {
	return `umask 077; ${formatRemoteLine(['env', 'LC_ALL=C', ...argv])}`;
}

/** For `sh`: one process less than with `env`, and just as little the shell's own command. */
const keptLineOf = (argv: readonly string[]): string => `(umask 077; export LC_ALL=C; exec ${formatRemoteLine(argv)})`;

/** What stands between the marks. A login shell may have said something before. */
function between(text: string, begin: string, end: string): string {
	const from = text.indexOf(begin) + begin.length;
	return text.slice(from, text.indexOf(end, from));
}

/**
A command as a line for the shell, with standard output and standard error marked each: they reach us each by itself. A line of which only a part arrives is not run.
`input`: what it reads from a pipe; it stands in no file and on no command line, for the shell writes it itself.
*/
export function questionFor(argv: readonly string[], input?: string): {question: Question; readAnswer: (said: Answered) => {exitCode: number; stdout: string; stderr: string}} {
	const mark = `vsnap-${randomBytes(12).toString('hex')}`;
	const [begin, middle, end] = [`${mark}-a.`, `${mark}-b.`, `${mark}-c.`];
	const line = input === undefined ? `${keptLineOf(argv)} </dev/null` : `printf %s ${formatRemoteLine([input])} | ${keptLineOf(argv)}`;
	return {
		question: {
			text: `printf ${begin}; printf ${begin} >&2; ${line}; printf '${middle}%s${end}' "$?"; printf ${end} >&2\n`,
			outputEnd: end,
			complaintEnd: end,
		},
		readAnswer: said => ({exitCode: Number(between(said.output, middle, end)), stdout: between(said.output, begin, middle), stderr: between(said.complaint, begin, end)}),
	};
}

/** `ssh`: the command line up to and with the host; empty: this machine. */
export function createKeptShell(start: StartConversation, ssh: readonly string[]): KeptShell {
	// A shell of this machine is there at once, an ssh takes its time.
	const lines = new Lines(() => start([...ssh, 'sh']), {most: mostShells, leastPatienceMs: ssh.length === 0 ? 0 : sshPatienceMs, isFar: ssh.length > 0});
	return {
		async ask(request) {
			if (!isQuestion(request)) {
				return undefined;
			}

			const {question, readAnswer} = questionFor(request.argv, request.input);
			const startedAt = performance.now();
			const said = await lines.ask(question, request.timeoutMs!);
			if (said === undefined) {
				return undefined;
			}

			const durationMs = Math.round(performance.now() - startedAt);
			const {exitCode, stdout, stderr} = readAnswer(said);
			if (notRun.has(exitCode)) {
				return undefined;
			}

			const argv = ssh.length === 0 ? request.argv : [...ssh, lineOf(request.argv)];
			return [0, ...request.acceptedExitCodes ?? []].includes(exitCode)
				? succeed({stdout, stderr, durationMs})
				: fail({kind: 'tool-failed', cause: {argv, exitCode, timedOut: false, stderr, durationMs}});
		},
	};
}

/** What only reads is asked of the shell, where that can. */
export function withKeptShell(shell: KeptShell, runner: Runner): Runner {
	return async request => await shell.ask(request) ?? runner(request);
}
