/**
Domains with a real Linux guest, made of Debian's packages: it counts in a file on each of its disks without ever flushing it, and has QEMU's guest agent. A file system whose journal
need not be replayed was frozen or unmounted at that moment; that of a guest that runs always has to be.
*/
import {copyFile, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {
	makeDomain, start, type DomainOptions, type LabDomain,
} from './domains.ts';
import {
	attempt, attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {labFolderPath} from './settings.ts';

/** Where kernel and initramfs are kept between runs. */
const keptPath = process.env.VSNAP_LAB_GUEST ?? '/var/cache/vsnap-lab-guest';

/** To be called once before guests are made. Needs the network the first time. */
export async function prepareGuests(): Promise<void> {
	await run(path.join(labFolderPath, 'guest.sh'), [keptPath], {timeoutMs: 300_000});
}

const consolePath = ({folder}: LabDomain) => path.join(folder, 'console.log');

/** Makes a running guest, with an ext4 on each disk, that counts and whose agent answers. */
export async function startGuest(t: ExecutionContext, options: DomainOptions = {}): Promise<LabDomain> {
	const domain = await makeDomain(t, {
		diskCount: 2,
		sizeMiB: 32,
		memoryMiB: 192,
		osXml: folder => `<kernel>${folder}/vmlinuz</kernel><initrd>${folder}/initrd</initrd><cmdline>console=ttyS0 quiet panic=-1</cmdline>`,
		devicesXml: folder => `<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><serial type='file'><source path='${folder}/console.log'/></serial>`,
		...options,
	});
	for (const file of ['vmlinuz', 'initrd']) {
		await copyFile(path.join(keptPath, file), path.join(domain.folder, file));
	}

	for (const disk of domain.disks) {
		await inRaw(domain, async raw => {
			await run('truncate', ['-s', '32M', raw]);
			await run('mkfs.ext4', ['-q', '-F', raw]);
			await run('qemu-img', ['convert', '-n', '-f', 'raw', '-O', disk.format, raw, disk.path]);
		});
	}

	await startAgain(domain);
	return domain;
}

/** Of a guest that is off: until it counts on each disk and its agent answers. */
export async function startAgain(domain: LabDomain): Promise<void> {
	await start(domain);
	await waitFor('the guest counts', async () => {
		const counts = await readCounts(domain);
		return domain.disks.every(({target}) => counts[target] !== undefined);
	}, 90_000);
	await waitFor('the agent answers', async () => (await attemptVirsh('qemu-agent-command', domain.uuid, '{"execute":"guest-ping"}')).exitCode === 0, 60_000);
}

/** The last number that the guest has told for each disk since it started. */
export async function readCounts(domain: LabDomain): Promise<Record<string, number>> {
	const text = await readFile(consolePath(domain), 'latin1').catch(() => '');
	return Object.fromEntries([...text.matchAll(/^(vd[a-z]) (\d+)\r?$/gm)].map(([, target, count]) => [target!, Number(count)]));
}

/** Waits until the guest writes on each disk: none of its file systems is frozen. */
export async function expectWriting(domain: LabDomain): Promise<void> {
	const before = await readCounts(domain);
	await waitFor('the guest goes on writing', async () => {
		const now = await readCounts(domain);
		return domain.disks.every(({target}) => (now[target] ?? 0) > (before[target] ?? 0) + 2);
	});
}

/** What the agent says of its file systems. */
export async function readFreeze({uuid}: LabDomain): Promise<'frozen' | 'thawed'> {
	return (JSON.parse(await virsh('qemu-agent-command', uuid, '{"execute":"guest-fsfreeze-status"}')) as {return: 'frozen' | 'thawed'}).return;
}

async function inRaw<T>({folder}: LabDomain, use: (raw: string) => Promise<T>): Promise<T> {
	const raw = path.join(folder, `.ext4-${Math.random().toString(36).slice(2)}`);
	try {
		return await use(raw);
	} finally {
		await rm(raw, {force: true});
	}
}

export type FileSystem = {/** Its journal has to be replayed first: the power was cut. */ isDirty: boolean; /** By a check that changes nothing. */ isClean: boolean; count: number};

/** What the ext4 on an image holds, through its chain; also while something above it is written. */
export async function readFileSystem(domain: LabDomain, image: string): Promise<FileSystem> {
	return inRaw(domain, async raw => {
		await run('qemu-img', ['convert', '-U', '-O', 'raw', image, raw]);
		const header = await run('dumpe2fs', ['-h', raw]);
		const check = await attempt('e2fsck', ['-f', '-n', raw]);
		const text = await run('debugfs', ['-R', 'cat /count', raw]);
		return {isDirty: /^Filesystem features:.* needs_recovery/m.test(header), isClean: check.exitCode === 0, count: Number(text)};
	});
}
