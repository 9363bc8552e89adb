/**
Folders in which somebody else can exchange what root is about to name: between two commands a new file may become a link to any other, and a folder another
folder. Root's own files are then made in a folder that is safe, and what lies in the other one is named from inside it (`Place`).
*/
import {posix} from 'node:path';
import type {Account} from '../plan/plan.ts';

export type FolderRisk = {
	/** The folder itself, or the first above it, that somebody else may write to. */
	folder: string;
	/** Who that is: "user 1000", "group 100", "everybody". */
	who: string;
	/** The nearest folder above, on the same file system and safe up to the root, in which new files can be made. Undefined: there is none. */
	buildIn: string | undefined;
	/** Device and inode of the folder itself, as `stat` writes them. */
	inode: string;
	/** The one user who may exchange anything on the path, beside root; undefined: there are several, or they are not known. */
	sole?: Account;
};

/** A file by another name: the folder in which it really lies. */
export type LinkedRisk = {folder: string; risk: FolderRisk};

/** What `stat` says of one folder of a path. `inode`: with its device before it. */
export type FolderEntry = {
	isLink: boolean; uid: number; gid: number; mode: number; inode: string; account?: Account; /** Its group is that of its owner alone. */ hasPrivateGroup?: boolean;
};

/** "/", "/a", "/a/b". */
export function foldersOf(path: string): string[] {
	const parts = path.split('/').filter(part => part !== '');
	return ['/', ...parts.map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** Who else may change the entries of a folder; undefined: root alone. */
function otherWriter({uid, gid, mode}: FolderEntry): string | undefined {
	if (uid !== 0) {
		return `user ${uid}`;
	}

	if ((mode & 0o002) !== 0) {
		return 'everybody';
	}

	return (mode & 0o020) !== 0 && gid !== 0 ? `group ${gid}` : undefined;
}

/** The accounts that may exchange an entry of the folder, beside root; undefined: who that is cannot be told. `entry`: where it is another folder. */
function changersOf(folder: FolderEntry | undefined, entry: FolderEntry | undefined): Account[] | undefined {
	if (folder === undefined) {
		return undefined;
	}

	// Where it is sticky, each may exchange what is theirs.
	const isSticky = (folder.mode & 0o1000) !== 0 && entry !== undefined;
	const isShared = (folder.mode & 0o002) !== 0 || ((folder.mode & 0o020) !== 0 && folder.gid !== 0 && !folder.hasPrivateGroup);
	if (isShared && !isSticky) {
		return undefined;
	}

	const users = [folder, ...(isShared ? [entry!] : [])].filter(({uid}) => uid !== 0);
	return users.some(({account}) => account === undefined) ? undefined : users.map(({account}) => account!);
}

/** The only one among these, if all of them are known. */
export function soleAccount(lists: ReadonlyArray<readonly Account[] | undefined>): Account | undefined {
	const all = lists.flatMap(list => list ?? []);
	return lists.includes(undefined) || all.some(({uid}) => uid !== all[0]!.uid) ? undefined : all[0];
}

/** The folder above, if files can be moved from there into this folder. */
export function folderAbove(folder: string, path: string, entries: ReadonlyMap<string, FolderEntry>): string | undefined {
	const above = posix.dirname(folder);
	const deviceOf = (name: string) => entries.get(name)?.inode.split(':')[0];
	return folder !== '/' && deviceOf(path) !== undefined && deviceOf(above) === deviceOf(path) ? above : undefined;
}

/**
For root, of a folder without links in its path. Undefined: nobody else can exchange anything there. In a sticky folder above it, as /tmp is, an entry of
root's own is safe.
*/
export function folderRisk(path: string, entries: ReadonlyMap<string, FolderEntry>): FolderRisk | undefined {
	const folders = foldersOf(path);
	for (const [index, folder] of folders.entries()) {
		const entry = entries.get(folder);
		const next = entries.get(folders[index + 1] ?? '');
		const who = entry === undefined ? 'somebody' : otherWriter(entry);
		const isSticky = entry?.uid === 0 && (entry.mode & 0o1000) !== 0 && next?.uid === 0;
		if (who !== undefined && !isSticky) {
			const sole = soleAccount(folders.map((name, at) => changersOf(entries.get(name), entries.get(folders[at + 1] ?? ''))));
			return {
				folder, who, buildIn: folderAbove(folder, path, entries), inode: entries.get(path)?.inode ?? '', ...(sole && {sole}),
			};
		}
	}

	return undefined;
}
