/**
Takes the terminal and gives it back, once, whole, whatever ends the program: quit, a mistake of ours, a signal, a lost connection. Keys, resizes and
signals come out as calls.
*/
import process from 'node:process';
import type {Key} from '../app/messages.ts';
import {decodeKeys, flushKeys, nothingPending} from './decode-keys.ts';

const escape = '\u001B';
/** Alternate screen, cleared; no cursor; no wrapping at the edge; pasted text marked; told when the window gets the focus. */
const takeTerminal = `${escape}[?1049h${escape}[2J${escape}[?25l${escape}[?7l${escape}[?2004h${escape}[?1004h`;
const giveTerminal = `${escape}[?1004l${escape}[?2004l${escape}[0m${escape}[?7h${escape}[?25h${escape}[?1049l`;

/** How long an ESC may be the beginning of an arrow key whose rest is still on its way. */
const escapeMs = 40;

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export type SessionListeners = {
	onKeys: (keys: Key[]) => void;
	onResize: (size: {columns: number; rows: number}) => void;
	onSignal: (signal: EndSignal) => void;
	/** Back from sleep: everything must be painted again. */
	onWake: () => void;
	/** What was being done, for the message of a mistake of ours. */
	describeActivity: () => string;
};

export type Session = {
	write: (text: string) => void;
	/** Gives the terminal back and lets the whole job sleep, as Ctrl-Z does elsewhere. */
	suspend: () => void;
	/** The one path for mistakes of ours: gives the terminal back, says what was being done, and ends the program with code 70. */
	fail: (error: unknown) => void;
	/** Gives the terminal back for good. With SIGHUP the process then dies of it: without a terminal, `exit` would abort. */
	close: (signal?: string) => void;
};

/** Takes the terminal. There is one session at a time. */
export function openSession({onKeys, onResize, onSignal, onWake, describeActivity}: SessionListeners): Session {
	const {stdin, stdout, stderr} = process;
	let isTaken = false;
	let isGone = false;
	let pending = nothingPending;
	let escapeTimer: NodeJS.Timeout | undefined;

	const write = (text: string) => {
		if (isTaken && !isGone) {
			stdout.write(text);
		}
	};

	const setRaw = (isRaw: boolean) => {
		try {
			stdin.setRawMode(isRaw);
		} catch {
			// The terminal itself is gone: there is nothing left to set.
			isGone = true;
		}
	};

	const take = () => {
		if (!isTaken) {
			isTaken = true;
			setRaw(true);
			stdin.resume();
			write(takeTerminal);
		}
	};

	const give = () => {
		if (isTaken) {
			write(giveTerminal);
			isTaken = false;
			setRaw(false);
			stdin.pause();
		}
	};

	const emit = ({keys, pending: rest}: ReturnType<typeof decodeKeys>) => {
		pending = rest;
		if (keys.length > 0) {
			onKeys(keys);
		}
	};

	const handleData = (chunk: string) => {
		clearTimeout(escapeTimer);
		emit(decodeKeys(chunk, pending));
		if (pending.rest !== '') {
			escapeTimer = setTimeout(() => {
				emit(flushKeys(pending));
			}, escapeMs);
		}
	};

	const handleResize = () => {
		onResize({columns: stdout.columns, rows: stdout.rows});
	};

	const handleGone = () => {
		if (!isGone) {
			isGone = true;
			onSignal('SIGHUP');
		}
	};

	// The terminal may still be there (`kill -HUP`): it is given back; where it is not, the writing fails and harms nobody.
	const handleHangup = () => {
		onSignal('SIGHUP');
	};

	const handleInterrupt = () => {
		onSignal('SIGINT');
	};

	const handleTerminate = () => {
		onSignal('SIGTERM');
	};

	const handleContinue = () => {
		take();
		onWake();
		// The window may have changed its size meanwhile; this makes Node look.
		process.kill(process.pid, 'SIGWINCH');
	};

	const handleFault = (error: unknown) => {
		give();
		stderr.write(`vsnap-tui: a mistake of its own, while ${describeActivity()}. Please report it with these lines:\n${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(70); // eslint-disable-line unicorn/no-process-exit -- The one path for mistakes of ours.
	};

	stdin.setEncoding('utf8');
	stdin.on('data', handleData);
	stdin.on('end', handleGone);
	stdout.on('resize', handleResize);
	for (const stream of [stdin, stdout, stderr]) {
		stream.on('error', handleGone);
	}

	process.on('SIGINT', handleInterrupt);
	process.on('SIGTERM', handleTerminate);
	process.on('SIGHUP', handleHangup);
	process.on('SIGCONT', handleContinue);
	process.on('uncaughtException', handleFault);
	process.on('exit', give);
	take();

	return {
		write,
		fail: handleFault,
		suspend() {
			give();
			process.kill(0, 'SIGTSTP');
		},
		close(signal) {
			clearTimeout(escapeTimer);
			give();
			stdin.off('data', handleData);
			stdin.off('end', handleGone);
			stdout.off('resize', handleResize);
			process.off('SIGINT', handleInterrupt);
			process.off('SIGTERM', handleTerminate);
			process.off('SIGCONT', handleContinue);
			process.off('uncaughtException', handleFault);
			process.off('exit', give);
			process.off('SIGHUP', handleHangup);
			// The error listeners stay: a late EIO of a lost connection must not become an exception.
			if (signal === 'SIGHUP') {
				process.kill(process.pid, 'SIGHUP');
			}
		},
	};
}
