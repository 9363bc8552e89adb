/**
Domains of each kind that a backup can be made of, with what there is to do and to see around one.
*/
import {readdir, readFile} from 'node:fs/promises';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {readCheckpointNames} from './backups.ts';
import {
	doBare, readRemains, runBare, startBare, markBareDisks, type BareDomain,
} from './bare-domain.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {runProgram, type ProgramResult} from './program.ts';
import {
	attemptVirsh, lines, run, virsh,
} from './run.ts';
import {digestImage, readHeads, writeLive} from './slots.ts';
import {markLive, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

export type OnOutput = (text: string, kill: (signal?: NodeJS.Signals) => void) => void;

/** A domain of any kind, and what there is to do and to see. */
export type Backed = {
	name: string;
	folder: string;
	run: (args: string[], onOutput?: OnOutput) => Promise<ProgramResult>;
	/** Writes to each disk, 64 KiB or so many MiB. */
	mark: (mark: number, mebibytes?: number) => Promise<Digests>;
	/** An option of `backup create` that makes it slow enough to be met at its half. */
	slowFlag: string;
	/** How much is written so that its half can be met. */
	slowMebibytes: number;
	/** What should not be left of a backup: in QEMU, among the processes, in the images. */
	remains: () => Promise<string[]>;
	checkpoints: () => Promise<string[]>;
	killCopier: () => unknown;
	/** Its bitmaps are as they were, whatever becomes of the program that copies. */
	outlivesCopier: boolean;
};

async function readProcesses(): Promise<Array<{pid: number; command: string}>> {
	const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
	return Promise.all(pids.map(async pid => ({pid: Number(pid), command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')})));
}

const isDaemon = (command: string) => command.startsWith('qemu-storage-daemon');

export const readDaemons = async (): Promise<string[]> => (await readProcesses()).map(({command}) => command).filter(command => isDaemon(command));

export async function standalone(t: ExecutionContext): Promise<Backed> {
	const domain: BareDomain = await startBare(t);
	const {pid} = ((await readProcesses()).find(({command}) => command.includes(domain.socketPath))!);
	return {
		name: domain.name,
		folder: domain.folder,
		run: async (args, onOutput) => ({signal: null, ...await runBare(domain, args, (line, kill) => onOutput?.(`${line}\n`, kill))}),
		mark: async (mark, mebibytes) => markBareDisks(domain, mark, mebibytes),
		slowFlag: '--rate=1M',
		slowMebibytes: 2,
		remains: async () => readRemains(domain),
		async checkpoints() {
			const {checkpoints} = JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', domain.name)) as {checkpoints: Array<{name: string}>};
			return checkpoints.map(({name}) => name);
		},
		killCopier: () => process.kill(pid, 'SIGKILL'),
		outlivesCopier: false,
	};
}

type Info = {'format-specific'?: {data: {bitmaps?: Array<{name: string}>}}};

export async function off(t: ExecutionContext): Promise<Backed> {
	const domain: LabDomain = await makeDomain(t, {sizeMiB: 16});
	const checkpoints = async () => lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '');
	return {
		name: domain.name,
		folder: domain.folder,
		run: async (args, onOutput) => runProgram(domain, args, {...(onOutput && {onOutput})}),
		async mark(mark, mebibytes) {
			const heads = await readHeads(domain, {inactive: true});
			for (const head of heads.values()) {
				await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${mark} ${mebibytes === undefined ? `${mark % 15}M 64k` : `1M ${mebibytes}M`}`, head]);
			}

			return Object.fromEntries(await Promise.all([...heads].map(async ([target, head]) => [target, await digestImage(head, 'qcow2')] as const)));
		},
		slowFlag: '--rate=2M',
		slowMebibytes: 4,
		async remains() {
			const known = await checkpoints();
			const heads = await readHeads(domain, {inactive: true});
			const infos = await Promise.all([...heads.values()].map(async head => JSON.parse(await run('qemu-img', ['info', '--output=json', '-f', 'qcow2', head])) as Info));
			const bitmaps = infos.flatMap(info => info['format-specific']?.data.bitmaps ?? []).map(({name}) => name);
			return [...await readDaemons(), ...bitmaps.filter(name => !known.includes(name))];
		},
		checkpoints,
		killCopier() {
			void (async () => {
				for (const {pid} of (await readProcesses()).filter(({command}) => isDaemon(command))) {
					process.kill(pid, 'SIGKILL');
				}
			})();
		},
		outlivesCopier: true,
	};
}

export async function running(t: ExecutionContext): Promise<Backed> {
	const domain: LabDomain = await makeDomain(t, {sizeMiB: 260, diskCount: 1});
	await start(domain);
	return {
		name: domain.name,
		folder: domain.folder,
		run: async (args, onOutput) => runProgram(domain, args, {...(onOutput && {onOutput})}),
		async mark(mark, mebibytes) {
			if (mebibytes !== undefined) {
				await writeLive(domain, [{target: 'vda', pattern: mark, slot: 0, mebibytes}]);
			}

			return markLive(domain, mark);
		},
		slowFlag: '--rate=16M',
		slowMebibytes: 250,
		async remains() {
			const jobs = await virsh('qemu-monitor-command', '--domain', domain.uuid, '--cmd', '{"execute":"query-jobs"}');
			const {stderr} = await attemptVirsh('backup-dumpxml', domain.uuid);
			return [...((JSON.parse(jobs) as {return: Array<{id: string}>}).return).map(({id}) => id), ...stderr.includes('no domain backup job present') ? [] : ['a backup job'], ...await readStrays(domain)];
		},
		checkpoints: async () => readCheckpointNames(domain),
		async killCopier() {
			process.kill(Number(await readFile(`/run/libvirt/qemu/${domain.name}.pid`, 'utf8')), 'SIGKILL');
		},
		outlivesCopier: false,
	};
}
