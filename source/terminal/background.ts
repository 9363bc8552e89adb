/**
The background of the terminal, which decides the colours: asked by OSC 11, as terminals since xterm answer it.
*/
import {setTimeout} from 'node:timers/promises';

/** Terminals that do not know it say nothing. */
const question = '\u001B]11;?\u0007';

/** How long an answer counts: a later one would change the colours under the eyes of whoever reads. In milliseconds, as the next. */
const answerMs = 2000;
/** How long the end waits for it. */
const settleMs = 300;

/** Undefined: it is no answer to that question. The weights are those of perceived brightness (ITU-R BT.601). */
export function readBackground(reply: string): 'dark' | 'light' | undefined {
	const match = /^11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/i.exec(reply);
	if (match === null) {
		return undefined;
	}

	const [red, green, blue] = match.slice(1).map(digits => Number.parseInt(digits, 16) / ((16 ** digits.length) - 1)) as [number, number, number];
	return (0.299 * red) + (0.587 * green) + (0.114 * blue) > 0.5 ? 'light' : 'dark';
}

/** `onTold`: called once at most, in time. `settle`: no answer is on its way any longer, which would be typed into the shell. */
export function watchBackground(onFound: (background: 'dark' | 'light') => void) {
	let askedAt = Number.NEGATIVE_INFINITY;
	let close: (() => void) | undefined;
	let answered = Promise.resolve();
	const restMs = (limitMs: number) => askedAt + limitMs - performance.now();
	return {
		ask(write: (text: string) => void) {
			askedAt = performance.now();
			answered = new Promise(resolve => {
				close = resolve;
			});
			write(question);
		},
		take(reply: string) {
			const background = readBackground(reply);
			if (background !== undefined && restMs(answerMs) > 0) {
				askedAt = Number.NEGATIVE_INFINITY;
				close?.();
				onFound(background);
			}
		},
		async settle() {
			if (restMs(settleMs) > 0) {
				await Promise.race([answered, setTimeout(restMs(settleMs))]);
			}
		},
	};
}
