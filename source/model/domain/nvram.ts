/**
The firmware's variables (NVRAM) stand in a file of their own, which no snapshot of libvirt holds (L13). Beside a snapshot that this program
makes without memory goes a copy of that file, and a revert without memory puts it back. Nothing records the copy: its name tells whose it is, and its
age that it belongs to this snapshot, not to an earlier one of the same name.
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import type {FileFacts} from '../images/image.ts';
import type {Domain} from './domain.ts';
import type {Snapshot} from './snapshot.ts';

const infix = '.vsnap-';
/** What file systems allow. */
const mostBytes = 255;
/** Seconds for which libvirt may be at work on a snapshot that it has dated. The copy is dated after it; and where we date the record, exactly as it. */
const mostLate = 120;

/** A file with firmware variables: a plain file that can be read, no link. */
export type NvramFile = FileFacts & {
	/** A qcow2 file may hold states of internal snapshots, too, and what QEMU has not written out: it is neither copied nor replaced. */
	isRaw: boolean;
	/** Names of the internal snapshots inside a qcow2 file; undefined: it holds none, or they could not be read. */
	tags?: string[];
};

/** Where the copy of a snapshot stands; undefined where the name would be too long for a file. */
export function nvramCopyPath(nvramPath: string, snapshotName: string): string | undefined {
	const path = `${nvramPath}${infix}${snapshotName}`;
	return Buffer.byteLength(posix.basename(path)) > mostBytes ? undefined : path;
}

/** The file that the domain of a snapshot kept its variables in, and the copy, as far as its name can be. */
function copyPathOf({name, domain}: Snapshot): string | undefined {
	return domain?.nvramPath?.startsWith('/') ? nvramCopyPath(domain.nvramPath, name) : undefined;
}

/** Every file to look at: of the domain as it runs and as it is defined, of its snapshots, and the copies. */
export function nvramPaths(domain: Domain, snapshots: readonly Snapshot[]): string[] {
	const definitions = [domain.definition, domain.liveDefinition, ...snapshots.map(snapshot => snapshot.domain)];
	const files = definitions.flatMap(definition => definition?.nvramPath?.startsWith('/') ? [definition.nvramPath] : []);
	return [...new Set([...files, ...snapshots.flatMap(snapshot => copyPathOf(snapshot) ?? [])])];
}

/** The copy that goes with a snapshot's name, whoever made it; `files`: those that are there. */
export function nvramCopyOf(snapshot: Snapshot, files: ReadonlyMap<string, NvramFile>): string | undefined {
	const path = copyPathOf(snapshot);
	return path !== undefined && files.has(path) ? path : undefined;
}

/** That copy where it is there and cannot be read: mostly it belongs to root. */
export function unreadableNvramCopy(snapshot: Snapshot, {nvramFiles, folders}: {nvramFiles: ReadonlyMap<string, NvramFile>; folders: ReadonlyMap<string, {names: ReadonlySet<string>}>}): string | undefined {
	const path = copyPathOf(snapshot);
	return path !== undefined && !nvramFiles.has(path) && folders.get(posix.dirname(path))?.names.has(posix.basename(path)) ? path : undefined;
}

/** The copy that this snapshot can be reverted with: as old as the snapshot, so not of an earlier one of its name. */
export function usableNvramCopy(snapshot: Snapshot, files: ReadonlyMap<string, NvramFile>): string | undefined {
	const path = nvramCopyOf(snapshot, files);
	const file = path === undefined ? undefined : files.get(path);
	const late = Math.floor(Number(file?.modifiedAt)) - snapshot.createdAt;
	return file?.isRaw && file.sizeBytes > 0 && late >= 0 && late <= (snapshot.state === 'disk-snapshot' ? mostLate : 0) ? path : undefined;
}

type NvramSurroundings = {
	/** What is in a folder, as far as it is known. */
	namesIn: (folder: string) => ReadonlySet<string> | undefined;
	/** Whether another domain keeps its variables there: then the copies may be its own. */
	isForeign: (path: string) => boolean;
};

/** Copies in the folders that go with no snapshot: somebody else deleted it. */
export function lostNvramCopies(domain: Domain, snapshots: readonly Snapshot[], {namesIn, isForeign}: NvramSurroundings): string[] {
	const paths = nvramPaths(domain, snapshots);
	const lost = paths.filter(path => !isForeign(path)).flatMap(path => {
		const {dir, base} = posix.parse(path);
		return [...namesIn(dir) ?? []].filter(name => name.startsWith(`${base}${infix}`)).map(name => posix.join(dir, name));
	});
	return [...new Set(lost)].filter(path => !paths.includes(path));
}
