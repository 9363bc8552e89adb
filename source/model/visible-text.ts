/**
Text from the host, made harmless for a terminal: nothing in it can move the cursor, change colours, or turn the writing direction.
*/

// Controls (C0, DEL, C1), line and paragraph separators, bidirectional marks and overrides, zero-width and invisible format characters, and lone surrogates.
const unsafe = /[\p{Cc}\p{Cs}\u{2028}\u{2029}\u{61C}\u{200B}\u{200E}\u{200F}\u{202A}-\u{202E}\u{2060}-\u{206F}\u{FEFF}]/gu;

function escape(character: string): string {
	const code = character.codePointAt(0)!;
	return code <= 0xFF ? String.raw`\x${code.toString(16).padStart(2, '0')}` : String.raw`\u{${code.toString(16)}}`;
}

/** One line: everything unsafe is shown as `\x1b` or `\u{202e}`, newlines too. */
export function makeVisible(text: string): string {
	return text.replaceAll(unsafe, character => escape(character));
}

/** Several lines: newlines stay, a tab becomes a blank. */
export function makeLinesVisible(text: string): string {
	return text.split('\n').map(line => makeVisible(line.replaceAll('\t', ' '))).join('\n');
}

/** JSON that is harmless on a terminal as well: what JSON itself lets through (C1 controls, bidirectional marks …) is escaped. One line without `indent`. */
export function formatJson(value: unknown, indent?: string): string {
	return JSON.stringify(value, undefined, indent).replaceAll(unsafe, character =>
		character < '\u{7F}' ? character : String.raw`\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
