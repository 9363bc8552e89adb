/**
Words for a POSIX shell. In scripts that a person runs, and in commands that are shown, nothing is hidden: `quoteForShell`. What a shell runs for us, at the
other end of ssh or for QEMU, has every byte as it is: `quoteAsIs`. Never for running something here.
*/
import {Buffer} from 'node:buffer';
import {makeVisible, spellHidden} from './visible-text.ts';

const plainWord = /^[\w@%+=:,./-]+$/u;

/** One word, quoted only where it needs to be: single quotes hold everything but a single quote. */
export function quoteAsIs(word: string): string {
	return plainWord.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`;
}

/** The bytes by which printf makes them; without a newline at the end, `$(…)` gives them back as they are. */
function printed(character: string): string {
	const bytes = [...Buffer.from(character)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`);
	return `"$(printf '${bytes.join('')}')"`;
}

/**
The same with hidden characters as `"$(printf '\302\255')"`, which any POSIX shell turns into their bytes ($'…' is understood by some only). Newlines stay, and
tabs where `keepsTabs` says so: a reader sees them.
*/
export function quoteForShell(word: string, {keepsTabs = false}: {keepsTabs?: boolean} = {}): string {
	const isKept = (character: string) => character === '\n' || (keepsTabs && character === '\t');
	return spellHidden(quoteAsIs(word), character => isKept(character) ? character : `'${printed(character)}'`);
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

/** For a shell that runs it for us. */
export function formatRemoteLine(argv: readonly string[]): string {
	return argv.map(word => quoteAsIs(word)).join(' ');
}
