/**
Incremental backups of one domain, side by side: a disk of 1 GiB, of which 64 MiB in 1,000 places have changed. Each way five times; medians, and their ratios beside what
they may be. Needs root and the programs of the lab (test/lab/install.sh), and Debian's package virtnbdbackup for the comparison with it.

Usage: npm run bench:backup
*/
import {
	mkdir, readdir, rename, rm,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {startLab} from '../test/lab/daemons.ts';
import {makeDomain, start, stop, withFile, type LabDomain} from '../test/lab/domains.ts';
import {readEvents, report, runProgram} from '../test/lab/program.ts';
import {
	attempt, lines, run, virsh, virshAll,
} from '../test/lab/run.ts';
import {
	context, endings, median, timed,
} from './turns.ts';

const repetitions = 5;
const extents = 1000;
const sizeMiB = 1024;

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

/** Steps that begin the job and wait for it, of a domain that runs and of one that is off. */
const isCopying = (step: string) => /^(?:backup|copy|start-daemon|quit-daemon)$|^(?:open|begin|copy|close|let-go)/.test(step);

/** `wholeMs`: from the command to the manifest; `copyMs`: of the steps that copy. */
async function backUp(domain: LabDomain, folder: string, flags: string[]): Promise<{wholeMs: number; copyMs: number}> {
	let copyMs = 0;
	const wholeMs = await timed(async () => {
		const result = await runProgram(domain, ['backup', 'create', `--to=${folder}`, ...flags, '--yes', '--json', '--', domain.name]);
		if (result.exitCode !== 0) {
			throw new Error(report(result));
		}

		const steps = readEvents(result).filter(({kind}) => kind === 'step-done').map(({step, durationMs}) => ({step: String(step), ms: Number(durationMs)}));
		if (process.env.BENCH_STEPS) {
			process.stderr.write(`${steps.map(({step, ms}) => `${step} ${ms}`).join(', ')}\n`);
		}

		copyMs = steps.filter(({step}) => isCopying(step)).reduce((sum, {ms}) => sum + ms, 0);
	});
	return {wholeMs, copyMs};
}

/** Always since the same moment, and taken away again. `keep`: where its image is put. */
async function ours(domain: LabDomain, folder: string, keep?: string): Promise<{wholeMs: number; copyMs: number}> {
	const times = await backUp(domain, folder, ['--since=base', '--no-checkpoint']);
	const [newest] = (await readdir(folder)).filter(name => name.endsWith('.json')).sort().slice(-1);
	const image = path.join(folder, newest!.replace('.json', '.vda.qcow2'));
	await rm(path.join(folder, newest!));
	await (keep === undefined ? rm(image) : rename(image, keep));
	return times;
}

async function timedConvert(from: string, target: string): Promise<number> {
	const ms = await timed(async () => run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'qcow2', from, target]));
	await rm(target);
	return ms;
}

/** `over`: what it is divided by. */
type Row = {what: string; ms: number; over?: Array<{what: string; ms: number; budget: number}>};

const rows: Row[] = [];

async function measureRunning(domain: LabDomain, folder: string): Promise<void> {
	const [plainMs, copyMs, wholeMs]: [number[], number[], number[]] = [[], [], []];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		plainMs.push(await plain(domain, path.join(domain.folder, 'plain.qcow2')));
		const own = await ours(domain, folder);
		copyMs.push(own.copyMs);
		wholeMs.push(own.wholeMs);
	}

	rows.push(
		{what: 'running: virsh backup-begin, until it is over', ms: median(plainMs)},
		{what: 'running: the same by vsnap-tui', ms: median(copyMs), over: [{what: 'virsh', ms: median(plainMs), budget: 1.15}]},
		{what: 'running: the whole command of vsnap-tui', ms: median(wholeMs)},
	);
}

async function measureOff(domain: LabDomain, folder: string): Promise<void> {
	const target = path.join(domain.folder, 'converted.qcow2');
	// These bytes alone: an increment, built on nothing.
	const bytes = path.join(domain.folder, 'bytes.qcow2');
	await ours(domain, folder, bytes);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-b', '', bytes]);
	const [convertMs, bytesMs, copyMs, wholeMs]: [number[], number[], number[], number[]] = [[], [], [], []];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		convertMs.push(await timedConvert(domain.disks[0]!.path, target));
		bytesMs.push(await timedConvert(bytes, target));
		const own = await ours(domain, folder);
		copyMs.push(own.copyMs);
		wholeMs.push(own.wholeMs);
	}

	rows.push(
		{what: 'off: qemu-img convert of the whole disk', ms: median(convertMs)},
		{what: 'off: qemu-img convert of the changed bytes alone', ms: median(bytesMs)},
		{
			what: 'off: the changes by vsnap-tui',
			ms: median(copyMs),
			over: [{what: 'the whole disk', ms: median(convertMs), budget: 0.5}, {what: 'the changed bytes', ms: median(bytesMs), budget: 1.2}],
		},
		{what: 'off: the whole command of vsnap-tui', ms: median(wholeMs)},
	);
}

/** Whole commands, each with a checkpoint of its own, as people back up day by day. virtnbdbackup refuses to work beside checkpoints of others, so it comes after those have gone. */
async function measureOthers(domain: LabDomain, folder: string): Promise<void> {
	const ownMs: number[] = [];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		await change(domain);
		const {wholeMs} = await backUp(domain, folder, []);
		ownMs.push(wholeMs);
	}

	rows.push({what: 'whole: an increment by vsnap-tui', ms: median(ownMs)});
	const version = await attempt('virtnbdbackup', ['--version']).catch(() => undefined);
	if (version?.exitCode !== 0) {
		rows.push({what: 'virtnbdbackup is not installed (Debian: apt-get install virtnbdbackup): not compared', ms: Number.NaN});
		return;
	}

	for (const name of lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(one => one !== '')) {
		await virsh('checkpoint-delete', '--domain', domain.uuid, '--checkpointname', name);
	}

	const theirs = `${domain.folder}-virtnbdbackup`;
	endings.unshift(async () => rm(theirs, {recursive: true, force: true}));
	const backUpByThem = async (level: string) => run('virtnbdbackup', ['-n', '-d', domain.name, '-l', level, '-o', theirs]);
	await backUpByThem('full');
	const theirMs: number[] = [];
	for (let repetition = 0; repetition < repetitions; repetition++) {
		await change(domain);
		theirMs.push(await timed(async () => backUpByThem('inc')));
	}

	rows.push(
		{what: `whole: an increment by virtnbdbackup ${version.stdout.trim()}`, ms: median(theirMs)},
		{what: 'whole: vsnap-tui over virtnbdbackup', ms: median(ownMs), over: [{what: 'virtnbdbackup', ms: median(theirMs), budget: 0.7}]},
	);
}

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
	await measureRunning(domain, folder);
	await stop(domain);
	await measureOff(domain, folder);
	await start(domain);
	await measureOthers(domain, folder);
}

try {
	await measure();
} finally {
	for (const end of endings) {
		await end();
	}

	for (const {what, ms, over = []} of rows) {
		const ratios = over.map(other => `   ${(ms / other.ms).toFixed(2)} of ${other.what} (budget ${other.budget})`);
		process.stdout.write(`${what.padEnd(52)} ${Number.isNaN(ms) ? '' : `${ms.toFixed(0).padStart(7)} ms`}${ratios.join('')}\n`);
	}
}
