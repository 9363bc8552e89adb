/**
Commands on the entries of a folder that others may exchange (`Place`). The folder is entered once and proven from inside: from then on it is the same one,
whatever becomes of its path. A program by itself can only follow the path again each time, so a shell goes before it; its words are fixed.
*/
import {posix} from 'node:path';
import type {Place, ProgramCommand} from './plan.ts';
import {formatCommandLine, quoteForShell} from './shell-quote.ts';

const proof = [
	String.raw`cd -P -- "$1" && [ "$(stat -c %d:%i .)" = "$2" ] || { printf '%s is another folder by now\n' "$1" >&2; exit 1; }`,
	'case $4 in /*) is=$(stat -c %d:%i -- "$4") ;; *) is=$4 ;; esac',
	String.raw`[ -z "$3" ] || { [ -n "$is" ] && [ "$(stat -c %d:%i -- "./$3")" = "$is" ]; } || { printf '%s is another file by now\n' "$1/$3" >&2; exit 1; }`,
	'shift 4',
	'exec "$@"',
].join('\n');

/** Of dd: "if=PATH"; of all others just the path. */
const operandAndPath = /^((?:if|of)=)?(.*)$/s;

/** The command with the paths of the folder's entries as names from inside it. */
export function inPlace(place: Place | undefined, command: ProgramCommand): ProgramCommand {
	if (place === undefined) {
		return command;
	}

	const fromInside = (word: string) => {
		const [, operand = '', path = ''] = operandAndPath.exec(word) ?? [];
		return path.startsWith('/') && posix.dirname(path) === place.folder ? `${operand}./${posix.basename(path)}` : word;
	};

	return {...command, argv: command.argv.map((word, index) => index === 0 ? word : fromInside(word)), place};
}

/** The words of a command with the paths that they stand for. */
export function wordsOfProgram({argv, place}: ProgramCommand): string[] {
	return argv.map(word => {
		const [, operand = '', path = ''] = operandAndPath.exec(word) ?? [];
		return place !== undefined && path.startsWith('./') ? `${operand}${posix.join(place.folder, path)}` : word;
	});
}

/** What is run. */
export function placedArgv({argv, place}: ProgramCommand): string[] {
	return place === undefined ? argv : ['sh', '-c', proof, 'sh', place.folder, place.inode, place.entry?.name ?? '', place.entry?.is ?? '', ...argv];
}

/** The same for a person, and for a script. */
export function formatPlaced({argv, place}: ProgramCommand): string {
	if (place === undefined) {
		return formatCommandLine(argv);
	}

	const inodeOf = (path: string) => `"$(${formatCommandLine(['stat', '-c', '%d:%i', '--', path])})"`;
	const isSame = (path: string, is: string) => `[ ${inodeOf(path)} = ${is.startsWith('/') ? inodeOf(is) : quoteForShell(is)} ]`;
	const {folder, inode, entry} = place;
	return `( ${[formatCommandLine(['cd', '-P', '--', folder]), isSame('.', inode), ...(entry === undefined ? [] : [isSame(`./${entry.name}`, entry.is)]), formatCommandLine(argv)].join(' && ')} )`;
}
