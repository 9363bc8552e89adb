/**
What the disks of a domain can be on, for the suite that all kinds of storage pass: how such a domain is made, what its disks hold, and what has to be right of the storage
itself after each action.
*/
import {Buffer} from 'node:buffer';
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {expectDevices, makeDeviceDomain} from './device-domain.ts';
import {
	defineXml, domainXml, makeDomain, readState, type LabDomain,
} from './domains.ts';
import {
	digestEncrypted, filesWith, makeEncryptedDomain, writeEncrypted,
} from './encrypted.ts';
import {
	expectServed, makeNetworkDomain, readNetworkDisks,
} from './network-domain.ts';
import {
	attemptVirsh, lines, run, virsh,
} from './run.ts';
import {
	digestImage, writeLive, writeOffline, writeUnread,
} from './slots.ts';
import {readRecords, type Digests} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {readDisks, unescapeXml} from './xml-text.ts';

type XmlDisk = ReturnType<typeof readDisks>[number];

export type Stored = {
	/** Off at first. New overlays lie in its folder, and nothing but them and the images that it was made with. */
	domain: LabDomain;
	/** For whoever makes the first overlay. */
	overlayFlags: string[];
	/** What the disks of a definition are on, whichever way it names them. */
	readDisks: (definitionXml: string) => Promise<XmlDisk[]>;
	/** Of all that the guest reads from an image. */
	digest: (imagePath: string, format: string) => Promise<string>;
	/** Writes 64 KiB to an image while the domain is off, as the guest would. */
	writeOff: (imagePath: string, pattern: number, slot: number, format: string) => Promise<void>;
	/** The same to both disks of the running domain. */
	writeRunning: (domain: LabDomain, pattern: number, slot: number) => Promise<void>;
	/** Of the storage itself. */
	expectPlaces: (t: ExecutionContext) => Promise<void>;
	/** What lies outside of the domain's folder, as it is now. Gives what puts it back. */
	remember: () => Promise<() => Promise<void>>;
};

export type StorageKind = {name: string; make: (t: ExecutionContext, options?: {folder?: string}) => Promise<Stored>};

const sizeMiB = 8;

const plain: Pick<Stored, 'digest' | 'writeOff' | 'writeRunning'> = {
	digest: digestImage,
	writeOff: writeOffline,
	writeRunning: async (domain, pattern, slot) => writeLive(domain, ['vda', 'vdb'].map(target => ({target, pattern, slot}))),
};

async function makeOnFiles(t: ExecutionContext, {folder}: {folder?: string} = {}): Promise<Stored> {
	const domain = await makeDomain(t, {sizeMiB, ...(folder && {folder})});
	return {
		...plain,
		domain,
		overlayFlags: [],
		readDisks: async xml => readDisks(xml),
		expectPlaces: async () => undefined,
		remember: async () => async () => undefined,
	};
}

async function makeOnDevices(t: ExecutionContext, {folder}: {folder?: string} = {}): Promise<Stored> {
	const {domain, devices} = await makeDeviceDomain(t);
	const stored = folder === undefined ? domain : {...domain, folder};
	return {
		...plain,
		domain: stored,
		overlayFlags: [`--overlay-folder=${stored.folder}`],
		readDisks: async xml => readDisks(xml),
		expectPlaces: async t => expectDevices(t, devices),
		async remember() {
			const copies = await Promise.all(devices.map(async (device, index) => {
				const copy = path.join(domain.statePath, `device-${index}`);
				await run('dd', [`if=${device}`, `of=${copy}`, 'bs=1M', 'status=none']);
				return {device, copy};
			}));
			return async () => {
				for (const {device, copy} of copies) {
					await run('dd', [`if=${copy}`, `of=${device}`, 'bs=1M', 'conv=notrunc,fsync', 'status=none']);
				}
			};
		},
	};
}

/** Of a pool that is the domain's folder. */
async function makeOnVolumes(t: ExecutionContext, options: {folder?: string} = {}): Promise<Stored> {
	const {domain} = await makeOnFiles(t, options);
	const pool = `${domain.name} pool`;
	await virsh('pool-create-as', pool, 'dir', '--target', domain.folder);
	t.teardown(async () => attemptVirsh('pool-destroy', pool));
	await defineXml(domainXml(domain).replaceAll(/<disk type='file'([^>]*)>([\s\S]*?)<source file='[^']*\/([^'/]+)'\/>/g, `<disk type='volume'$1>$2<source pool='${pool}' volume='$3'/>`));
	const listed = async () => lines(await virsh('vol-list', '--pool', pool)).map(line => line.trim().split(/\s+/)[0]!).sort();
	return {
		...plain,
		domain,
		overlayFlags: [],
		async readDisks(xml) {
			const onVolumes = [...xml.matchAll(/<disk type='volume'[^>]*>([\s\S]*?)<\/disk>/g)].map(async ([, disk = '']) => {
				const [name, target, format] = [/ volume='([^']*)'/, /<target dev='([^']*)'/, /<driver [^>]*type='([^']*)'/].map(pattern => unescapeXml(pattern.exec(disk)![1]!));
				const found = await virsh('vol-path', '--pool', pool, '--vol', name!);
				return {target: target!, path: found.trim(), format: format!};
			});
			return [...readDisks(xml), ...await Promise.all(onVolumes)];
		},
		async expectPlaces(t) {
			const xmls = [await virsh('dumpxml', '--domain', domain.uuid, '--inactive'), ...(await readRecords(domain)).map(([, xml]) => xml)];
			if (!xmls.some(xml => xml.includes('<disk type=\'volume\''))) {
				// Nothing tells that the images are those of a pool once no record names the volume.
				return;
			}

			const before = await listed();
			await virsh('pool-refresh', '--pool', pool);
			t.deepEqual(before, await listed(), 'the pool lists what is in its folder');
			t.deepEqual(before, (await readdir(domain.folder)).filter(name => !name.startsWith('.') && name !== 'filler').sort());
		},
		remember: async () => async () => virsh('pool-refresh', '--pool', pool).then(() => undefined),
	};
}

/** One qcow2 image with LUKS inside, and one that is encrypted as a whole. No file of the folder may hold in clear what the guest wrote. */
async function makeOnEncrypted(t: ExecutionContext, {folder}: {folder?: string} = {}): Promise<Stored> {
	const encrypted = await makeEncryptedDomain(t, {sizeMiB, folder});
	const {domain} = encrypted;
	return {
		domain,
		overlayFlags: [],
		readDisks: async xml => readDisks(xml),
		digest: async (imagePath, format) => digestEncrypted(encrypted, imagePath, format),
		writeOff: async (imagePath, pattern, slot, format) => writeEncrypted(encrypted, imagePath, {pattern, slot, format}),
		writeRunning: writeUnread,
		async expectPlaces(t) {
			for (const pattern of [0x11, 0x12, 0x13, 0x14, 0x15]) {
				t.deepEqual(await filesWith([domain.folder], Buffer.alloc(4096, pattern)), [], 'what the guest wrote, in clear');
			}
		},
		remember: async () => async () => undefined,
	};
}

/** One behind a TCP port, and one behind a UNIX socket. Their servers let in several clients, so that what they hold can be read while the domain runs. */
async function makeInNetwork(t: ExecutionContext, {folder}: {folder?: string} = {}): Promise<Stored> {
	const {domain, urls} = await makeNetworkDomain(t, sizeMiB);
	const stored = folder === undefined ? domain : {...domain, folder};
	return {
		...plain,
		writeRunning: writeUnread,
		domain: stored,
		overlayFlags: [`--overlay-folder=${stored.folder}`],
		readDisks: async xml => [...readDisks(xml), ...readNetworkDisks(xml)],
		expectPlaces: async t => expectServed(t, urls),
		async remember() {
			const copies = urls.map((url, index) => ({url, copy: path.join(domain.statePath, `served-${index}`)}));
			await Promise.all(copies.map(async ({url, copy}) => run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', url, copy])));
			return async () => {
				for (const {url, copy} of copies) {
					await run('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'raw', copy, url]);
				}
			};
		},
	};
}

export const storageKinds: StorageKind[] = [
	{name: 'files', make: makeOnFiles},
	{name: 'encrypted files', make: makeOnEncrypted},
	{name: 'block devices', make: makeOnDevices},
	{name: 'volumes of a pool', make: makeOnVolumes},
	{name: 'NBD servers', make: makeInNetwork},
];

async function digestDisks(stored: Stored, definitionXml: string): Promise<Digests> {
	const disks = await stored.readDisks(definitionXml);
	const inOrder = disks.sort((a, b) => a.target < b.target ? -1 : 1);
	return Object.fromEntries(await Promise.all(inOrder.map(async ({target, path: imagePath, format}) => [target, await stored.digest(imagePath, format)] as const)));
}

/** What the domain's disks hold now, by their target. */
export async function readHeld(stored: Stored): Promise<Digests> {
	return digestDisks(stored, await virsh('dumpxml', '--domain', stored.domain.uuid));
}

/** What each snapshot holds, read through the images that its record names; the current state under ''. */
export async function readAllHeld(stored: Stored): Promise<Record<string, Digests>> {
	const all: Record<string, Digests> = {'': await readHeld(stored)};
	for (const [name, xml] of await readRecords(stored.domain)) {
		const from = xml.indexOf('<domain ');
		all[name] = await digestDisks(stored, xml.slice(from, xml.indexOf('</domain>', from)));
	}

	return all;
}

/** Writes to both disks, whether the domain runs or not. Gives what they hold then. */
export async function markHeld(stored: Stored, pattern: number): Promise<Digests> {
	const {domain} = stored;
	if (await readState(domain) === 'shut off') {
		for (const disk of await stored.readDisks(await virsh('dumpxml', '--domain', domain.uuid))) {
			await stored.writeOff(disk.path, pattern, 3, disk.format);
		}
	} else {
		await stored.writeRunning(domain, pattern, 3);
	}

	return readHeld(stored);
}

/** The whole domain as it is now: definition, records, images. Gives what puts it back. */
export async function rememberAll(t: ExecutionContext, stored: Stored): Promise<() => Promise<void>> {
	const template = await makeTemplate(t, stored.domain);
	const putBack = await stored.remember();
	return async () => {
		await template.restore();
		await putBack();
	};
}
