/**
Incremental backups of one domain, side by side: a disk of 1 GiB, of which 64 MiB in 1,000 places have changed. Each way five times, in turn; medians, and their ratios
beside what they may be. Needs root and the programs of the lab (test/lab/install.sh).

Usage: npm run bench:backup
*/
import {mkdir, readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {startLab} from '../test/lab/daemons.ts';
import {makeDomain, start, stop, withFile, type LabDomain} from '../test/lab/domains.ts';
import {readEvents, report, runProgram} from '../test/lab/program.ts';
import {run, virsh, virshAll} from '../test/lab/run.ts';

const repetitions = 5;
const extents = 1000;
const sizeMiB = 1024;

const endings: Array<() => unknown> = [];
const context = {
	teardown(end: () => unknown) {
		endings.unshift(end);
	},
};

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function timed(work: () => Promise<unknown>): Promise<number> {
	const startedAt = performance.now();
	await work();
	return performance.now() - startedAt;
}

/** Half of the disk holds data, so that what has changed lies within it. */
async function fill(image: string): Promise<void> {
	await run('qemu-io', ['-f', 'qcow2', ...Array.from({length: 8}, (_, index) => ['-c', `write -q -P ${index + 1} ${index * 128}M 64M`]).flat(), image]);
}

/** As the guest would: 64 KiB at every full MiB and a bit. */
async function change({uuid}: LabDomain): Promise<void> {
	const xml = await virsh('dumpxml', '--domain', uuid);
	const alias = /<alias name='(?<name>virtio-disk0)'/.exec(xml)!.groups!.name!;
	const commands = Array.from({length: extents}, (_, index) => `qemu-io -d /machine/peripheral/${alias}/virtio-backend "write -P 99 ${(index * 1024) + 128}k 64k"`);
	// A command line holds no more.
	for (let at = 0; at < commands.length; at += 100) {
		await virshAll(commands.slice(at, at + 100).map(command => ['qemu-monitor-command', '--hmp', '--domain', uuid, '--cmd', command]));
	}
}

/** Plain libvirt: begin, and ask until it is over. */
async function plain(domain: LabDomain, file: string): Promise<number> {
	await rm(file, {force: true});
	const xml = `<domainbackup mode='push'><incremental>base</incremental><disks><disk name='vda' type='file'><target file='${file}'/><driver type='qcow2'/></disk></disks></domainbackup>`;
	return withFile(xml, async backup => timed(async () => {
		await virsh('backup-begin', domain.uuid, '--backupxml', backup);
		while (!(await virsh('domjobinfo', domain.uuid)).includes('None')) {
			// Asked at once again.
		}
	}));
}

/** `wholeMs`: from the command to the manifest; `copyMs`: the steps that begin the job and wait for it. */
async function ours(domain: LabDomain, folder: string): Promise<{wholeMs: number; copyMs: number}> {
	let copyMs = 0;
	const wholeMs = await timed(async () => {
		const result = await runProgram(domain, ['backup', 'create', `--to=${folder}`, '--since=base', '--no-checkpoint', '--yes', '--json', '--', domain.name]);
		if (result.exitCode !== 0) {
			throw new Error(report(result));
		}

		copyMs = readEvents(result).filter(({kind, step}) => kind === 'step-done' && (step === 'backup' || step === 'copy')).reduce((sum, {durationMs}) => sum + Number(durationMs), 0);
	});
	const [newest] = (await readdir(folder)).filter(name => name.endsWith('.json')).sort().slice(-1);
	await Promise.all([newest!, newest!.replace('.json', '.vda.qcow2')].map(async name => rm(path.join(folder, name))));
	return {wholeMs, copyMs};
}

const rows: Array<{what: string; ms: number; ratio?: number; budget?: number}> = [];

async function measure(): Promise<void> {
	await startLab();
	const domain = await makeDomain(context, {sizeMiB, diskCount: 1});
	const folder = `${domain.folder}-backups`;
	await mkdir(folder, {mode: 0o711});
	endings.unshift(async () => rm(folder, {recursive: true, force: true}));
	await fill(domain.disks[0]!.path);
	await start(domain);
	const full = await runProgram(domain, ['backup', 'create', `--to=${folder}`, '--checkpoint=base', '--yes', '--json', '--', domain.name]);
	if (full.exitCode !== 0) {
		throw new Error(report(full));
	}

	await change(domain);
	const [plainMs, copyMs, wholeMs]: [number[], number[], number[]] = [[], [], []];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		plainMs.push(await plain(domain, path.join(domain.folder, 'plain.qcow2')));
		const own = await ours(domain, folder);
		copyMs.push(own.copyMs);
		wholeMs.push(own.wholeMs);
	}

	rows.push(
		{what: 'running: virsh backup-begin, until it is over', ms: median(plainMs)},
		{what: 'running: the same by vsnap-tui', ms: median(copyMs), ratio: median(copyMs) / median(plainMs), budget: 1.15},
		{what: 'running: the whole command of vsnap-tui', ms: median(wholeMs)},
	);
	await stop(domain);
	const [convertMs, offMs]: [number[], number[]] = [[], []];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		const target = path.join(domain.folder, 'converted.qcow2');
		convertMs.push(await timed(async () => run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'qcow2', domain.disks[0]!.path, target])));
		await rm(target);
		offMs.push((await ours(domain, folder)).wholeMs);
	}

	rows.push(
		{what: 'off: qemu-img convert of the whole disk', ms: median(convertMs)},
		{what: 'off: the whole incremental command of vsnap-tui', ms: median(offMs), ratio: median(offMs) / median(convertMs)},
	);
}

try {
	await measure();
} finally {
	for (const end of endings) {
		await end();
	}

	for (const {what, ms, ratio, budget} of rows) {
		process.stdout.write(`${what.padEnd(52)} ${ms.toFixed(0).padStart(7)} ms${ratio === undefined ? '' : `   ${ratio.toFixed(2)} of the line above${budget === undefined ? '' : ` (budget ${budget})`}`}\n`);
	}
}
