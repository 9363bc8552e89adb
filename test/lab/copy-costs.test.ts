/**
What a merge copies, frees and needs, in words and numbers, against what the files take before and after: compressed images, overlays larger than their base, an
external data file, no room.
*/
import {
	mkdtemp, readdir, rm, stat,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {change, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDisk, type LabDomain} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {report} from './program.ts';
import {run} from './run.ts';
import {digestImage, readHeads} from './slots.ts';
import {takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const mebibyte = 1024 ** 2;
const units: Record<string, number> = {B: 1, KiB: 1024, MiB: mebibyte, GiB: 1024 ** 3};
/** A cluster for each image, and the tables of qcow2. */
const tolerance = 512 * 1024;

async function allocatedIn(folder: string): Promise<number> {
	const files = await Promise.all((await readdir(folder)).map(async name => stat(path.join(folder, name))));
	return files.reduce((sum, {blocks}) => sum + (blocks * 512), 0);
}

/** "frees 1.0 MiB to 2.0 MiB", "takes up to 3 MiB more": what the folder has more of afterwards, as a range. */
function promisedBy(plan: Plan): {least: number; most: number; text: string} {
	const {text} = (plan.consequences.find(consequence => consequence.text.includes(' copied; '))!);
	const bytes = (amount: string) => {
		const [number, unit] = amount.split(' ') as [string, string];
		return Number(number) * units[unit]!;
	};

	const size = String.raw`([\d.]+ (?:B|[KMG]iB))`;
	const found = (pattern: string) => new RegExp(pattern, 'u').exec(text);
	const mixed = found(`frees up to ${size}, or takes up to ${size} more`);
	if (mixed) {
		return {least: -bytes(mixed[2]!), most: bytes(mixed[1]!), text};
	}

	const upTo = found(`; frees up to ${size}`);
	if (upTo) {
		return {least: 0, most: bytes(upTo[1]!), text};
	}

	const frees = found(`; frees ${size}(?: to ${size})?`);
	if (frees) {
		return {least: bytes(frees[1]!), most: bytes(frees[2] ?? frees[1]!), text};
	}

	if (text.includes('; frees nothing')) {
		return {least: 0, most: 0, text};
	}

	const takes = found(`; takes ${size}(?: to ${size})? more`)!;
	return {least: -bytes(takes[2] ?? takes[1]!), most: -bytes(takes[1]!), text};
}

/** Merges s1, with the bytes compared and the promise kept. Gives the plan. */
async function expectPromise(t: ExecutionContext, domain: LabDomain, verb: 'merge' | 'delete'): Promise<Plan> {
	const plan = await readChangePlan(domain, verb, ['s1']);
	const promised = promisedBy(plan);
	t.log(promised.text);
	const [before, digest] = [await allocatedIn(domain.folder), await digestImage((await readHeads(domain)).get('vda')!)];
	const result = await change(domain, verb, ['s1']);
	t.is(result.exitCode, 0, report(result));
	const freed = before - await allocatedIn(domain.folder);
	t.true(freed >= promised.least - tolerance && freed <= promised.most + tolerance, `${promised.text}: ${freed} bytes were freed`);
	t.is(await digestImage((await readHeads(domain)).get('vda')!), digest);
	return plan;
}

/** 24 MiB of text in some hundred KiB. */
async function compressBase(t: ExecutionContext, {path: base}: LabDisk): Promise<void> {
	const text = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-text-'));
	t.teardown(async () => rm(text, {recursive: true, force: true}));
	await run('sh', ['-c', 'yes abcdefgh | head -c 24M > "$2/text"; rm "$1"; qemu-img convert -c -f raw -O qcow2 "$2/text" "$1"', 'sh', base, text]);
}

test.serial('a compressed base is not pulled up: what was written since is committed into it, where there is room for no more', async t => {
	const folder = await mountSmall(t, 18);
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 24, folder});
	await compressBase(t, domain.disks[0]!);
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 2 1M 2M', (await readHeads(domain)).get('vda')!]);
	const plan = await expectPromise(t, domain, 'delete');
	t.regex(promisedBy(plan).text, /up to 2\.0 MiB copied/);
	t.true(plan.steps.some(({id}) => id === 'commit-1'));
});

test.serial('what a small base holds is pulled into a larger overlay, and no more is promised than what it frees', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 64});
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 2 2M 40M', (await readHeads(domain)).get('vda')!]);
	const plan = await expectPromise(t, domain, 'merge');
	t.regex(promisedBy(plan).text, /needs up to \d+(?:\.\d)? (?:KiB|MiB) more in the meantime/);
});

test.serial('an image with an external data file takes what was written since, and neither of the two is left behind', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 64});
	const {path: base} = domain.disks[0]!;
	const store = path.join(domain.folder, 'store.raw');
	await run('rm', [base]);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${store}`, base, '64M']);
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 1 2M 40M', base]);
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 2 1M 2M', (await readHeads(domain)).get('vda')!]);
	const plan = await expectPromise(t, domain, 'merge');
	t.regex(promisedBy(plan).text, /up to 2\.0 MiB copied/);
	t.deepEqual((await readdir(domain.folder)).sort(), ['store.raw', 'vda.qcow2']);
});
