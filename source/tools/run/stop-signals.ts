/**
Signals and lost terminals, for work that must not be torn in the middle: they become a request to stop, which the engine obeys where it is safe.
*/
import process from 'node:process';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type StopSignals = {interrupt: AbortSignal; dispose: () => void};

/** The signal's name is the reason of the abort. */
export function listenForStop(): StopSignals {
	const controller = new AbortController();
	const listeners = signals.map(signal => {
		const listener = () => {
			controller.abort(signal);
		};

		process.on(signal, listener);
		return {signal, listener};
	});
	// A terminal that went away fails every write: the work goes on without it, and the journal has the story.
	const ignore = () => undefined;
	process.stdout.on('error', ignore);
	process.stderr.on('error', ignore);
	return {
		interrupt: controller.signal,
		dispose() {
			for (const {signal, listener} of listeners) {
				process.off(signal, listener);
			}
		},
	};
}
