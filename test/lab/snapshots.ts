/**
Takes snapshots with plain virsh, the way a sysadmin would, and remembers what the disks held.
*/
import path from 'node:path';
import type {LabDomain} from './domains.ts';
import {lines, virsh, virshAll} from './run.ts';
import {
	digestHeads, readHeads, writeLive, writeOffline,
} from './slots.ts';
import {unescapeXml} from './xml-text.ts';

export type Digests = Record<string, string>;

export async function takeDiskSnapshot(domain: LabDomain, name: string, extra: string[] = []): Promise<void> {
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', name, '--disk-only', '--atomic', ...extra);
}

/** Gives the path of the memory file. */
export async function takeMemorySnapshot(domain: LabDomain, name: string): Promise<string> {
	const memoryPath = path.join(domain.folder, `${name}.mem`);
	const disks = domain.disks.flatMap(disk => ['--diskspec', `${disk.target},snapshot=external`]);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', name, '--memspec', `file=${memoryPath},snapshot=external`, ...disks);
	return memoryPath;
}

/** Offline: qcow2 snapshots; running: with memory. */
export async function takeInternalSnapshot(domain: LabDomain, name: string): Promise<void> {
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', name);
}

/** Different bytes for each disk and each mark, in the slot of that mark. */
export async function markLive(domain: LabDomain, mark: number): Promise<Digests> {
	await writeLive(domain, domain.disks.map(({target}, index) => ({target, pattern: ((index + 1) * 16) + mark, slot: mark})));

	return digestHeads(domain);
}

/** The same for a domain that is off. */
export async function markOffline(domain: LabDomain, mark: number): Promise<Digests> {
	const heads = await readHeads(domain);
	for (const [index, disk] of domain.disks.entries()) {
		const headPath = heads.get(disk.target)!;
		await writeOffline(headPath, ((index + 1) * 16) + mark, mark);
	}

	return digestHeads(domain);
}

/** On a running domain: bytes, then a snapshot of them, for each name. Gives what the disks held at each, and after the last in `''`. */
export async function takeChain(domain: LabDomain, names: string[]): Promise<Map<string, Digests>> {
	const digests = new Map<string, Digests>();
	for (const [index, name] of names.entries()) {
		digests.set(name, await markLive(domain, index + 1));
		await takeDiskSnapshot(domain, name);
	}

	digests.set('', await markLive(domain, names.length + 1));
	return digests;
}

export async function readCurrent(domain: LabDomain): Promise<string> {
	const text = await virsh('snapshot-current', '--domain', domain.uuid, '--name');
	return text.replace(/\n$/, '');
}

/** Each snapshot's record, by its name. `more`: more words for `snapshot-dumpxml`. */
export async function readRecords(domain: Pick<LabDomain, 'uuid'>, more: string[] = []): Promise<Array<[string, string]>> {
	const names = lines(await virsh('snapshot-list', '--domain', domain.uuid, '--name'));
	const records = names.length === 0 ? [] : await virshAll(names.map(name => ['snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', name, ...more]));
	return names.map((name, index) => [name, records[index]!]);
}

/** `{s2: 's1', s1: undefined}`. */
export async function readParents(domain: LabDomain): Promise<Record<string, string | undefined>> {
	const parents: Record<string, string | undefined> = {};
	for (const [name, xml] of await readRecords(domain)) {
		const parent = /<parent>\s*<name>(?<name>[^<]*)<\/name>/.exec(xml)?.groups?.name;
		parents[name] = parent === undefined ? undefined : unescapeXml(parent);
	}

	return parents;
}

/** The tree as virsh draws it, without blanks at line ends and empty lines. */
export async function readTree(domain: LabDomain): Promise<string> {
	const text = await virsh('snapshot-list', '--domain', domain.uuid, '--tree');
	return lines(text.split('\n').map(line => line.trimEnd()).join('\n')).join('\n');
}
