/**
Which folders of the host are not root's alone. Asked for root only: whoever else works there loses nothing but what is theirs.
*/
import {posix} from 'node:path';
import {
	folderAbove, folderRisk, foldersOf, soleAccount, type FolderEntry, type FolderRisk,
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

/** Fields of `getent`, by the number of the user or group. What the host does not know is missing. */
async function readDatabase(runner: Runner, database: 'passwd' | 'group', ids: ReadonlySet<number>): Promise<Map<number, string[]>> {
	const answer = ids.size === 0 ? undefined : await runner({argv: ['getent', database, ...[...ids].map(String)], where: 'host', timeoutMs: readTimeoutMs, fineCodes: [2]});
	const lines = answer?.ok ? answer.value.stdout.split('\n').map(line => line.split(':')) : [];
	return new Map(lines.filter(fields => fields.length > 3).map(fields => [Number(fields[2]), fields]));
}

const nobodysGroup = 65_534;

/** Of folders that are not root's: whose they are. A group that has its user's name and no other members is that user's own, as `useradd` makes them. */
async function addAccounts(runner: Runner, entries: ReadonlyMap<string, FolderEntry>): Promise<void> {
	const others = [...entries.values()].filter(({uid}) => uid !== 0);
	const shared = others.filter(({mode}) => (mode & 0o020) !== 0);
	const [users, groups] = await Promise.all([
		readDatabase(runner, 'passwd', new Set(others.map(({uid}) => uid))),
		readDatabase(runner, 'group', new Set(shared.map(({gid}) => gid))),
	]);
	for (const entry of others) {
		const [name, , , gid] = users.get(entry.uid) ?? [];
		const [group, , , members] = groups.get(entry.gid) ?? [];
		entry.account = {uid: entry.uid, gid: gid === undefined ? nobodysGroup : Number(gid), isNamed: gid !== undefined};
		entry.hasPrivateGroup = name !== undefined && group === name && Number(gid) === entry.gid && ['', name].includes(members ?? '');
	}
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
	await addAccounts(runner, entries);
	const risk = folderRisk(realPath, entries);
	const all = [...above, ...(risk === undefined ? [] : [risk])];
	const sole = soleAccount(all.map(one => one.sole && [one.sole]));
	// Whoever can exchange the link decides where the path leads; a command that starts inside the folder proves that it leads there still.
	return above[0] === undefined
		? risk
		: {
			folder: above[0].folder,
			who: above[0].who,
			buildIn: risk === undefined ? folderAbove(realPath, realPath, entries) : risk.buildIn,
			inode: entries.get(realPath)?.inode ?? '',
			...(sole && {sole}),
		};
}

/** By path, those that are not safe; empty for anybody but root. What cannot be looked at is not safe. */
export async function readFolderRisks(runner: Runner, paths: readonly string[]): Promise<Map<string, FolderRisk>> {
	const entries = paths.length === 0 ? undefined : await readEntries(runner, [ownProcess, ...new Set(paths.flatMap(path => foldersOf(path)))]);
	if (entries?.get(ownProcess)?.uid !== 0) {
		return new Map();
	}

	entries.delete(ownProcess);
	await addAccounts(runner, entries);
	const risks = new Map<string, FolderRisk>();
	for (const path of paths) {
		const risk = await readRisk(runner, path, entries);
		if (risk !== undefined) {
			risks.set(path, risk);
		}
	}

	return risks;
}
