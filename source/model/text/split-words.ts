/**
A typed command line as words, with the quotes of a shell: single ones hold everything, in double ones and outside a backslash keeps the next character.
*/

/** `last`: as far as the last word was typed, from there on; empty behind a blank. It is the last of `words`, unless it is empty. `isOpen`: a quote was not closed. */
export function splitWords(text: string): {words: string[]; last: string; from: number; isOpen: boolean} {
	const words: string[] = [];
	let word: string | undefined;
	let quote: string | undefined;
	let from = 0;
	for (let at = 0; at < text.length; at++) {
		const character = text[at]!;
		if (quote === undefined && character === ' ') {
			words.push(...(word === undefined ? [] : [word]));
			word = undefined;
			from = at + 1;
		} else if (quote === undefined && (character === '"' || character === '\'')) {
			quote = character;
			word ??= '';
		} else if (character === quote) {
			quote = undefined;
		} else {
			const isEscape = character === '\\' && quote !== '\'' && at + 1 < text.length;
			at += isEscape ? 1 : 0;
			word = (word ?? '') + text[at]!;
		}
	}

	return {words: word === undefined ? words : [...words, word], last: word ?? '', from, isOpen: quote !== undefined};
}
