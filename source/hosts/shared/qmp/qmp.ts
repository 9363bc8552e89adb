/**
One connection to a QMP monitor on a UNIX socket: greeting, capabilities, commands with ids, events. QEMU serves one client at a time, so a
connection is held as shortly as can be; monitors.ts shares it within this program.
*/
import {Buffer} from 'node:buffer';
import {connect, type Socket} from 'node:net';
import type {Failure} from '../../../model/failure.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import type {ForwardSocket} from '../../../tools/run/forward-socket.ts';
import {createFrameReader, type Frame} from './qmp-frames.ts';
import {misfitInAnswer} from './qmp-shapes.ts';

export type QmpEvent = {name: string; data: Record<string, unknown>};

export type QmpOptions = {
	/** How long QEMU may take to greet: an idle one does so within milliseconds, one that has another client never does. */
	greetingMs?: number;
	limitBytes?: number;
	onEvent?: (event: QmpEvent) => void;
	/** To the socket at the other end of ssh. Missing: it is on this machine. */
	reach?: ForwardSocket;
};

type Pending = {command: string; resolve: (result: Result<unknown>) => void; timer: NodeJS.Timeout | undefined};

const defaultGreetingMs = 5000;
/** `sun_path` holds 108 bytes with its end; Node cuts a longer path off and would speak to another socket. */
const pathLimitBytes = 107;

function monitorFailure(socketPath: string, reason: 'not-listening' | 'not-permitted' | 'not-qmp' | 'no-answer' | 'closed', text: string): Failure {
	return {kind: 'monitor-failed', socketPath, reason, text};
}

function busyFailure(socketPath: string): Failure {
	return {
		kind: 'busy',
		what: `The monitor ${socketPath}`,
		holder: 'it accepts the connection but sends no greeting, as QEMU does while another program uses its monitor: it serves one client at a time',
		remedy: 'Wait until that program lets go of it, then try again. If the process of the domain is stopped, let it go on (kill -CONT).',
	};
}

function connectFailure(socketPath: string, error: NodeJS.ErrnoException): Failure {
	switch (error.code) {
		case 'ENOENT':
		case 'ECONNREFUSED': {
			return monitorFailure(socketPath, 'not-listening', error.code === 'ENOENT' ? 'does not exist: the domain is off.' : 'has no listener: the domain is off.');
		}

		case 'EACCES':
		case 'EPERM': {
			return monitorFailure(socketPath, 'not-permitted', 'may not be opened by this user.');
		}

		case 'EAGAIN': {
			return busyFailure(socketPath);
		}

		default: {
			return monitorFailure(socketPath, 'not-qmp', `cannot be opened: ${error.message}`);
		}
	}
}

/** ssh takes every connection at this end, and closes it where it finds nobody at the other. */
function forwardFailure(socketPath: string, isServed: boolean | undefined): Failure {
	if (isServed === undefined) {
		return monitorFailure(socketPath, 'closed', 'is out of reach: ssh has ended.');
	}

	return isServed
		? monitorFailure(socketPath, 'not-permitted', 'cannot be reached by ssh: perhaps sshd forwards no UNIX sockets (AllowStreamLocalForwarding).')
		: monitorFailure(socketPath, 'not-listening', 'has no listener: the program has ended.');
}

function asText(value: unknown): string {
	return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}

/** Lives from `open` to `close`; every command that waits gets an answer, at the latest when the connection ends. */
export class QmpConnection {
	/**
	Connects, waits for the greeting and ends the negotiation. Fails with `monitor-failed` or, where the greeting does not come, with `busy`.
	*/
	static async open(socketPath: string, options: QmpOptions = {}): Promise<Result<QmpConnection>> {
		if (Buffer.byteLength(socketPath) > pathLimitBytes) {
			return fail(monitorFailure(socketPath, 'not-listening', `has a path that is too long for a UNIX socket (${pathLimitBytes} bytes).`));
		}

		const reached = await options.reach?.(socketPath);
		if (reached?.ok === false) {
			return reached;
		}

		const way = reached?.value;
		const greetingMs = options.greetingMs ?? defaultGreetingMs;
		const connection = new QmpConnection(socketPath, {...options, connectTo: way?.path ?? socketPath});
		const greeted = await connection.#greet(greetingMs);
		if (!greeted.ok) {
			const isExplained = way === undefined || greeted.failure.kind !== 'monitor-failed' || greeted.failure.reason === 'not-qmp';
			return isExplained ? greeted : fail(forwardFailure(socketPath, await way.isServed()));
		}

		const ready = await connection.ask('qmp_capabilities', {}, {timeoutMs: greetingMs});
		if (!ready.ok) {
			connection.close();
			return ready;
		}

		return succeed(connection);
	}

	readonly #socketPath: string;
	readonly #socket: Socket;
	readonly #options: QmpOptions;
	readonly #pending = new Map<string, Pending>();
	#nextId = 1;
	#isConnected = false;
	#hasGreeted = false;
	#ended: Failure | undefined;
	#onGreeting: ((result: Result<void>) => void) | undefined;

	private constructor(socketPath: string, options: QmpOptions & {connectTo: string}) {
		this.#socketPath = socketPath;
		this.#options = options;
		const reader = createFrameReader({limitBytes: options.limitBytes});
		this.#socket = connect({path: options.connectTo});
		this.#socket.on('connect', () => {
			this.#isConnected = true;
		});
		this.#socket.on('data', (bytes: Uint8Array) => {
			this.#take(reader.read(bytes));
		});
		const closed = () => monitorFailure(socketPath, 'closed', reader.isInside()
			? 'was closed by QEMU in the middle of an answer.'
			: 'was closed by QEMU.');
		this.#socket.on('error', (error: NodeJS.ErrnoException) => {
			if (!this.#isConnected) {
				this.#end(connectFailure(socketPath, error));
			} else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
				// QEMU ended while a command of ours lay unread in its socket: the kernel then resets the connection instead of closing it.
				this.#end(closed());
			} else {
				this.#end(monitorFailure(socketPath, 'closed', `has disconnected: ${error.message}`));
			}
		});
		this.#socket.on('close', () => {
			this.#end(closed());
		});
	}

	get isOpen(): boolean {
		return this.#ended === undefined;
	}

	/**
	Sends one command and gives what it returns. Fails with `qmp-failed` where QEMU refuses, and with `monitor-failed` where no answer can come or
	none came within `timeoutMs`: the command may then have been done, and an answer that is late is dropped. Without `timeoutMs` it waits as long as the
	connection lasts.
	*/
	async ask(command: string, parameters: Record<string, unknown> = {}, options: {timeoutMs?: number} = {}): Promise<Result<unknown>> {
		if (this.#ended !== undefined) {
			return fail(this.#ended);
		}

		const id = `vsnap-${this.#nextId++}`;
		return new Promise(resolve => {
			const {timeoutMs} = options;
			const timer = timeoutMs === undefined
				? undefined
				: setTimeout(() => {
					this.#pending.delete(id);
					resolve(fail(monitorFailure(this.#socketPath, 'no-answer', `gave no answer to ${command} within ${timeoutMs / 1000} s.`)));
				}, timeoutMs);
			this.#pending.set(id, {command, resolve, timer});
			this.#socket.write(`${JSON.stringify({execute: command, arguments: parameters, id})}\n`);
		});
	}

	/** Lets the monitor go, so that others can have it. What still waits for an answer fails. */
	close(): void {
		this.#end(monitorFailure(this.#socketPath, 'closed', 'was released by this program.'));
	}

	async #greet(greetingMs: number): Promise<Result<void>> {
		const greeted = await new Promise<Result<void>>(resolve => {
			const timer = setTimeout(() => {
				resolve(fail(busyFailure(this.#socketPath)));
			}, greetingMs);
			this.#onGreeting = result => {
				clearTimeout(timer);
				resolve(result);
			};
		});
		this.#onGreeting = undefined;
		if (!greeted.ok) {
			this.close();
		}

		return greeted;
	}

	#take({frames, problem}: ReturnType<ReturnType<typeof createFrameReader>['read']>): void {
		for (const frame of frames) {
			if (this.#ended !== undefined) {
				return;
			}

			this.#takeFrame(frame);
		}

		if (problem !== undefined) {
			this.#end(monitorFailure(this.#socketPath, 'not-qmp', `${problem.text}: ${problem.seen}`));
		}
	}

	#takeFrame(frame: Frame): void {
		if (!this.#hasGreeted) {
			if (typeof frame.QMP !== 'object' || frame.QMP === null) {
				this.#end(monitorFailure(this.#socketPath, 'not-qmp', `sends a greeting that is not QMP: ${JSON.stringify(frame).slice(0, 120)}`));
				return;
			}

			this.#hasGreeted = true;
			this.#onGreeting?.(succeed(undefined));
		} else if (typeof frame.event === 'string') {
			const {data} = frame;
			this.#options.onEvent?.({name: frame.event, data: typeof data === 'object' && data !== null ? data as Record<string, unknown> : {}});
		} else if (frame.id === undefined && frame.error !== undefined) {
			// QEMU could not even read a command of ours: it is unknown which.
			this.#end(monitorFailure(this.#socketPath, 'not-qmp', `does not understand: ${JSON.stringify(frame.error).slice(0, 400)}`));
		} else {
			this.#answer(frame);
		}
	}

	#answer(frame: Frame): void {
		const pending = this.#pending.get(asText(frame.id));
		if (pending === undefined) {
			return;
		}

		this.#pending.delete(asText(frame.id));
		clearTimeout(pending.timer);
		if (frame.error === undefined) {
			const misfit = misfitInAnswer(pending.command, frame.return);
			pending.resolve(misfit === undefined
				? succeed(frame.return)
				: fail({kind: 'host-not-understood', what: `What ${this.#socketPath} answers to ${pending.command}`, reason: misfit}));
			return;
		}

		const error = (frame.error ?? {}) as {class?: unknown; desc?: unknown};
		pending.resolve(fail({
			kind: 'qmp-failed', command: pending.command, class: asText(error.class ?? 'GenericError'), description: asText(error.desc ?? 'no reason given'),
		}));
	}

	#end(failure: Failure): void {
		if (this.#ended !== undefined) {
			return;
		}

		this.#ended = failure;
		this.#socket.destroy();
		const waiting = [...this.#pending.values()];
		this.#pending.clear();
		for (const {resolve, timer} of waiting) {
			clearTimeout(timer);
			resolve(fail(failure));
		}

		this.#onGreeting?.(fail(failure));
	}
}
