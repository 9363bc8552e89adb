/**
Commands and their files as a person reads them: quoted as for a shell, secrets in XML left out.
*/

const harmless = /^[\w@%+=:,./-]+$/;

/** A command line as it could be typed in a shell; quotes only where they are needed. */
export function showArgv(argv: readonly string[]): string {
	return argv.map(argument => harmless.test(argument) ? argument : `'${argument.replaceAll('\'', String.raw`'\''`)}'`).join(' ');
}

/** Passwords of graphics never reach the screen. */
export function showFileText(text: string): string {
	return text.replaceAll(/(\bpasswd\s*=\s*)("[^"]*"|'[^']*')/g, '$1"…"').trimEnd();
}
