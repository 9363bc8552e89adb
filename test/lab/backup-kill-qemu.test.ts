/**
Backups that are killed at every step, cancelled, out of room, or whose copier dies: nothing looks whole, nothing is left, and the next increment is right.
*/
import {readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {digestPoint, makeTarget, readManifests} from './backups.ts';
import {doBare, readRemains, runBare, startBare, markBareDisks, type BareDomain} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {fill, mountSmall} from './file-systems.ts';
import {readEvents, report, runProgram, type ProgramResult} from './program.ts';
import {lines, run, virsh} from './run.ts';
import {digestImage, readHeads} from './slots.ts';
import type {Digests} from './snapshots.ts';

test.before(startLab);

type OnOutput = (text: string, kill: (signal?: NodeJS.Signals) => void) => void;

/** A domain of either kind, and what there is to do and to see. */
type Backed = {
	name: string;
	folder: string;
	run: (args: string[], onOutput?: OnOutput) => Promise<ProgramResult>;
	mark: (mark: number) => Promise<Digests>;
	/** What should not be left of a backup: in QEMU, among the processes, in the images. */
	remains: () => Promise<string[]>;
	checkpoints: () => Promise<string[]>;
	killCopier: () => void;
	/** Its bitmaps are as they were, whatever becomes of the program that copies. */
	outlivesCopier: boolean;
};

async function readProcesses(): Promise<Array<{pid: number; command: string}>> {
	const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
	return Promise.all(pids.map(async pid => ({pid: Number(pid), command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')})));
}

const isDaemon = (command: string) => command.startsWith('qemu-storage-daemon');

const readDaemons = async (): Promise<string[]> => (await readProcesses()).map(({command}) => command).filter(command => isDaemon(command));

async function standalone(t: ExecutionContext): Promise<Backed> {
	const domain: BareDomain = await startBare(t);
	const {pid} = ((await readProcesses()).find(({command}) => command.includes(domain.socketPath))!);
	return {
		name: domain.name,
		folder: domain.folder,
		run: async (args, onOutput) => ({signal: null, ...await runBare(domain, args, (line, kill) => onOutput?.(line, kill))}),
		mark: async mark => markBareDisks(domain, mark),
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

async function off(t: ExecutionContext): Promise<Backed> {
	const domain: LabDomain = await makeDomain(t, {sizeMiB: 16});
	const checkpoints = async () => lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '');
	return {
		name: domain.name,
		folder: domain.folder,
		run: async (args, onOutput) => runProgram(domain, args, {...(onOutput && {onOutput})}),
		async mark(mark) {
			const heads = await readHeads(domain, {inactive: true});
			for (const head of heads.values()) {
				await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${mark} ${mark % 15}M 64k`, head]);
			}

			return Object.fromEntries(await Promise.all([...heads].map(async ([target, head]) => [target, await digestImage(head, 'qcow2')] as const)));
		},
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

const kinds = {'a running standalone QEMU': standalone, 'a domain that is off': off};

const backupArgs = (domain: Backed, folder: string, ...more: string[]) => ['backup', 'create', `--to=${folder}`, ...more, '--', domain.name];

async function backUp(t: ExecutionContext, domain: Backed, folder: string): Promise<void> {
	const made = await domain.run(backupArgs(domain, folder, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
}

/** As if the backup had never been begun: its files, its checkpoint and all that it made have gone. */
async function expectNothingLeft(t: ExecutionContext, domain: Backed, folder: string, before: {names: string[]; checkpoints: string[]}, where: string): Promise<void> {
	t.deepEqual(await readdir(folder), before.names, where);
	t.deepEqual(await domain.checkpoints(), before.checkpoints, where);
	t.deepEqual(await domain.remains(), [], where);
}

for (const [kind, make] of Object.entries(kinds)) {
	test.serial(`${kind}: killed at every step, its recovery leaves nothing, or the whole point, and the next increment is right`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		await domain.mark(2);
		const planned = await domain.run(backupArgs(domain, folder, '--dry-run', '--json'));
		const {steps} = JSON.parse(planned.stdout) as Plan;
		for (const {id, phase} of steps) {
			const before = {names: await readdir(folder), checkpoints: await domain.checkpoints()};
			const killed = await domain.run(backupArgs(domain, folder, '--yes', '--json', ...(kind === 'a domain that is off' ? [] : ['--rate=64k'])), (text, kill) => {
				if (text.replaceAll(' ', '').includes(`"step-started","step":"${id}"`)) {
					kill();
				}
			});
			t.is(killed.exitCode, null, id + report(killed));
			const recovered = await domain.run(['recover', '--roll-back', '--yes', '--json']);
			t.is(recovered.exitCode, 0, `${id} (${phase})${report(recovered)}`);
			await expectNothingLeft(t, domain, folder, before, `${id} (${phase})${report(recovered)}`);
		}

		const held = await domain.mark(3);
		await backUp(t, domain, folder);
		const manifests = await readManifests(folder);
		t.deepEqual(manifests.map(({disks}) => disks.map(({kind: copied}) => copied)), [['full', 'full'], ['incremental', 'incremental']]);
		t.deepEqual(await digestPoint(folder, manifests[1]!), held);
	});

	test.serial(`${kind}: cancelled in the midst, nothing is left`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		for (const mark of [2, 3, 4, 5, 6, 7]) {
			await domain.mark(mark);
		}

		const before = {names: await readdir(folder), checkpoints: await domain.checkpoints()};
		const cancelled = await domain.run(backupArgs(domain, folder, '--yes', '--json', '--rate=64k'), (text, kill) => {
			if (text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
				kill('SIGINT');
			}
		});
		t.not(cancelled.exitCode, 0, report(cancelled));
		t.like(readEvents(cancelled).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(cancelled));
		await expectNothingLeft(t, domain, folder, before, report(cancelled));
		const held = await domain.mark(8);
		await backUp(t, domain, folder);
		const [, second] = await readManifests(folder);
		t.deepEqual(await digestPoint(folder, second!), held);
	});

	test.serial(`${kind}: a target that is full in the midst ends it, and nothing is left`, async t => {
		const full = await mountSmall(t, 24);
		const domain = await make(t);
		await domain.mark(1);
		await backUp(t, domain, full);
		for (const mark of [2, 3, 4, 5, 6, 7]) {
			await domain.mark(mark);
		}

		const before = {names: await readdir(full), checkpoints: await domain.checkpoints()};
		let filling: Promise<void> | undefined;
		const failed = await domain.run(backupArgs(domain, full, '--yes', '--json', '--rate=64k'), text => {
			if (text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
				filling ??= fill(full);
			}
		});
		await filling;
		t.like(readEvents(failed).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(failed));
		t.regex(failed.stdout, /No space left on device/);
		await rm(path.join(full, 'filler'));
		await expectNothingLeft(t, domain, full, before, report(failed));
		const held = await domain.mark(8);
		await backUp(t, domain, full);
		const [, second] = await readManifests(full);
		t.deepEqual(second!.disks.map(({kind: copied}) => copied), ['incremental', 'incremental']);
		t.deepEqual(await digestPoint(full, second!), held);
	});

	test.serial(`${kind}: the program that copies is killed in the midst, and nothing is left`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		const held = await domain.mark(2);
		const names = await readdir(folder);
		let isKilled = false;
		const failed = await domain.run(backupArgs(domain, folder, '--yes', '--json', '--rate=16k'), text => {
			if (!isKilled && text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
				isKilled = true;
				domain.killCopier();
			}
		});
		t.like(readEvents(failed).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(failed));
		t.deepEqual(await readdir(folder), names);
		t.deepEqual(await readDaemons(), []);
		const made = await domain.run(backupArgs(domain, folder, '--yes', '--json'));
		t.is(made.exitCode, 0, report(made));
		const [, second] = await readManifests(folder);
		// A QEMU that is killed writes none of its bitmaps.
		t.deepEqual(second!.disks.map(({kind: copied}) => copied), domain.outlivesCopier ? ['incremental', 'incremental'] : ['full', 'full']);
		t.deepEqual(await digestPoint(folder, second!), held);
	});
}

test.serial('a domain that is off: a full backup that is cancelled in the midst ends qemu-img, and nothing is left', async t => {
	const domain = await off(t);
	const folder = await makeTarget(t, domain);
	for (const mark of [2, 3, 4, 5, 6, 7]) {
		await domain.mark(mark);
	}

	const startedAt = performance.now();
	const cancelled = await domain.run(backupArgs(domain, folder, '--yes', '--json', '--rate=8k'), (text, kill) => {
		if (text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
			kill('SIGINT');
		}
	});
	t.like(readEvents(cancelled).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(cancelled));
	t.true(performance.now() - startedAt < 30_000);
	await expectNothingLeft(t, domain, folder, {names: [], checkpoints: []}, report(cancelled));
});
