/**
Text from the host, made harmless for whoever reads it: nothing in it can move the cursor, change colours, turn the writing direction, or hide. This is the one
rule for the terminal, the screen, JSON and shell scripts; they differ in how a character is spelled out.

Hidden are: controls (C0, DEL, C1), format characters (bidirectional marks, zero-width characters, tags, U+00AD, U+FFF9…), everything that Unicode lets fonts
ignore, lone surrogates, what is not assigned, and every blank but the space. What makes an emoji one stays: a joiner between two pictographs, and the
selector that turns a sign into its picture.
*/
import {plainText} from './plain-text.ts';

const ascii = /^[\u0020-\u007E]*$/;
let hidden: RegExp | undefined;

/** Made when it is first needed: that takes as long as a frame. */
function findHidden(): RegExp {
	const hiddenOnes = /(?! )[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]|(?!\p{Extended_Pictographic})\p{Cn}/u;
	const partOfEmoji = /(?<=\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)\u200D(?=\p{Extended_Pictographic})|(?<=(?!\p{Emoji_Presentation})\p{Extended_Pictographic})\uFE0F/u;
	return new RegExp(`(?<part>${partOfEmoji.source})|${hiddenOnes.source}`, 'gu');
}

/** Each hidden character as `spell` gives it; a text without any comes back as it is. */
export function spellHidden(text: string, spell: (character: string) => string): string {
	if (plainText.test(text)) {
		return text;
	}

	hidden ??= findHidden();
	return text.replaceAll(hidden, (character, part: string | undefined) => part === undefined ? spell(character) : character);
}

export function hasHidden(text: string): boolean {
	return spellHidden(text, () => '') !== text;
}

function spellOut(character: string): string {
	const code = character.codePointAt(0)!;
	return code <= 0xFF ? String.raw`\x${code.toString(16).padStart(2, '0')}` : String.raw`\u{${code.toString(16)}}`;
}

/** One line: everything hidden is shown as `\x1b` or `\u{202e}`, newlines too. With `isAscii` every character beyond ASCII is spelled out as well. */
export function makeVisible(text: string, isAscii = false): string {
	const visible = spellHidden(text, character => spellOut(character));
	return isAscii && !ascii.test(visible) ? visible.replaceAll(/[^\u0020-\u007E]/gu, character => character === '…' ? '...' : spellOut(character)) : visible;
}

/** Several lines: newlines stay, a tab becomes a blank. */
export function makeLinesVisible(text: string): string {
	return text.split('\n').map(line => makeVisible(line.replaceAll('\t', ' '))).join('\n');
}

const unitMark = String.raw`\u`;

/** JSON has no other name for a character than that of its one or two units of UTF-16. */
function spellUnits(character: string): string {
	let spelled = '';
	for (let at = 0; at < character.length; at++) {
		spelled += unitMark + (0x1_00_00 + character.charCodeAt(at)).toString(16).slice(1); // eslint-disable-line unicorn/prefer-code-point -- Units are what is asked for.
	}

	return spelled;
}

/** JSON without hidden characters, which reads back as it was: they stand there by their numbers. One line without `indent`. */
export function formatJson(value: unknown, indent?: string): string {
	return spellHidden(JSON.stringify(value, undefined, indent) ?? 'null', character =>
		// What JSON leaves below U+007F is its own layout.
		character < '\u{7F}' ? character : spellUnits(character));
}
