/**
The background of the terminal, which decides the colours: asked by OSC 11, as terminals since xterm answer it.
*/

/** Terminals that do not know it say nothing. */
export const askBackground = '\u001B]11;?\u0007';

/** How long an answer counts: a later one would change the colours under the eyes of whoever reads. In milliseconds. */
export const answerMs = 500;

/** Undefined: it is no answer to that question. The weights are those of perceived brightness (ITU-R BT.601). */
export function readBackground(reply: string): 'dark' | 'light' | undefined {
	const match = /^11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/i.exec(reply);
	if (match === null) {
		return undefined;
	}

	const [red, green, blue] = match.slice(1).map(digits => Number.parseInt(digits, 16) / ((16 ** digits.length) - 1)) as [number, number, number];
	return (0.299 * red) + (0.587 * green) + (0.114 * blue) > 0.5 ? 'light' : 'dark';
}
