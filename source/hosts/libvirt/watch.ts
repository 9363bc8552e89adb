/**
Changes made by anybody, told by `virsh event`: states, definitions, devices, jobs. (Snapshots and checkpoints cause no event.)
*/
import type {LineWatcher} from '../../tools/run/run.ts';

/** What a picture shows; agents, clocks and balloons are not among it. */
const interesting = /^event '(?:lifecycle|block-job|block-job-2|job-completed|device-added|device-removed|disk-change|tray-change|metadata-change)'/;

const usualFirstPauseMs = 1000;
const longestPauseMs = 60_000;
/** A watcher that lived this long was well: the next pause is short again. */
const healthyMs = 30_000;

/** Starts the watcher again when it ends (the daemon was restarted, the connection broke), and then calls back, because something may have been missed. */
export function watchEvents(given: {lines: LineWatcher; argv: string[]; onChange: (domain?: string) => void; firstPauseMs?: number}): () => void {
	const {firstPauseMs = usualFirstPauseMs} = given;
	let pauseMs = firstPauseMs / 2;
	let stopLines: (() => void) | undefined;
	let timer: NodeJS.Timeout | undefined;
	let isStopped = false;

	const start = (isRestart: boolean) => {
		const startedAt = performance.now();
		stopLines = given.lines({
			argv: given.argv,
			onLine(line) {
				if (interesting.test(line)) {
					given.onChange(/ for domain '(.*?)'(?:: |$)/.exec(line)?.[1]);
				}
			},
			onEnd() {
				if (isStopped) {
					return;
				}

				pauseMs = performance.now() - startedAt > healthyMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
				timer = setTimeout(() => {
					start(true);
				}, pauseMs);
				timer.unref();
			},
		});
		if (isRestart) {
			given.onChange();
		}
	};

	start(false);
	return () => {
		isStopped = true;
		clearTimeout(timer);
		stopLines?.();
	};
}
