/**
Which folders of the host are not root's alone. Asked for root only: whoever else works there loses nothing but what is theirs.
*/
import {posix} from 'node:path';
import {
	folderAbove, folderRisk, foldersOf, type FolderEntry, type FolderRisk,
} from '../model/folder-risk.ts';
import type {Runner} from './run.ts';

const readTimeoutMs = 30_000;
/** Belongs to whoever asks. */
const ownProcess = '/proc/self/.';
const statFields = 6;
const statFormat = String.raw`%n\0%F\0%u\0%g\0%a\0%d:%i\0`;

/** Output of `stat --printf` with the format above, by path. */
export function parseFolderEntries(stdout: string): Map<string, FolderEntry> {
	const fields = stdout.split('\0');
	const entries = new Map<string, FolderEntry>();
	for (let index = 0; index + statFields <= fields.length; index += statFields) {
		const [name, kind, uid, gid, mode, inode] = fields.slice(index, index + statFields) as [string, string, string, string, string, string];
		entries.set(name, {isLink: kind === 'symbolic link', uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8), inode});
	}

	return entries;
}

async function readEntries(runner: Runner, paths: readonly string[]): Promise<Map<string, FolderEntry>> {
	const answer = await runner({argv: ['stat', '--printf', statFormat, '--', ...paths], where: 'host', timeoutMs: readTimeoutMs, fineCodes: [1]});
	return answer.ok ? parseFolderEntries(answer.value.stdout) : new Map();
}

/** Links themselves are judged by the folder that they lie in, and what they lead to like any other. */
async function readRisk(runner: Runner, path: string, known: ReadonlyMap<string, FolderEntry>): Promise<FolderRisk | undefined> {
	const links = foldersOf(path).filter(folder => known.get(folder)?.isLink);
	if (links.length === 0) {
		return folderRisk(path, known);
	}

	const real = await runner({argv: ['readlink', '-e', '-n', '--', path], where: 'host', timeoutMs: readTimeoutMs});
	const realPath = real.ok ? real.value.stdout : path;
	const above = links.flatMap(link => folderRisk(posix.dirname(link), known) ?? []);
	const entries = await readEntries(runner, foldersOf(realPath));
	const risk = folderRisk(realPath, entries);
	// Whoever can exchange the link decides where the path leads; a command that starts inside the folder proves that it leads there still.
	return above[0] === undefined
		? risk
		: {...above[0], buildIn: risk === undefined ? folderAbove(realPath, realPath, entries) : risk.buildIn, inode: entries.get(realPath)?.inode ?? ''};
}

/** By path, those that are not safe; empty for anybody but root. What cannot be looked at is not safe. */
export async function readFolderRisks(runner: Runner, paths: readonly string[]): Promise<Map<string, FolderRisk>> {
	const entries = paths.length === 0 ? undefined : await readEntries(runner, [ownProcess, ...new Set(paths.flatMap(path => foldersOf(path)))]);
	if (entries?.get(ownProcess)?.uid !== 0) {
		return new Map();
	}

	const risks = new Map<string, FolderRisk>();
	for (const path of paths) {
		const risk = await readRisk(runner, path, entries);
		if (risk !== undefined) {
			risks.set(path, risk);
		}
	}

	return risks;
}
