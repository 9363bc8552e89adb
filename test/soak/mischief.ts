/**
What may happen to a host while an action runs: programs are killed, the disk is full, permission is lost, somebody else works on the same domain. Each begins at
some moment, and gives the function that ends it.
*/
import {chmod, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {startLab} from '../lab/daemons.ts';
import type {LabDomain} from '../lab/domains.ts';
import {fill, makeReadOnly, makeWritable} from '../lab/file-systems.ts';
import {runProgram} from '../lab/program.ts';
import {
	attempt, attemptVirsh, lines, waitFor,
} from '../lab/run.ts';
import {imagesPath} from '../lab/settings.ts';

export type Scene = {
	domain: LabDomain;
	/** Of the run that is disturbed. */
	pid: number;
	/** A name for a snapshot that somebody else makes. */
	otherName: string;
};

export type Mischief = {
	what: string;
	/** Somebody else makes a snapshot or changes the power state: then the action may see it at any moment. */
	isOther?: true;
	begin(scene: Scene): Promise<(() => Promise<unknown>) | void>;
};

function kill(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(pid, signal);
	} catch {
		// It has ended by itself.
	}
}

async function childrenOf(pid: number): Promise<number[]> {
	const {stdout} = await attempt('pgrep', ['-P', String(pid)]);
	return lines(stdout).map(Number);
}

async function killChildren(pid: number): Promise<void> {
	for (const child of await childrenOf(pid)) {
		kill(child, 'SIGKILL');
	}
}

const isRoot = process.getuid?.() === 0;

export const mischiefs: Mischief[] = [
	{what: 'nothing', begin: async () => undefined},
	{
		what: 'the program is killed',
		async begin({pid}) {
			kill(pid, 'SIGKILL');
		},
	},
	{
		what: 'the program and all that it started are killed',
		async begin({pid}) {
			const children = await childrenOf(pid);
			for (const each of [pid, ...children]) {
				kill(each, 'SIGKILL');
			}
		},
	},
	{
		what: 'what the program started is killed',
		async begin({pid}) {
			await killChildren(pid);
		},
	},
	{
		what: 'the program is told to end',
		async begin({pid}) {
			kill(pid, 'SIGTERM');
		},
	},
	{
		what: 'libvirtd is killed',
		async begin() {
			await attempt('pkill', ['-9', '-U', String(process.getuid!()), '-x', 'libvirtd']);
			await setTimeout(300);
			await startLab();
			return startLab;
		},
	},
	{
		what: 'the guest is killed',
		async begin({domain}) {
			await attempt('pkill', ['-9', '-f', `qemu-system.*${domain.uuid}`]);
		},
	},
	{
		what: 'the disk is full',
		async begin() {
			await fill(imagesPath);
			return async () => rm(path.join(imagesPath, 'filler'), {force: true});
		},
	},
	{
		what: 'permission is lost',
		async begin({domain}) {
			// To root no mode of a folder says no; a file system that is in use refuses to become read-only.
			if (isRoot) {
				await makeReadOnly(imagesPath).catch(() => undefined);
				return async () => makeWritable(imagesPath);
			}

			await chmod(domain.folder, 0o555);
			return async () => chmod(domain.folder, 0o755);
		},
	},
	{
		what: 'a second run of the program',
		isOther: true,
		begin: async ({domain, otherName}) => runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, otherName]).then(() => undefined),
	},
	{
		what: 'virsh takes a snapshot',
		isOther: true,
		begin: async ({domain, otherName}) => attemptVirsh('snapshot-create-as', '--domain', domain.uuid, '--name', otherName, '--disk-only').then(() => undefined),
	},
	{
		what: 'virsh starts the domain',
		isOther: true,
		begin: async ({domain}) => attemptVirsh('start', '--domain', domain.uuid).then(() => undefined),
	},
	{
		what: 'virsh powers the domain off',
		isOther: true,
		begin: async ({domain}) => attemptVirsh('destroy', '--domain', domain.uuid).then(() => undefined),
	},
];

/** Until no command of an ended run is at work on the images. */
export async function waitForCommands(domain: LabDomain): Promise<void> {
	await waitFor('the commands of the run have ended', async () => {
		const {stdout} = await attempt('pgrep', ['-f', `^(qemu-img|qemu-io|cp|dd|virsh).*(${domain.folder}|${domain.uuid})`]);
		return stdout.trim() === '';
	}, 120_000);
}
