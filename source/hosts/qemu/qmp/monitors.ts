/**
The monitors of bare QEMUs. QEMU serves one client per socket, so everything in this program shares one connection for each: a command that waits for its
work, the question how far it has come, and the command that cancels it. Opened at first use, and let go soon after the last.
*/
import type {Copied, RunOptions, RunOutput} from '../../../engine/ports.ts';
import type {CommandFile, Progress, QmpCommand} from '../../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import {writePrivately} from '../../../tools/run/private-files.ts';
import {QmpConnection, type QmpEvent} from './qmp.ts';
import {readQmpProgress} from './read-qmp-progress.ts';
import {runQmp, type Line} from './run-qmp.ts';
import {waitUntilGone} from './wait-until-gone.ts';

/** `opened` and `closed`: the watched monitor was reached, or has ended. */
export type MonitorEvent = {kind: 'event'; name: string; data: Record<string, unknown>} | {kind: 'opened'} | {kind: 'closed'};

export type Monitors = {
	/** One question. Fails with `monitor-failed` (reason `not-listening`: the domain is off), `busy` or `qmp-failed`. */
	ask(socketPath: string, execute: string, parameters?: Record<string, unknown>, options?: {timeoutMs?: number}): Promise<Result<unknown>>;
	/** One command of a plan, to the end of its work. `stdout` is what it returned, as JSON. */
	run(command: QmpCommand, options?: RunOptions): Promise<Result<RunOutput>>;
	/** How far the work of a command has come; undefined: not known at this moment. */
	readProgress(progress: Progress): Promise<Copied | undefined>;
	/** Holds the monitor and calls back at each event until the function that it gives is called; a monitor that is lost is looked for again. */
	watch(socketPath: string, onEvent: (event: MonitorEvent) => void): () => void;
	/** Lets all monitors go. */
	close(): Promise<void>;
};

export type MonitorsOptions = {greetingMs?: number; idleMs?: number; retryMs?: number};

const askTimeoutMs = 20_000;

/** What is shared for one socket. */
type Shared = {
	listeners: Set<(event: QmpEvent) => void>;
	closeListeners: Set<() => void>;
	opening: Promise<Result<QmpConnection>> | undefined;
	connection: QmpConnection | undefined;
	users: number;
	idleTimer: NodeJS.Timeout | undefined;
	isAskedForProgress: boolean;
};

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

/** `greetingMs`: how long a greeting may take; `idleMs`: how long a connection is kept after its last use; `retryMs`: how often a lost one is looked for. */
export function createMonitors(options: MonitorsOptions = {}): Monitors {
	const {greetingMs, idleMs = 300, retryMs = 2000} = options;
	const all = new Map<string, Shared>();
	const endings = new Set<() => void>();

	const shared = (socketPath: string): Shared => {
		const present = all.get(socketPath);
		if (present !== undefined) {
			return present;
		}

		const fresh: Shared = {
			listeners: new Set(), closeListeners: new Set(), opening: undefined, connection: undefined, users: 0, idleTimer: undefined, isAskedForProgress: false,
		};
		all.set(socketPath, fresh);
		return fresh;
	};

	const open = async (socketPath: string, entry: Shared): Promise<Result<QmpConnection>> => {
		if (entry.connection?.isOpen) {
			return succeed(entry.connection);
		}

		entry.opening ??= (async () => {
			const opened = await QmpConnection.open(socketPath, {
				...(greetingMs !== undefined && {greetingMs}),
				onEvent(event) {
					for (const listener of entry.listeners) {
						listener(event);
					}
				},
				onClose() {
					for (const listener of entry.closeListeners) {
						listener();
					}
				},
			});
			entry.opening = undefined;
			entry.connection = opened.ok ? opened.value : undefined;
			return opened;
		})();
		return entry.opening;
	};

	const take = (entry: Shared) => {
		clearTimeout(entry.idleTimer);
		entry.users++;
	};

	const release = (entry: Shared) => {
		entry.users--;
		if (entry.users === 0) {
			entry.idleTimer = setTimeout(() => entry.connection?.close(), idleMs);
		}
	};

	const using = async <T>(socketPath: string, act: (line: Line) => Promise<Result<T>>): Promise<Result<T>> => {
		const entry = shared(socketPath);
		take(entry);
		try {
			const opened = await open(socketPath, entry);
			if (!opened.ok) {
				return opened;
			}

			const connection = opened.value;
			return await act({
				ask: async (execute, parameters, askOptions) => connection.ask(execute, parameters, askOptions),
				listen(listener) {
					entry.listeners.add(listener);
					return () => entry.listeners.delete(listener);
				},
			});
		} finally {
			release(entry);
		}
	};

	const ask: Monitors['ask'] = async (socketPath, execute, parameters = {}, {timeoutMs = askTimeoutMs} = {}) =>
		using(socketPath, async line => line.ask(execute, parameters, {timeoutMs}));

	return {
		ask,
		async run(command, options = {}) {
			const {timeoutMs} = options;
			const startedAtMs = performance.now();
			const written = await writeFiles(command.files);
			if (!written.ok) {
				return written;
			}

			const ran = command.until?.kind === 'gone'
				? await waitUntilGone(command, {greetingMs, timeoutMs, send: async execute => using(command.socketPath, async line => execute(line))})
				: await using(command.socketPath, async line => runQmp(line, command, options));
			return ran.ok ? succeed(asRunOutput(ran.value, startedAtMs)) : ran;
		},
		async readProgress(progress) {
			if (progress.kind !== 'qmp-job' && progress.kind !== 'qmp-migration') {
				return undefined;
			}

			// While QEMU is busy with a command it answers nothing else: questions would only pile up.
			const entry = shared(progress.socketPath);
			if (entry.isAskedForProgress) {
				return undefined;
			}

			entry.isAskedForProgress = true;
			try {
				return await readQmpProgress(async (execute, parameters) => ask(progress.socketPath, execute, parameters), progress);
			} finally {
				entry.isAskedForProgress = false;
			}
		},
		watch(socketPath, onEvent) {
			const entry = shared(socketPath);
			let retryTimer: NodeJS.Timeout | undefined;
			let isEnded = false;
			const onQmpEvent = ({name, data}: QmpEvent) => {
				onEvent({kind: 'event', name, data});
			};

			const onClose = () => {
				onEvent({kind: 'closed'});
				retryTimer = setTimeout(() => {
					void follow();
				}, retryMs);
			};

			const follow = async () => {
				const opened = await open(socketPath, entry);
				if (isEnded) {
					return;
				}

				if (opened.ok) {
					entry.closeListeners.add(onClose);
					onEvent({kind: 'opened'});
				} else {
					retryTimer = setTimeout(() => {
						void follow();
					}, retryMs);
				}
			};

			const end = () => {
				if (isEnded) {
					return;
				}

				isEnded = true;
				clearTimeout(retryTimer);
				entry.listeners.delete(onQmpEvent);
				entry.closeListeners.delete(onClose);
				endings.delete(end);
				release(entry);
			};

			take(entry);
			entry.listeners.add(onQmpEvent);
			endings.add(end);
			void follow();
			return end;
		},
		async close() {
			for (const end of endings) {
				end();
			}

			for (const entry of all.values()) {
				clearTimeout(entry.idleTimer);
				const opening = await entry.opening;
				(opening?.ok ? opening.value : entry.connection)?.close();
				clearTimeout(entry.idleTimer);
			}
		},
	};
}
