/**
Makes the lab's domains: BIOS only, 64 MiB, a few small qcow2 disks with known bytes, and a boot sector that counts. Everything that is made here
goes away with the test that made it.
*/
import {randomBytes, randomUUID} from 'node:crypto';
import {
	chmod, mkdir, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {writeBootSector} from './memory-counter.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {domainPrefix, imagesPath} from './settings.ts';
import {writeOffline} from './slots.ts';
import {escapeXml} from './xml-text.ts';

export type LabDisk = {target: string; path: string; format: 'qcow2' | 'raw'};

export type LabDomain = {
	name: string;
	uuid: string;
	/** Where its images are; all of them, and nothing of another domain. */
	folder: string;
	disks: LabDisk[];
	/** The program's private folder for this test. */
	statePath: string;
};

export type DomainOptions = {
	diskCount?: number;
	sizeMiB?: number;
	/** What the name begins and ends with; the lab's own prefix within keeps it apart from real domains. */
	nameHead?: string;
	nameTail?: string;
	description?: string;
	/** What the names of the image files begin with, where nobody else's may be taken for them. */
	filePrefix?: string;
	/** A folder that exists already, such as a mounted file system. */
	folder?: string;
	/** More XML within `<os>`. */
	osXml?: (folder: string) => string;
	/** More XML within `<devices>`. */
	devicesXml?: string | ((folder: string) => string);
	/** 64 without it. */
	memoryMiB?: number;
	/** Attributes of `<disk>`, by target: `snapshot='no'`. */
	diskAttributes?: Record<string, string>;
	formats?: Record<string, 'qcow2' | 'raw'>;
};

export function domainXml(domain: Omit<LabDomain, 'statePath'>, options: DomainOptions = {}): string {
	const disks = domain.disks.map(disk => `
<disk type='file' device='disk' ${options.diskAttributes?.[disk.target] ?? ''}><driver name='qemu' type='${disk.format}'/>
<source file='${escapeXml(disk.path)}'/><target dev='${disk.target}' bus='virtio'/></disk>`).join('');
	const more = typeof options.devicesXml === 'function' ? options.devicesXml(domain.folder) : options.devicesXml;
	return `<domain type='qemu'><name>${escapeXml(domain.name)}</name><uuid>${domain.uuid}</uuid>
${options.description === undefined ? '' : `<description>${escapeXml(options.description)}</description>`}
<memory unit='MiB'>${options.memoryMiB ?? 64}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/>${options.osXml?.(domain.folder) ?? ''}</os><features><acpi/></features>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${disks}${more ?? ''}
<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`;
}

/** A file that virsh reads; virsh may run in a chroot that shares the images' folder, so it stands there. */
export async function withFile<T>(text: string, use: (filePath: string) => Promise<T>): Promise<T> {
	const filePath = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.xml`);
	await writeFile(filePath, text, {mode: 0o600});
	try {
		return await use(filePath);
	} finally {
		await rm(filePath, {force: true});
	}
}

export async function defineXml(xml: string): Promise<void> {
	await withFile(xml, async filePath => virsh('define', filePath));
}

/** A shut off domain whose disks hold 0xB0 in slot 0. Goes away when the test ends. */
export async function makeDomain(t: Pick<ExecutionContext, 'teardown'>, options: DomainOptions = {}): Promise<LabDomain> {
	const id = `${domainPrefix}${randomBytes(4).toString('hex')}`;
	const folder = options.folder ?? path.join(imagesPath, id);
	const disks = [...'abcdef'].slice(0, options.diskCount ?? 2).map((letter): LabDisk => {
		const format = options.formats?.[`vd${letter}`] ?? 'qcow2';
		return {target: `vd${letter}`, path: path.join(folder, `${options.filePrefix ?? ''}vd${letter}.${format}`), format};
	});
	const domain: LabDomain = {
		name: `${options.nameHead ?? ''}${id}${options.nameTail ?? ''}`, uuid: randomUUID(), folder, disks,
		statePath: await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}state-`)),
	};
	t.teardown(async () => removeDomain(domain));
	await mkdir(folder, {recursive: true});
	await chmod(folder, 0o755);
	for (const disk of disks) {
		await run('qemu-img', ['create', '-q', '-f', disk.format, disk.path, `${options.sizeMiB ?? 16}M`]);
		await writeOffline(disk.path, 0xB0, 0, disk.format);
	}

	if (disks[0]) {
		await writeBootSector(disks[0].path, disks[0].format);
	}

	await defineXml(domainXml(domain, options));
	return domain;
}

/** Never throws: it also runs after a test that left half of it. */
export async function removeDomain(domain: LabDomain): Promise<void> {
	// One virsh for all: each goes on after the one before has failed.
	await attemptVirsh(`destroy ${domain.uuid}; managedsave-remove ${domain.uuid}; undefine ${domain.uuid} --snapshots-metadata --checkpoints-metadata --nvram`);
	const marks = await attemptVirsh('secret-list');
	for (const [, secret] of marks.stdout.matchAll(new RegExp(String.raw`^\s*(\S+)\s+tls vsnap-tui/${domain.uuid}`, 'gm'))) {
		await attemptVirsh('secret-undefine', secret!);
	}

	await rm(domain.folder, {recursive: true, force: true}).catch(() => undefined);
	await rm(domain.statePath, {recursive: true, force: true}).catch(() => undefined);
}

export async function readState(domain: LabDomain): Promise<string> {
	const text = await virsh('domstate', '--domain', domain.uuid);
	return text.trim();
}

export async function start(domain: LabDomain): Promise<void> {
	await virsh('start', '--domain', domain.uuid);
}

export async function stop(domain: LabDomain): Promise<void> {
	await attemptVirsh('destroy', '--domain', domain.uuid);
}
