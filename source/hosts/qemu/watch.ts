/**
Changes of bare domains made by anybody. A monitor serves one client at a time, so it is not held for its events, which would shut everybody else out: it is
asked now and then, and let go.
*/
import {setTimeout} from 'node:timers/promises';

const usualPauseMs = 2500;

/** Calls back when what `read` gives is not what it gave the time before. Gives the function that ends it. */
export function watchByAsking(read: () => Promise<string>, onChange: () => void, pauseMs = usualPauseMs): () => void {
	const ending = new AbortController();
	const watch = async () => {
		let before: string | undefined;
		while (!ending.signal.aborted) {
			const present = await read();
			if (before !== undefined && present !== before && !ending.signal.aborted) {
				onChange();
			}

			before = present;
			await setTimeout(pauseMs, undefined, {signal: ending.signal, ref: false}).catch(() => undefined);
		}
	};

	void watch();
	return () => {
		ending.abort();
	};
}
