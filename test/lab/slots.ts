/**
Known bytes on disks. A slot is the 64 KiB at (slot + 1) MiB: the first MiB stays free for the boot sector. Also tells what a disk holds as a whole.
*/
import type {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import {run, virsh, virshAll} from './run.ts';
import {imagesPath} from './settings.ts';
import {readDisks} from './xml-text.ts';

function offset(slot: number): string {
	return `${slot + 1}M`;
}

/** Writes to an image that no domain has open. */
export async function writeOffline(imagePath: string, pattern: number, slot: number, format = formatOf(imagePath)): Promise<void> {
	await run('qemu-io', ['-f', format, '-c', `write -q -P ${pattern} ${offset(slot)} 64k`, imagePath]);
}

/** The first byte of a slot, read through the image's whole chain; also while a domain runs on it. */
export async function readSlot(imagePath: string, slot: number, format = formatOf(imagePath)): Promise<number> {
	const text = await run('qemu-io', ['-U', '-r', '-f', format, '-c', `read -v ${offset(slot)} 512`, imagePath]);
	const match = /^[\da-f]+: {2}(?<byte>[\da-f]{2})/m.exec(text);
	if (!match?.groups?.byte) {
		throw new Error(`${imagePath}: ${text}`);
	}

	return Number.parseInt(match.groups.byte, 16);
}

/** Digest of a file's own bytes. Read piece by piece: every program that a large process starts costs as much as its memory is large. */
export async function digestFile(filePath: string): Promise<string> {
	const hash = createHash('sha256');
	for await (const piece of createReadStream(filePath)) {
		hash.update(piece as Buffer);
	}

	return hash.digest('hex').slice(0, 16);
}

/** Digest of all that a guest would read from this image. */
export async function digestImage(imagePath: string, format = formatOf(imagePath)): Promise<string> {
	const rawPath = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.raw`);
	try {
		await run('qemu-img', ['convert', '-U', '-f', format, '-O', 'raw', imagePath, rawPath]);
		return await digestFile(rawPath);
	} finally {
		await rm(rawPath, {force: true});
	}
}

/** Which file each disk writes to: of the running domain, or of the next start. Empty drives are left out. */
export async function readHeads(domain: {uuid: string}, options: {inactive?: boolean} = {}): Promise<Map<string, string>> {
	const xml = await virsh('dumpxml', '--domain', domain.uuid, ...(options.inactive ? ['--inactive'] : []));
	return new Map(readDisks(xml).map(disk => [disk.target, disk.path]));
}

/** The lab's raw images say so by their names; everything else is qcow2. */
export function formatOf(imagePath: string): string {
	return /\.(?:raw|iso)$/.test(imagePath) ? 'raw' : 'qcow2';
}

/** Digest of each of the disks that the domain writes to: `{vda: …, vdb: …}`. */
export async function digestHeads(domain: {uuid: string}): Promise<Record<string, string>> {
	return digestAll([...await readHeads(domain)]);
}

/** Digest of each of these, by its name. */
export async function digestAll(heads: ReadonlyArray<readonly [string, string]>): Promise<Record<string, string>> {
	const digests = await Promise.all(heads.map(async ([target, headPath]) =>
		[target, await digestImage(headPath)] as const));
	return Object.fromEntries(digests);
}

/** `mebibytes`: as much from the beginning of the slot on, instead of the slot. */
export type SlotWrite = {target: string; pattern: number; slot: number; mebibytes?: number};

/** Writes as the guest would: through the devices of the running domain, so that permissions, overlays and bitmaps act. */
export async function writeLive(domain: {uuid: string}, writes: readonly SlotWrite[]): Promise<void> {
	const xml = await virsh('dumpxml', '--domain', domain.uuid);
	const parts = xml.split('<disk ');
	const commands = writes.flatMap(({target, pattern, slot, mebibytes}) => {
		const alias = /<alias name='(?<name>[^']+)'/.exec(parts.find(part => part.includes(`<target dev='${target}'`)) ?? '')?.groups?.name;
		if (!alias) {
			throw new Error(`${target}: no such disk in the running domain`);
		}

		return [`write -P ${pattern} ${offset(slot)} ${mebibytes === undefined ? '64k' : `${mebibytes}M`}`, 'flush'].map(command => `qemu-io -d /machine/peripheral/${alias}/virtio-backend "${command}"`);
	});
	await virshAll(commands.map(command => ['qemu-monitor-command', '--hmp', '--domain', domain.uuid, '--cmd', command]));
	// QEMU answers into the domain's log only, so the writes are proven on the files.
	const heads = new Map(readDisks(xml).map(disk => [disk.target, disk.path]));
	for (const {target, pattern, slot} of writes) {
		const found = await readSlot(heads.get(target)!, slot);
		if (found !== pattern) {
			throw new Error(`${target}, slot ${slot}: ${found} is there and not ${pattern}`);
		}
	}
}

/** Writes 64 KiB into both disks as the guest does. Nothing is read back: that may take a key, or a server that lets in one client. */
export async function writeUnread(domain: {uuid: string}, pattern: number, slot: number): Promise<void> {
	const commands = [`write -q -P ${pattern} ${slot + 1}M 64k`, 'flush'];
	await virshAll(['virtio-disk0', 'virtio-disk1'].flatMap(alias => commands.map(command =>
		['qemu-monitor-command', '--hmp', '--domain', domain.uuid, '--cmd', `qemu-io -d /machine/peripheral/${alias}/virtio-backend "${command}"`])));
}

/** Names of the internal snapshots inside an image. */
export async function readTags(imagePath: string): Promise<string[]> {
	const text = await run('qemu-img', ['info', '-U', '--output=json', '-f', 'qcow2', imagePath]);
	const {snapshots} = JSON.parse(text) as {snapshots?: Array<{name: string}>};
	return (snapshots ?? []).map(snapshot => snapshot.name);
}
