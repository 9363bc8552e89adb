/**
Words for a POSIX shell: for scripts that a person runs, for showing commands, and for the other end of ssh. Never for running something here.
*/

/** One word, quoted only where it needs to be. Control characters stay as they are: single quotes hold everything but a single quote. */
export function quoteForShell(word: string): string {
	return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`;
}

export function formatCommandLine(argv: readonly string[]): string {
	return argv.map(word => quoteForShell(word)).join(' ');
}
