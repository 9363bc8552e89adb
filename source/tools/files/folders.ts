/**
What is in folders of the host, and how much room is left there: two programs for any number of them.
*/
import type {FolderFacts} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

const readTimeoutMs = 30_000;
/** Below what the remote shell takes for one argument. */
const foldersPerCall = 100;
const entryFields = 4;
/** For the folder itself (depth 0) and each of its entries: depth, folder, device, name. */
const entryFormat = String.raw`%d\0%H\0%D\0%f\0`;
const spaceFormat = String.raw`%n\0%a %S\0`;

type Contents = Omit<FolderFacts, 'freeBytes'>;

/** Output of `find` with the format above, with "w" before what may be written; by folder. */
function parseContents(stdout: string): Map<string, Contents & {names: Set<string>}> {
	const found = new Map<string, Contents & {names: Set<string>}>();
	const fields = stdout.split('\0');
	for (let index = 0; index + entryFields <= fields.length; index += entryFields) {
		const [depth, path, device, name] = fields.slice(index, index + entryFields) as [string, string, string, string];
		if (depth.endsWith('0')) {
			found.set(path, {path, isWritable: depth.startsWith('w'), device, names: new Set()});
		} else {
			found.get(path)?.names.add(name);
		}
	}

	return found;
}

/** Of what find says, the end: the path is named already. */
function reasonOf(complaint: string | undefined): string {
	const end = complaint?.split(': ').at(-1);
	return end === 'No such file or directory' ? 'there is no such folder' : end ?? 'it cannot be looked at';
}

async function readContents(runner: Runner, paths: readonly string[]): Promise<Map<string, Result<Contents>>> {
	// An entry that cannot be looked at is still a name; one that vanishes meanwhile is none.
	const answer = await runner({
		argv: ['find', '-H', ...paths, '-ignore_readdir_race', '-maxdepth', '1', '-writable', '-printf', 'w', ',', '-printf', entryFormat],
		where: 'host',
		timeoutMs: readTimeoutMs,
		acceptedExitCodes: [1],
	});
	const found = answer.ok ? parseContents(answer.value.stdout) : new Map<string, Contents>();
	return new Map(paths.map(path => {
		const contents = found.get(path);
		const complaint = answer.ok ? answer.value.stderr.split('\n').find(line => line.includes(`'${path}'`)) : undefined;
		const isUnreadable = contents === undefined || (contents.names.size === 0 && complaint !== undefined);
		return [path, answer.ok ? (isUnreadable ? fail({kind: 'unreadable', what: path, reason: reasonOf(complaint)}) : succeed(contents)) : answer];
	}));
}

async function readSpace(runner: Runner, paths: readonly string[]): Promise<Map<string, number>> {
	const answer = await runner({argv: ['stat', '-f', '--printf', spaceFormat, '--', ...paths], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [1]});
	const fields = answer.ok ? answer.value.stdout.split('\0') : [];
	return new Map(fields.flatMap((path, index) => {
		const [blocks, blockBytes] = fields[index + 1]?.split(' ') ?? [];
		return index % 2 === 0 && blockBytes !== undefined ? [[path, Number(blocks) * Number(blockBytes)]] : [];
	}));
}

/** By folder: what it is, or why it cannot be looked at. */
export async function readFolders(runner: Runner, paths: readonly string[]): Promise<Map<string, Result<FolderFacts>>> {
	const wanted = [...new Set(paths)];
	const folders = new Map<string, Result<FolderFacts>>();
	for (let index = 0; index < wanted.length; index += foldersPerCall) {
		const some = wanted.slice(index, index + foldersPerCall);
		const [contents, space] = await Promise.all([readContents(runner, some), readSpace(runner, some)]);
		for (const [path, found] of contents) {
			const freeBytes = space.get(path);
			const whole = freeBytes === undefined || !found.ok ? fail({kind: 'unreadable', what: path, reason: 'its file system cannot be looked at'}) : succeed({...found.value, freeBytes});
			folders.set(path, found.ok ? whole : found);
		}
	}

	return folders;
}

/** Fails where the folder cannot be looked at. */
export async function readFolder(runner: Runner, path: string): Promise<Result<FolderFacts>> {
	const folders = await readFolders(runner, [path]);
	return folders.get(path)!;
}

/** The names of what is in it. Fails where it cannot be looked at. */
export async function readNames(runner: Runner, path: string): Promise<Result<ReadonlySet<string>>> {
	const contents = await readContents(runner, [path]);
	const found = contents.get(path)!;
	return found.ok ? succeed(found.value.names) : found;
}
