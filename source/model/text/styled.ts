/**
Text with looks, as it is handed from what draws a screen to what paints it: `ESC[CODES m` before each stretch that has any, `ESC[0m` behind it. No stretch is within
another, so that what a cell looks like stands in the one code before it.
*/

export const plain = '\u001B[0m';

/** A code as it stands before a stretch. */
export const lookOf = (codes: string): string => `\u001B[${codes}m`;

/** `codes`: numbers of SGR (ECMA-48). */
export function styled(text: string, codes: readonly number[]): string {
	return text === '' || codes.length === 0 ? text : lookOf(codes.join(';')) + text + plain;
}
