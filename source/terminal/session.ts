/**
Takes the terminal and gives it back, once, whole, whatever ends the program: quit, a mistake of ours, a signal, a lost connection. Keys, resizes and
signals come out as calls.
*/
import process from 'node:process';
import type {Key} from '../app/messages.ts';
import {keepTitle, restoreTitle, titleCode} from './codes.ts';
import {decodeKeys, flushKeys, nothingPending} from './decode-keys.ts';

const {stdin, stdout, stderr} = process;

const escape = '\u001B';
/** Alternate screen, cleared; no cursor; no wrapping at the edge; pasted text marked; told when the window gets the focus. */
const takeTerminal = `${escape}[?1049h${escape}[2J${escape}[?25l${escape}[?7l${escape}[?2004h${escape}[?1004h`;
const giveTerminal = `${escape}[?1004l${escape}[?2004l${escape}[0m${escape}[?7h${escape}[?25h${escape}[?1049l`;

/** Presses and the wheel, in the form that any width can tell. */
const takeMouse = `${escape}[?1000h${escape}[?1006h`;
const giveMouse = `${escape}[?1006l${escape}[?1000l`;

/** How long an ESC may be the beginning of an arrow key whose rest is still on its way. */
const escapeMs = 40;

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

type SessionListeners = {
	onKeys: (keys: Key[]) => void;
	/** What the terminal answers to a question, without the signs around it. */
	onReply: (reply: string) => void;
	onResize: (size: {columns: number; rows: number}) => void;
	onSignal: (signal: EndSignal) => void;
	/** Back from sleep: everything must be painted again. */
	onWake: () => void;
	/** What was being done, for the message of a mistake of ours. */
	describeActivity: () => string;
};

type Session = {
	write: (text: string) => void;
	/** The title of the window, as long as the terminal is taken; undefined: the one that it had. */
	setTitle: (text: string | undefined) => void;
	/** From now on the terminal tells of the mouse, as long as it is taken. */
	useMouse: () => void;
	/** Gives the terminal back and lets the whole job sleep, as Ctrl-Z does elsewhere. */
	suspend: () => void;
	/** The one path for mistakes of ours: gives the terminal back, says what was being done, and ends the program with code 70. */
	fail: (error: unknown) => void;
	/** Gives the terminal back for good, with some words on it. With SIGHUP the process then dies of it: without a terminal, `exit` would abort. */
	close: (signal?: string, lastWords?: string) => void;
};

/** Keys out of what the terminal sends. */
class Keyboard {
	#pending = nothingPending;
	#escapeTimer: NodeJS.Timeout | undefined;
	readonly #onKeys: (keys: Key[]) => void;
	readonly #onReply: (reply: string) => void;

	constructor({onKeys, onReply}: Pick<SessionListeners, 'onKeys' | 'onReply'>) {
		this.#onKeys = onKeys;
		this.#onReply = onReply;
	}

	take(chunk: string): void {
		this.close();
		this.#emit(decodeKeys(chunk, this.#pending));
		if (this.#pending.rest !== '') {
			this.#escapeTimer = setTimeout(() => {
				this.#emit(flushKeys(this.#pending));
			}, escapeMs);
		}
	}

	close(): void {
		clearTimeout(this.#escapeTimer);
	}

	#emit({keys, replies, pending}: ReturnType<typeof decodeKeys>): void {
		this.#pending = pending;
		for (const reply of replies ?? []) {
			this.#onReply(reply);
		}

		if (keys.length > 0) {
			this.#onKeys(keys);
		}
	}
}

/** The terminal, as long as it is taken and there. */
class Terminal {
	isGone = false;
	#isTaken = false;
	#title: string | undefined;
	#usesMouse = false;

	readonly write = (text: string): void => {
		if (this.#isTaken && !this.isGone) {
			stdout.write(text);
		}
	};

	take(): void {
		if (!this.#isTaken) {
			this.#isTaken = true;
			this.#setRaw(true);
			stdin.resume();
			this.write(takeTerminal + (this.#usesMouse ? takeMouse : ''));
		}
	}

	readonly setTitle = (text: string | undefined): void => {
		if (this.#isTaken && text !== this.#title) {
			this.write(`${this.#title === undefined ? keepTitle : ''}${text === undefined ? restoreTitle : titleCode(text)}`);
			this.#title = text;
		}
	};

	readonly useMouse = (): void => {
		if (!this.#usesMouse) {
			this.#usesMouse = true;
			this.write(takeMouse);
		}
	};

	give(): void {
		if (this.#isTaken) {
			this.setTitle(undefined);
			this.write((this.#usesMouse ? giveMouse : '') + giveTerminal);
			this.#isTaken = false;
			this.#setRaw(false);
			stdin.pause();
		}
	}

	#setRaw(isRaw: boolean): void {
		try {
			stdin.setRawMode(isRaw);
		} catch {
			// The terminal itself is gone: there is nothing left to set.
			this.isGone = true;
		}
	}
}

/** Takes the terminal. There is one session at a time. */
export function openSession({onKeys, onReply, onResize, onSignal, onWake, describeActivity}: SessionListeners): Session {
	const terminal = new Terminal();
	const keyboard = new Keyboard({onKeys, onReply});

	const handleGone = () => {
		if (!terminal.isGone) {
			terminal.isGone = true;
			onSignal('SIGHUP');
		}
	};

	const handleFault = (error: unknown) => {
		terminal.give();
		stderr.write(`vsnap-tui: an internal error, while ${describeActivity()}. Please report it with these lines:\n${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(70); // eslint-disable-line unicorn/no-process-exit -- The one path for mistakes of ours.
	};

	const listeners: Array<[source: NodeJS.EventEmitter, event: string, listener: (given: any) => void]> = [
		[stdin, 'data', (chunk: string) => {
			keyboard.take(chunk);
		}],
		[stdin, 'end', handleGone],
		[stdout, 'resize', () => {
			onResize({columns: stdout.columns, rows: stdout.rows});
		}],
		// With SIGHUP the terminal may still be there (`kill -HUP`): it is given back; where it is not, the writing fails and harms nobody.
		...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal): [NodeJS.EventEmitter, string, () => void] => [process, signal, () => {
			onSignal(signal);
		}]),
		[process, 'SIGCONT', () => {
			terminal.take();
			onWake();
			// The window may have changed its size meanwhile; this makes Node look.
			process.kill(process.pid, 'SIGWINCH');
		}],
		[process, 'uncaughtException', handleFault],
		[process, 'exit', () => {
			terminal.give();
		}],
	];
	stdin.setEncoding('utf8');
	for (const [source, event, listener] of listeners) {
		source.on(event, listener);
	}

	// These stay: a late EIO of a lost connection must not become an exception.
	for (const stream of [stdin, stdout, stderr]) {
		stream.on('error', handleGone);
	}

	terminal.take();
	return {
		write: terminal.write,
		setTitle: terminal.setTitle,
		useMouse: terminal.useMouse,
		fail: handleFault,
		suspend() {
			terminal.give();
			process.kill(0, 'SIGTSTP');
		},
		close(signal, lastWords = '') {
			keyboard.close();
			terminal.give();
			if (lastWords !== '' && !terminal.isGone) {
				stdout.write(lastWords);
			}

			for (const [source, event, listener] of listeners) {
				source.off(event, listener);
			}

			if (signal === 'SIGHUP') {
				process.kill(process.pid, 'SIGHUP');
			}
		},
	};
}
