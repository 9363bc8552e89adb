/**
The monitors of bare QEMUs. QEMU serves one client per socket, so everything in this program shares one connection for each: a command that waits for its
work, the question how far it has come, and the command that cancels it.
*/
import type {Copied, RunOptions, RunOutput} from '../../../engine/ports.ts';
import type {CommandFile, QmpCommand} from '../../../model/plan/plan.ts';
import type {Progress} from '../../../model/plan/progress.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import {writePrivately} from '../../../tools/run/private-files.ts';
import {QmpConnection, type QmpEvent, type QmpOptions} from './qmp.ts';
import {readQmpProgress} from './read-qmp-progress.ts';
import {runQmp, type Line} from './run-qmp.ts';
import {waitUntilGone} from './wait-until-gone.ts';

export type Monitors = {
	/** One question. Fails with `monitor-failed` (reason `not-listening`: the domain is off), `busy` or `qmp-failed`. */
	ask(socketPath: string, execute: string, parameters?: Record<string, unknown>, options?: {timeoutMs?: number}): Promise<Result<unknown>>;
	/** One command of a plan, to the end of its work. `stdout` is what it returned, as JSON. */
	run(command: QmpCommand, options?: RunOptions): Promise<Result<RunOutput>>;
	/** How far the work of a command has come; undefined: not known at this moment. */
	readProgress(progress: Progress): Promise<Copied | undefined>;
	/** Lets all monitors go. */
	close(): Promise<void>;
};

/** `greetingMs`: how long a greeting may take; `idleMs`: how long a connection is kept after its last use; `reach`: where the sockets are on another machine. */
export type MonitorsOptions = Pick<QmpOptions, 'greetingMs' | 'reach'> & {idleMs?: number};

const askTimeoutMs = 20_000;

function asRunOutput(value: unknown, startedAtMs: number): RunOutput {
	return {stdout: `${JSON.stringify(value ?? {})}\n`, stderr: '', durationMs: Math.round(performance.now() - startedAtMs)};
}

/** A file that a command reads could not be written: the command is not sent. */
async function writeFiles(files: CommandFile[]): Promise<Result<void>> {
	try {
		await writePrivately(files);
		return succeed(undefined);
	} catch (error) {
		return fail({kind: 'unreadable', what: files.map(file => file.path).join(', '), reason: error instanceof Error ? error.message : String(error)});
	}
}

/** What everything in this program shares of one socket. Opened at first use, and let go soon after the last. */
class SharedMonitor {
	isAskedForProgress = false;
	readonly #socketPath: string;
	readonly #options: MonitorsOptions;
	readonly #listeners = new Set<(event: QmpEvent) => void>();
	#opening: Promise<Result<QmpConnection>> | undefined;
	#connection: QmpConnection | undefined;
	#users = 0;
	#idleTimer: NodeJS.Timeout | undefined;

	constructor(socketPath: string, options: MonitorsOptions) {
		this.#socketPath = socketPath;
		this.#options = options;
	}

	async use<T>(act: (line: Line) => Promise<Result<T>>): Promise<Result<T>> {
		clearTimeout(this.#idleTimer);
		this.#users++;
		try {
			const opened = await this.#open();
			if (!opened.ok) {
				return opened;
			}

			const connection = opened.value;
			return await act({
				ask: async (execute, parameters, options) => connection.ask(execute, parameters, options),
				listen: listener => {
					this.#listeners.add(listener);
					return () => this.#listeners.delete(listener);
				},
			});
		} finally {
			this.#users--;
			if (this.#users === 0) {
				this.#idleTimer = setTimeout(() => this.#connection?.close(), this.#options.idleMs ?? 300);
			}
		}
	}

	async close(): Promise<void> {
		const opening = await this.#opening;
		(opening?.ok ? opening.value : this.#connection)?.close();
		clearTimeout(this.#idleTimer);
	}

	async #open(): Promise<Result<QmpConnection>> {
		if (this.#connection?.isOpen) {
			return succeed(this.#connection);
		}

		this.#opening ??= this.#connect();
		return this.#opening;
	}

	async #connect(): Promise<Result<QmpConnection>> {
		const opened = await QmpConnection.open(this.#socketPath, {
			...this.#options,
			onEvent: event => {
				for (const listener of this.#listeners) {
					listener(event);
				}
			},
		});
		this.#opening = undefined;
		this.#connection = opened.ok ? opened.value : undefined;
		return opened;
	}
}

export function createMonitors(options: MonitorsOptions = {}): Monitors {
	const all = new Map<string, SharedMonitor>();

	const monitorAt = (socketPath: string): SharedMonitor => {
		const monitor = all.get(socketPath) ?? new SharedMonitor(socketPath, options);
		all.set(socketPath, monitor);
		return monitor;
	};

	const ask: Monitors['ask'] = async (socketPath, execute, parameters = {}, {timeoutMs = askTimeoutMs} = {}) =>
		monitorAt(socketPath).use(async line => line.ask(execute, parameters, {timeoutMs}));

	return {
		ask,
		async run(command, runOptions = {}) {
			const {timeoutMs} = runOptions;
			const startedAtMs = performance.now();
			const written = await writeFiles(command.files);
			if (!written.ok) {
				return written;
			}

			const monitor = monitorAt(command.socketPath);
			const ran = command.until?.kind === 'gone'
				? await waitUntilGone(command, {connection: options, timeoutMs, send: async execute => monitor.use(async line => execute(line))})
				: await monitor.use(async line => runQmp(line, command, runOptions));
			return ran.ok ? succeed(asRunOutput(ran.value, startedAtMs)) : ran;
		},
		async readProgress(progress) {
			if (progress.kind !== 'qmp-job' && progress.kind !== 'qmp-migration') {
				return undefined;
			}

			// While QEMU is busy with a command it answers nothing else: questions would only pile up.
			const monitor = monitorAt(progress.socketPath);
			if (monitor.isAskedForProgress) {
				return undefined;
			}

			monitor.isAskedForProgress = true;
			try {
				return await readQmpProgress(async (execute, parameters) => ask(progress.socketPath, execute, parameters), progress);
			} finally {
				monitor.isAskedForProgress = false;
			}
		},
		async close() {
			for (const monitor of all.values()) {
				await monitor.close();
			}
		},
	};
}
