/**
What coreutils and findutils say about files and folders on the host. Names are parted by NUL bytes, the one byte that no name can hold.
*/
import type {FileFacts} from '../../model/images/image.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

const readTimeoutMs = 30_000;
const statFields = 9;
/** Below the kernel's limit for all arguments together, and the remote shell's for one. */
const pathsPerCall = 200;

/** For one file: name, size, time of change, device and inode, owner, group, permissions, kind, names; each ended by NUL. */
const statFormat = String.raw`%n\0%s\0%.9Y\0%d:%i\0%u\0%g\0%a\0%F\0%h\0`;

/** Output of `stat --printf` with the format above, by path. */
export function parseFileFacts(stdout: string): Map<string, FileFacts> {
	const fields = stdout.split('\0');
	const facts = new Map<string, FileFacts>();
	for (let index = 0; index + statFields <= fields.length; index += statFields) {
		const [name, size, modifiedAt, inode, uid, gid, mode, kind, nameCount] = fields.slice(index, index + statFields) as [string, string, string, string, string, string, string, string, string];
		const isRegular = kind.startsWith('regular');
		facts.set(name, {
			sizeBytes: Number(size),
			// That of a device node is the time of its making, or of any write, by kernel; it never tells the age of the content.
			modifiedAt: isRegular ? modifiedAt : '0',
			inode,
			uid: Number(uid),
			gid: Number(gid),
			mode: Number.parseInt(mode, 8),
			isRegular,
			...(isRegular && Number(nameCount) > 1 && {hasOtherNames: true}),
		});
	}

	return facts;
}

/** Whether nothing was asked of the host at all: it is not reached, or no file command may run there. */
function isUnreachable(result: Result<unknown>): boolean {
	return !result.ok && result.failure.kind !== 'tool-failed';
}

/** Follows links. Files that are missing or cannot be looked at are left out. Fails only where the host cannot be asked. */
export async function readFileFacts(runner: Runner, paths: readonly string[]): Promise<Result<Map<string, FileFacts>>> {
	const wanted = [...new Set(paths)].filter(path => path.startsWith('/'));
	const facts = new Map<string, FileFacts>();
	for (let index = 0; index < wanted.length; index += pathsPerCall) {
		const some = wanted.slice(index, index + pathsPerCall);
		const read = await readSome(runner, some);
		if (!read.ok) {
			return read;
		}

		for (const [path, found] of read.value) {
			facts.set(path, found);
		}
	}

	return succeed(facts);
}

async function readSome(runner: Runner, paths: string[]): Promise<Result<Map<string, FileFacts>>> {
	// stat ends with 1 where one of the files is missing, after it has told of all the others.
	const result = await runner({argv: ['stat', '-L', '--printf', statFormat, '--', ...paths], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [1]});
	if (result.ok) {
		return succeed(parseFileFacts(result.value.stdout));
	}

	if (isUnreachable(result)) {
		return result;
	}

	if (paths.length === 1) {
		return succeed(new Map());
	}

	const facts = new Map<string, FileFacts>();
	for (const path of paths) {
		const one = await readSome(runner, [path]);
		if (!one.ok) {
			return one;
		}

		for (const [name, found] of one.value) {
			facts.set(name, found);
		}
	}

	return succeed(facts);
}

/** Whether `test` says yes: `-e` exists, `-w` may be written, `-x` may be searched, `-s` is not empty. Fails only where the host cannot be asked. */
export async function readTest(runner: Runner, flag: '-e' | '-w' | '-x' | '-s', path: string): Promise<Result<boolean>> {
	const result = await runner({argv: ['test', flag, path], where: 'host', timeoutMs: readTimeoutMs});
	if (result.ok) {
		return succeed(true);
	}

	return result.failure.kind === 'tool-failed' && result.failure.cause.exitCode === 1 ? succeed(false) : result;
}

/** Whether two paths lead to one file. Fails only where the host cannot be asked. */
export async function readSameFile(runner: Runner, path: string, other: string): Promise<Result<boolean>> {
	const result = await runner({argv: ['test', path, '-ef', other], where: 'host', timeoutMs: readTimeoutMs});
	if (result.ok) {
		return succeed(true);
	}

	return result.failure.kind === 'tool-failed' && result.failure.cause.exitCode === 1 ? succeed(false) : result;
}

/** Whether two files hold the same. Fails where one of them cannot be read. */
export async function readSameContent(runner: Runner, path: string, other: string): Promise<Result<boolean>> {
	const result = await runner({argv: ['cmp', '-s', '--', path, other], where: 'host', timeoutMs: readTimeoutMs});
	if (result.ok) {
		return succeed(true);
	}

	return result.failure.kind === 'tool-failed' && result.failure.cause.exitCode === 1 ? succeed(false) : result;
}

/** Where the folder really is, without links; undefined where that cannot be told. */
export async function readRealPath(runner: Runner, path: string): Promise<string | undefined> {
	const answer = await runner({argv: ['realpath', '-e', '-z', '--', path], where: 'host', timeoutMs: readTimeoutMs});
	const [real] = answer.ok ? answer.value.stdout.split('\0') : [];
	return real?.startsWith('/') ? real : undefined;
}

/** Escapes a path for find's `-lname`, where `*?[\` have a meaning. */
export function escapePattern(path: string): string {
	return path.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);
}

/** Processes that have this file open, as "pid 811 (qemu-system-x86)". Only those that we may look at are seen, so an empty answer proves nothing. */
export async function readOpenProcesses(runner: Runner, path: string): Promise<string[]> {
	const links = await runner({
		argv: ['find', '/proc', '-mindepth', '3', '-maxdepth', '3', '-path', '/proc/[0-9]*/fd/*', '-lname', escapePattern(path), '-printf', String.raw`%p\0`],
		where: 'host',
		timeoutMs: readTimeoutMs,
		// Processes come and go while find walks.
		acceptedExitCodes: [1],
	});
	if (!links.ok) {
		return [];
	}

	const pids = new Set(links.value.stdout.split('\0').map(link => link.split('/')[2]).filter(pid => pid !== undefined));
	const named: string[] = [];
	for (const pid of pids) {
		const name = await runner({argv: ['cat', `/proc/${pid}/comm`], where: 'host', timeoutMs: readTimeoutMs});
		named.push(`pid ${pid}${name.ok ? ` (${name.value.stdout.trim()})` : ''}`);
	}

	return named;
}
