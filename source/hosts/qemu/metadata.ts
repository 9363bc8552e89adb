/**
The records of bare domains: a folder for each in the private folder of this user, with `domain.xml`, `snapshots/NAME.xml`, `snapshots/current` and `checkpoints/NAME.xml`. They are
in libvirt's XML format. Only reading is done here; plans write them.
*/
import {Buffer} from 'node:buffer';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {digest} from '../../model/plan/fingerprint.ts';
import type {Unreadable} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import {parseCheckpointXml} from '../../model/xml/parse-checkpoint.ts';
import {parseSnapshotXml} from '../../model/xml/parse-snapshot.ts';

export type Records = {
	domainXml: string | undefined;
	snapshots: Snapshot[];
	current: string | undefined;
	checkpoints: Checkpoint[];
	unreadable: Unreadable[];
};

const longestName = 200;

/** A name as the name of a folder: what could mean something in a path is written as `%XX`; a long one is cut, and told apart by a digest. */
export function folderNameOf(name: string): string {
	const safe = encodeURIComponent(name).replace(/^\./, '%2E').replaceAll('*', '%2A');
	return Buffer.byteLength(safe) <= longestName ? safe : `${safe.slice(0, longestName - 40)}-${digest(name)}`;
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** Undefined where there is none. */
async function readIfThere<T>(read: () => Promise<T>): Promise<T | undefined> {
	try {
		return await read();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return undefined;
		}

		throw error;
	}
}

/** Oldest first. A record that cannot be read, or bears another name than its file, is told of. */
async function readAll<T extends {name: string; createdAt: number}>(folder: string, parse: (xml: string, name: string) => Result<T>): Promise<{read: T[]; unreadable: Records['unreadable']}> {
	const names = await readIfThere(async () => readdir(folder)) ?? [];
	const read: T[] = [];
	const unreadable: Records['unreadable'] = [];
	for (const fileName of names.filter(name => name.endsWith('.xml')).sort()) {
		const name = fileName.slice(0, -'.xml'.length);
		const file = path.join(folder, fileName);
		const xml = await readIfThere(async () => readFile(file, 'utf8'));
		const parsed = xml === undefined ? undefined : parse(xml, name);
		if (parsed?.ok && parsed.value.name === name) {
			read.push(parsed.value);
		} else if (parsed !== undefined) {
			unreadable.push({name, reason: parsed.ok ? 'the record has another name than its file' : (parsed.failure.kind === 'unreadable' ? parsed.failure.reason : parsed.failure.kind), remedy: `Correct ${file}, or remove it if the record is not needed (images and bitmaps stay).`});
		}
	}

	return {read: read.sort((a, b) => a.createdAt - b.createdAt), unreadable};
}

/** Fails with `state-folder` where the folder is there and cannot be read. A snapshot that is called current and is not there is none. */
export async function readRecords(metadataPath: string): Promise<Result<Records>> {
	try {
		const folder = path.join(metadataPath, 'snapshots');
		const [domainXml, current] = await Promise.all([
			readIfThere(async () => readFile(path.join(metadataPath, 'domain.xml'), 'utf8')),
			// A person, or a script, may have written a whole line.
			readIfThere(async () => (await readFile(path.join(folder, 'current'), 'utf8')).replace(/\n$/, '')),
		]);
		const [{read: snapshots, unreadable}, checkpoints] = await Promise.all([
			readAll(folder, (xml, name) => parseSnapshotXml(xml, {isCurrent: name === current})),
			readAll(path.join(metadataPath, 'checkpoints'), xml => parseCheckpointXml(xml)),
		]);
		return succeed({
			domainXml, snapshots, checkpoints: checkpoints.read, unreadable: [...unreadable, ...checkpoints.unreadable], current: snapshots.some(({name}) => name === current) ? current : undefined,
		});
	} catch (error) {
		return fail({kind: 'state-folder', path: metadataPath, reason: reasonOf(error)});
	}
}

/** The folders of all bare domains that have records. */
export async function readRecordFolders(recordsPath: string): Promise<Result<string[]>> {
	try {
		const names = await readIfThere(async () => readdir(recordsPath)) ?? [];
		return succeed(names.sort().map(name => path.join(recordsPath, name)));
	} catch (error) {
		return fail({kind: 'state-folder', path: recordsPath, reason: reasonOf(error)});
	}
}
