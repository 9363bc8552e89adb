/**
Words for a POSIX shell: for scripts that a person runs, for showing commands, and for the other end of ssh. Never for running something here.
*/
import {Buffer} from 'node:buffer';
import {makeVisible} from './visible-text.ts';

/** One word, quoted only where it needs to be. Control characters stay as they are: single quotes hold everything but a single quote. */
export function quoteForShell(word: string): string {
	return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`;
}

/**
The same for a command that a person copies from the screen into bash, ksh or zsh: characters that the screen cannot show as they are stand as bytes in
`$'…'`. A POSIX shell does not know that form, so it is nothing for scripts.
*/
export function quoteForTerminal(word: string): string {
	if (makeVisible(word) === word) {
		return quoteForShell(word);
	}

	const escaped = Array.from(word, character => {
		if (character === '\n') {
			return String.raw`\n`;
		}

		if (makeVisible(character) !== character) {
			return [...Buffer.from(character)].map(byte => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('');
		}

		return character === '\'' || character === '\\' ? `\\${character}` : character;
	});
	return `$'${escaped.join('')}'`;
}

export function formatCommandLine(argv: readonly string[]): string {
	return argv.map(word => quoteForShell(word)).join(' ');
}
