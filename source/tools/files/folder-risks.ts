/**
Which folders of the host are not root's alone. Asked for root only: whoever else works there loses nothing but what is theirs.
*/
import {posix} from 'node:path';
import {
	folderAbove, folderRisk, foldersOf, soleAccount, type FolderEntry, type FolderRisk, type LinkedRisk,
} from '../../model/images/folder-risk.ts';
import type {FolderFacts} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';
import {readFolder} from './folders.ts';

const readTimeoutMs = 30_000;
/** Belongs to whoever asks. */
const ownProcess = '/proc/self/.';
const statFields = 6;
const statFormat = String.raw`%n\0%F\0%u\0%g\0%a\0%d:%i\0`;

/** Output of `stat --printf` with the format above, by path. */
function parseFolderEntries(stdout: string): Map<string, FolderEntry> {
	const fields = stdout.split('\0');
	const entries = new Map<string, FolderEntry>();
	for (let index = 0; index + statFields <= fields.length; index += statFields) {
		const [name, kind, uid, gid, mode, inode] = fields.slice(index, index + statFields) as [string, string, string, string, string, string];
		entries.set(name, {isLink: kind === 'symbolic link', uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8), inode});
	}

	return entries;
}

async function readEntries(runner: Runner, paths: readonly string[]): Promise<Map<string, FolderEntry>> {
	const answer = await runner({argv: ['stat', '--printf', statFormat, '--', ...paths], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [1]});
	return answer.ok ? parseFolderEntries(answer.value.stdout) : new Map();
}

/** `gid`: a group's own number, and a user's group. `members`: of a group. */
type DatabaseEntry = {name: string; gid: number; members: string};

/** By the number of the user or group. What the host does not know is missing. */
async function readDatabase(runner: Runner, database: 'passwd' | 'group', ids: ReadonlySet<number>): Promise<Map<number, DatabaseEntry>> {
	const answer = ids.size === 0 ? undefined : await runner({argv: ['getent', database, ...[...ids].map(String)], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [2]});
	const lines = answer?.ok ? answer.value.stdout.split('\n').map(line => line.split(':')) : [];
	return new Map(lines.filter(fields => fields.length > 3).map(fields => {
		const [name, id, last] = [fields[0]!, Number(fields[2]), fields[3]!];
		return [id, database === 'passwd' ? {name, gid: Number(last), members: ''} : {name, gid: id, members: last}];
	}));
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
		const user = users.get(entry.uid);
		const group = groups.get(entry.gid);
		entry.account = {uid: entry.uid, gid: user?.gid ?? nobodysGroup, isNamed: user !== undefined};
		entry.hasPrivateGroup = user !== undefined && group?.name === user.name && user.gid === entry.gid && ['', user.name].includes(group.members);
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
	const above: FolderRisk[] = [];
	for (const link of links) {
		// The way to that folder may lead through links as well: their own mode says nothing.
		const risk = await readRisk(runner, posix.dirname(link), known);
		if (risk !== undefined) {
			above.push(risk);
		}
	}

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

async function readLinked(runner: Runner, links: readonly string[]): Promise<FolderRisks['linked']> {
	const linked = new Map<string, LinkedRisk>();
	for (const link of new Set(links)) {
		const real = await runner({argv: ['readlink', '-e', '-n', '--', link], where: 'host', timeoutMs: readTimeoutMs});
		const folder = posix.dirname(real.ok ? real.value.stdout : link);
		const risk = (await readFolderRisks(runner, [folder])).folders.get(folder);
		if (risk !== undefined) {
			linked.set(link, {folder, risk});
		}
	}

	return linked;
}

type FolderRisks = {
	/** By path. */
	folders: Map<string, FolderRisk>;
	/** Of files that are links, by their path: of the folder that they lead to. */
	linked: Map<string, LinkedRisk>;
};

/** With what is not safe about it. Fails where it cannot be looked at. */
export async function readSafeFolder(runner: Runner, path: string): Promise<Result<FolderFacts>> {
	const [folder, risks] = await Promise.all([readFolder(runner, path), readFolderRisks(runner, [path])]);
	const risk = risks.folders.get(path);
	return folder.ok && risk !== undefined ? succeed({...folder.value, risk}) : folder;
}

/** Those that are not safe, of these folders and those that these files lead to; empty for anybody but root. What cannot be looked at is not safe. */
export async function readFolderRisks(runner: Runner, paths: readonly string[], files: readonly string[] = []): Promise<FolderRisks> {
	const entries = paths.length === 0 ? undefined : await readEntries(runner, [ownProcess, ...new Set([...paths.flatMap(path => foldersOf(path)), ...files])]);
	if (entries?.get(ownProcess)?.uid !== 0) {
		return {folders: new Map(), linked: new Map()};
	}

	const links = files.filter(file => entries.get(file)?.isLink);
	for (const file of files) {
		entries.delete(file);
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

	return {folders: risks, linked: await readLinked(runner, links)};
}
