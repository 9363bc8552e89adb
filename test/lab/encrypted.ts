/** Encrypted images, with the passphrase "secret" unless another is given, and domains on them. */
import {Buffer} from 'node:buffer';
import {randomBytes, randomUUID} from 'node:crypto';
import {readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {
	defineXml, domainXml, makeDomain, readState, withFile, type LabDomain,
} from './domains.ts';
import {attempt, attemptVirsh, run, virsh} from './run.ts';
import {imagesPath} from './settings.ts';
import {digestFile, readHeads, writeUnread} from './slots.ts';
import {readDisks} from './xml-text.ts';

/** On a busy machine qemu-img may fail to time its own work ("Unable to get accurate CPU usage", seen on 7.2); then it is tried again. Throws where it fails otherwise. */
export async function createEncrypted(imagePath: string, format: 'qcow2' | 'luks', {passphrase = 'secret', sizeMiB = 16} = {}): Promise<void> {
	const prefix = format === 'qcow2' ? 'encrypt.' : '';
	const options = [...(format === 'qcow2' ? ['encrypt.format=luks'] : []), `${prefix}key-secret=key`, `${prefix}iter-time=10`].join(',');
	for (;;) {
		const made = await attempt('qemu-img', ['create', '-q', '-f', format, '--object', `secret,id=key,data=${passphrase}`, '-o', options, imagePath, `${sizeMiB}M`]);
		if (made.exitCode === 0) {
			return;
		}

		if (!made.stderr.includes('accurate CPU usage')) {
			throw new Error(made.stderr);
		}
	}
}

export type EncryptedDomain = {domain: LabDomain; passphrase: string; secret: string};

export async function defineSecret(secret: string, name: string, {isPrivate = false}: {isPrivate?: boolean} = {}): Promise<void> {
	await withFile(`<secret ephemeral='no' private='${isPrivate ? 'yes' : 'no'}'><uuid>${secret}</uuid><usage type='volume'><volume>${name}</volume></usage></secret>`, async file => virsh('secret-define', file));
}

export async function setSecret(secret: string, passphrase: string): Promise<void> {
	await attemptVirsh('secret-set-value', secret, Buffer.from(passphrase).toString('base64'));
}

/** Two disks, vda of them qcow2 with LUKS inside and vdb encrypted as a whole, with one secret. */
export async function makeEncryptedDomain(t: ExecutionContext, {isNamedByUsage = false, folder, sizeMiB}: {isNamedByUsage?: boolean; folder?: string; sizeMiB?: number} = {}): Promise<EncryptedDomain> {
	const domain = await makeDomain(t, {...(folder && {folder}), ...(sizeMiB && {sizeMiB})});
	const [secret, passphrase] = [randomUUID(), `pass${randomBytes(8).toString('hex')}`];
	await defineSecret(secret, domain.name);
	t.teardown(async () => attemptVirsh('secret-undefine', secret));
	await setSecret(secret, passphrase);
	const encryption = `<encryption format='luks'><secret type='passphrase' ${isNamedByUsage ? `usage='${domain.name}'` : `uuid='${secret}'`}/></encryption>`;
	let xml = domainXml(domain);
	for (const {target, path: imagePath, format} of domain.disks) {
		await rm(imagePath);
		await createEncrypted(imagePath, target === 'vda' ? 'qcow2' : 'luks', {passphrase, sizeMiB});
		const named = `type='${format}'/>\n<source file='${imagePath}'`;
		xml = xml.replace(`${named}/>`, `${target === 'vda' ? named : named.replace('qcow2', 'raw')}>${encryption}</source>`);
	}

	await defineXml(xml);
	return {domain, passphrase, secret};
}

type Node = {driver: string; file: {driver: string; filename: string}; 'key-secret'?: 'key'; encrypt?: {'key-secret': 'key'}; backing?: Node};

/** The chain of an image as QEMU opens it with a key; raw for what is encrypted as a whole. */
export async function openChain(imagePath: string, format: string): Promise<string> {
	const info = JSON.parse(await run('qemu-img', ['info', '-U', '--backing-chain', '--output=json', '-f', format === 'raw' ? 'luks' : format, imagePath])) as Array<{filename: string; format: string; encrypted?: boolean}>;
	let chain: Node | undefined;
	for (const layer of info.toReversed()) {
		const key = layer.format === 'luks' ? {'key-secret': 'key' as const} : {encrypt: {'key-secret': 'key' as const}};
		chain = {driver: layer.format, file: {driver: 'file', filename: layer.filename}, ...(layer.encrypted && key), ...(chain && {backing: chain})};
	}

	return `json:${JSON.stringify(chain)}`;
}

export const keyOf = (passphrase: string) => ['--object', `secret,id=key,data=${passphrase}`];

/** Of the domain that is made here: what is encrypted as a whole is raw for libvirt. */
const formatOf = (imagePath: string) => imagePath.endsWith('vdb.qcow2') ? 'raw' : 'qcow2';

/** Digest of all that the guest reads from this image. */
export async function digestEncrypted({passphrase}: EncryptedDomain, imagePath: string, format = formatOf(imagePath)): Promise<string> {
	const rawPath = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.raw`);
	try {
		await run('qemu-img', ['convert', '-U', ...keyOf(passphrase), '-O', 'raw', await openChain(imagePath, format), rawPath]);
		return await digestFile(rawPath);
	} finally {
		await rm(rawPath, {force: true});
	}
}

export async function digestHeadsOf(on: EncryptedDomain): Promise<Record<string, string>> {
	return Object.fromEntries(await Promise.all([...await readHeads(on.domain)].map(async ([target, head]) => [target, await digestEncrypted(on, head)] as const)));
}

/** What each snapshot froze. */
export async function digestFrozen(on: EncryptedDomain, name: string): Promise<Record<string, string>> {
	const xml = await virsh('snapshot-dumpxml', '--domain', on.domain.uuid, '--snapshotname', name);
	return Object.fromEntries(await Promise.all(readDisks(xml.slice(xml.indexOf('<domain'))).map(async ({target, path: imagePath}) => [target, await digestEncrypted(on, imagePath)] as const)));
}

/** Writes 64 KiB into an image of a domain that is off. */
export async function writeEncrypted({passphrase}: EncryptedDomain, imagePath: string, {pattern, slot, format = formatOf(imagePath)}: {pattern: number; slot: number; format?: string}): Promise<void> {
	await run('qemu-io', [...keyOf(passphrase), '-c', `write -q -P ${pattern} ${slot + 1}M 64k`, await openChain(imagePath, format)]);
}

/** Writes as the guest does, into both disks, and gives what they hold. */
export async function markEncrypted(on: EncryptedDomain, pattern: number, slot = 3): Promise<Record<string, string>> {
	const {domain} = on;
	if (await readState(domain) === 'shut off') {
		for (const [, head] of await readHeads(domain)) {
			await writeEncrypted(on, head, {pattern, slot});
		}
	} else {
		await writeUnread(domain, pattern, slot);
	}

	return digestHeadsOf(on);
}

/** The files below these folders that hold the bytes. */
export async function filesWith(folders: string[], bytes: Buffer): Promise<string[]> {
	const found: string[] = [];
	for (const folder of folders) {
		for (const entry of await readdir(folder, {recursive: true, withFileTypes: true})) {
			const filePath = path.join(entry.parentPath, entry.name);
			if (entry.isFile() && (await readFile(filePath)).includes(bytes)) {
				found.push(filePath);
			}
		}
	}

	return found;
}
