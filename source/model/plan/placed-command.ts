/**
Commands on the entries of a folder that others may exchange. Either the folder is entered once and proven from inside (`Place`): from then on it is the same one,
whatever becomes of its path. A program by itself can only follow the path again each time, so a shell goes before it; its words are fixed. Or the command has
no more rights than the user whose folder it is (`runAs`): then it may be led anywhere.
*/
import {posix} from 'node:path';
import {formatCommandLine, quoteForShell} from '../text/shell-quote.ts';
import type {Account, Place, ProgramCommand} from './plan.ts';

/** The name of an entry that the shell holds open. */
export const heldEntry = '/proc/self/fd/9';

/** Owner and mode of a folder that is not root's alone. */
const unsafeModes = '0:*[2367] | 0:*[2367]?';

const proof = [
	String.raw`cd -P -- "$1" && [ "$(stat -c %d:%i .)" = "$2" ] || { printf '%s is another folder by now\n' "$1" >&2; exit 1; }`,
	'case $4 in /*) is=$(stat -c %d:%i -- "$4") ;; *) is=$4 ;; esac',
	String.raw`[ -z "$3" ] || { [ -n "$is" ] && [ "$(stat -c %d:%i -- "./$3")" = "$is" ]; } || { printf '%s is another file by now\n' "$1/$3" >&2; exit 1; }`,
	String.raw`[ -z "$5" ] || { exec 9<>"./$3" && [ "$(stat -L -c %d:%i ${heldEntry})" = "$is" ]; } || { printf '%s is another file by now\n' "$1/$3" >&2; exit 1; }`,
	`[ -z "$6" ] || case $(stat -c %u:%a -- "$6") in ${unsafeModes}) false ;; 0:*) ;; *) false ;; esac || {`,
	String.raw`printf '%s must be left to root (chown root, chmod go-w) before anything in %s is written to\n' "$6" "$1" >&2; exit 1; }`,
	'shift 6',
	'exec "$@"',
].join('\n');

/** The shell stays, with the files that are open: locks, which that user could let go. */
const asOther = '"$@" 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-\nexit "$?"';

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

function becoming({uid, gid, isNamed}: Account): string[] {
	return ['setpriv', '--reuid', String(uid), '--regid', String(gid), isNamed ? '--init-groups' : '--clear-groups'];
}

/** The program itself, and whose rights it has. */
export function shownArgv({argv, runAs}: ProgramCommand): string[] {
	return [...runAs === undefined ? [] : becoming(runAs), ...argv];
}

/** Node and sshd give a program a socket as its standard input, and Linux does not open a socket by the name /dev/stdin. */
const throughPipe = 'cat | "$@"';

/** What is run. */
export function placedArgv(command: ProgramCommand): string[] {
	return command.inputFrom === undefined ? argvInPlace(command) : ['sh', '-c', throughPipe, 'sh', ...argvInPlace(command)];
}

function argvInPlace(command: ProgramCommand): string[] {
	const {argv, place, runAs} = command;
	if (runAs !== undefined) {
		return ['sh', '-c', asOther, 'sh', ...shownArgv(command)];
	}

	return place === undefined
		? argv
		: ['sh', '-c', proof, 'sh', place.folder, place.inode, place.entry?.name ?? '', place.entry?.is ?? '', place.entry?.isHeld ? 'held' : '', place.unshared ?? '', ...argv];
}

/** The same for a person, and for a script. */
export function formatPlaced(command: ProgramCommand): string {
	const {argv, place} = command;
	if (place === undefined) {
		return formatCommandLine(shownArgv(command));
	}

	const inodeOf = (path: string, ...flags: string[]) => `"$(${formatCommandLine(['stat', ...flags, '-c', '%d:%i', '--', path])})"`;
	const isSame = (path: string, is: string, ...flags: string[]) => `[ ${inodeOf(path, ...flags)} = ${is.startsWith('/') ? inodeOf(is) : quoteForShell(is)} ]`;
	const {folder, inode, entry, unshared} = place;
	return `( ${[
		formatCommandLine(['cd', '-P', '--', folder]),
		isSame('.', inode),
		...(entry === undefined ? [] : [isSame(`./${entry.name}`, entry.is)]),
		...(entry?.isHeld ? [`exec 9<>${quoteForShell(`./${entry.name}`)}`, isSame(heldEntry, entry.is, '-L')] : []),
		...(unshared === undefined ? [] : [`case $(${formatCommandLine(['stat', '-c', '%u:%a', '--', unshared])}) in (${unsafeModes}) false ;; (0:*) ;; (*) false ;; esac`]),
		formatCommandLine(argv),
	].join(' && ')} )`;
}
