/**
Checkpoints while snapshots are made, reverted to, merged and deleted, running and off: the next increment from each that the plan leaves restores what the disk holds.
*/
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {digestPoint, makeTarget, readManifests} from './backups.ts';
import {
	doBare, killBare, markBare, markBareDisks, quit, readBareTree, runBare, startBare, type BareDomain,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {readIncrement, rememberPoint} from './increments.ts';
import {report, runProgram, type ProgramResult} from './program.ts';
import {lines, virsh} from './run.ts';
import {writeLive} from './slots.ts';
import {
	markLive, markOffline, takeDiskSnapshot, type Digests,
} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const act = async (domain: LabDomain, [verb = '', ...words]: string[], ...flags: string[]): Promise<ProgramResult> =>
	runProgram(domain, [verb, ...words.filter(word => word.startsWith('--')), ...flags, '--', domain.name, ...words.filter(word => !word.startsWith('--'))]);

async function planOf(domain: LabDomain, words: string[]): Promise<Plan> {
	const dry = await act(domain, words, '--dry-run', '--json');
	return JSON.parse(dry.stdout) as Plan;
}

async function doAct(t: ExecutionContext, domain: LabDomain, words: string[]): Promise<string> {
	const plan = await planOf(domain, words);
	const done = await act(domain, words, '--yes');
	t.is(done.exitCode, 0, `${words.join(' ')}\n${report(done)}`);
	return plan.consequences.map(({text}) => text).join('\n');
}

async function readNames(domain: LabDomain): Promise<string[]> {
	return lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '').sort();
}

async function point(t: ExecutionContext, domain: LabDomain, name: string): Promise<void> {
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', name);
	await rememberPoint(t, domain, name);
}

/** c0, s1, c1, s2, c2, with writes between; one of them puts back what the image below holds. Running. */
async function makeChain(t: ExecutionContext, domain: LabDomain, names: string[] = ['c0', 'c1', 'c2']): Promise<void> {
	const [c0, c1, c2] = ['c0', 'c1', 'c2'].map(name => async () => names.includes(name) ? point(t, domain, name) : undefined);
	await start(domain);
	await c0!();
	await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await writeLive(domain, [{target: 'vda', pattern: 99, slot: 1}]);
	await c1!();
	await markLive(domain, 3);
	await writeLive(domain, [{target: 'vda', pattern: 17, slot: 1}]);
	await takeDiskSnapshot(domain, 's2');
	await markLive(domain, 4);
	await c2!();
	await markLive(domain, 5);
}

/** After one more write each increment restores the disk, and has no more than `most` clusters. Leaves it off. */
async function expectIncrements(t: ExecutionContext, domain: LabDomain, most: Record<string, number>, where = ''): Promise<void> {
	if ((await virsh('domstate', '--domain', domain.uuid)).trim() !== 'shut off') {
		await stop(domain);
	}

	await start(domain);
	await markLive(domain, 6);
	t.deepEqual(await readNames(domain), Object.keys(most).sort(), where);
	for (const [name, clusters] of Object.entries(most)) {
		const increment = await readIncrement(domain, name);
		t.is(increment.refusal, undefined, `${where} ${name}`);
		t.true(increment.isExact, `${where} ${name}: ${JSON.stringify(increment)}`);
		t.true(increment.clusters <= clusters, `${where} ${name}: ${increment.clusters} clusters`);
	}

	await stop(domain);
	t.deepEqual(await readStrays(domain), [], where);
}

const isLive = {running: true, off: false};

for (const [state, isRunning] of Object.entries(isLive)) {
	test.serial(`${state}: whichever snapshot is deleted or merged, every checkpoint stays good`, async t => {
		for (const words of [['delete', 's1'], ['delete', 's2'], ['merge', 's1'], ['delete', '--children', 's1']]) {
			const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
			await makeChain(t, domain);
			if (!isRunning) {
				await stop(domain);
			}

			t.regex(await doAct(t, domain, words), /"c0", "c1", "c2" stay good/, words.join(' '));
			await expectIncrements(t, domain, isRunning ? {c0: 6, c1: 5, c2: 2} : {c0: 9, c1: 9, c2: 9}, `${state} ${words.join(' ')}`);
		}
	});
}

test.serial('off: a commit leaves no more in the bitmaps than was written', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	for (const slot of [8, 9, 10, 11, 12, 13]) {
		await markOffline(domain, slot);
	}

	await makeChain(t, domain);
	await stop(domain);
	const plan = await planOf(domain, ['delete', 's1']);
	t.deepEqual(plan.steps.filter(({id}) => /^(?:commit|bitmap|pull)-/.test(id)).map(({id}) => id), ['commit-1', 'bitmap-1-1', 'bitmap-1-2']);
	await doAct(t, domain, ['delete', 's1']);
	await expectIncrements(t, domain, {c0: 6, c1: 5, c2: 2});
});

test.serial('L23: a raw base holds no bitmaps: off they are merged into the image above, and a merge in the running domain is refused', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, formats: {vda: 'raw'}});
	await makeChain(t, domain, ['c1', 'c2']);
	const refused = await act(domain, ['delete', 's1'], '--yes');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /is raw and holds no bitmaps/);
	await stop(domain);
	await doAct(t, domain, ['delete', 's1']);
	await expectIncrements(t, domain, {c1: 9, c2: 9});
});

test.serial('off: checkpoints continue over snapshots of both kinds, a branch, and reverts', async t => {
	const domain = await makeDomain(t, {diskCount: 2, sizeMiB: 8});
	await start(domain);
	await point(t, domain, 'c0');
	await markLive(domain, 1);
	await stop(domain);
	t.regex(await doAct(t, domain, ['create', '--disk-only', 's1']), /"c0" stays good/);
	await markOffline(domain, 2);
	await expectIncrements(t, domain, {c0: 6}, 'create');
	await start(domain);
	await point(t, domain, 'c1');
	await markLive(domain, 3);
	await stop(domain);
	await doAct(t, domain, ['create', '--disk-only', 's2']);
	await markOffline(domain, 4);
	const branched = await doAct(t, domain, ['branch', '--keep=before', 's2', 'b1']);
	t.regex(branched, /"c0", "c1" stay good/);
	await expectIncrements(t, domain, {c0: 10, c1: 10}, 'branch');
	t.regex(await doAct(t, domain, ['branch', '--discard', 's1', 'b2']), /"c1" is deleted: it is newer/);
	await expectIncrements(t, domain, {c0: 10}, 'branch below');
	await doAct(t, domain, ['create', 'inside']);
	await expectIncrements(t, domain, {c0: 10}, 'internal');
	const refused = await act(domain, ['revert', '--discard', 'inside'], '--yes');
	t.is(refused.exitCode, 3, report(refused));
});

for (const [state, isRunning] of Object.entries(isLive)) {
	test.serial(`${state}: the checkpoints of a state that was kept are there again when one goes back to it`, async t => {
		const domain = await makeDomain(t, {diskCount: 2, sizeMiB: 8});
		const goBack = async (...words: string[]) => {
			if (!isRunning && (await virsh('domstate', '--domain', domain.uuid)).trim() !== 'shut off') {
				await stop(domain);
			}

			return doAct(t, domain, ['revert', ...(isRunning ? ['--running'] : ['--shutoff']), ...words]);
		};

		const scribble = async (count: number) => {
			await (isRunning ? markLive : markOffline)(domain, count);
		};

		await start(domain);
		await point(t, domain, 'c0');
		await markLive(domain, 1);
		await takeDiskSnapshot(domain, 's1');
		await point(t, domain, 'c1');
		await markLive(domain, 2);
		await takeDiskSnapshot(domain, 's2');
		await point(t, domain, 'c2');
		await markLive(domain, 3);
		t.regex(await goBack('--keep=kept', 's1'), /"c2" is deleted: it is newer than the snapshot\. A revert to "kept" records it again/);
		t.deepEqual(await readNames(domain), ['c0']);
		await scribble(4);
		const found = JSON.parse((await runProgram(domain, ['doctor', '--json', '--', domain.name])).stdout) as Array<{kind: string}>;
		t.deepEqual(found.filter(({kind}) => kind === 'orphan-bitmap'), []);
		t.regex(await goBack('--keep=other', 'kept'), /"c1", "c2" are recorded again/);
		await expectIncrements(t, domain, {c0: 9, c1: 9, c2: 9}, 'kept');
		if (isRunning) {
			await start(domain);
		}

		t.regex(await goBack('--discard', 's2'), /"c2" is deleted/);
		await expectIncrements(t, domain, {c0: 9, c1: 9}, 's2');
		t.regex(await doAct(t, domain, ['branch', '--discard', 'other', 'b1']), /"c0" stays good/);
		await expectIncrements(t, domain, {c0: 9}, 'branch');
	});
}

/** The image that is to be committed into holds more than what is committed: to pull it up would copy more. */
async function fillBase(domain: Parameters<typeof markBareDisks>[0]): Promise<void> {
	for (const mark of [31, 32, 33, 34, 35, 36]) {
		await markBareDisks(domain, mark);
	}
}

test.serial('a standalone QEMU that runs: a commit marks what it writes in the bitmaps below, before a pull they are merged, and each increment is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	const held: Digests[] = [];
	const backUp = async (...flags: string[]) => doBare(domain, 'backup', 'create', `--to=${folder}`, ...flags, '--yes', domain.name);
	held.push(await markBareDisks(domain, 1));
	await backUp();
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBareDisks(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await markBareDisks(domain, 5);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's3');
	await markBareDisks(domain, 7);
	const drop = async (name: string, how: RegExp) => {
		const dry = await runBare(domain, ['delete', '--dry-run', '--', domain.name, name]);
		t.regex(dry.stdout, /stays? good/, dry.stderr);
		t.regex(dry.stdout, how);
		await doBare(domain, 'delete', '--yes', '--', domain.name, name);
	};

	await drop('s1', /data\.s1 is committed into data\.qcow2/);
	await drop('s3', /data\.s2 is pulled into data\.s3/);
	held.push(await markBareDisks(domain, 9));
	const told = JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{name: string; size: number; disks: Array<{health: string}>}>};
	t.deepEqual(told.checkpoints.flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good']);
	t.is(told.checkpoints[0]!.size, 2 * 4 * 65_536);
	await backUp('--no-checkpoint');
	await markBareDisks(domain, 11);
	// Newer QEMUs take up less room in the base: then pulling copies less.
	await drop('s2', /data\.s3 is committed into data\.qcow2|data\.qcow2 is pulled into data\.s3/);
	held.push(await markBareDisks(domain, 13));
	await backUp('--no-checkpoint', `--since=${told.checkpoints[0]!.name}`);
	await quit(domain);
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ['incremental', 'incremental'], ['incremental', 'incremental']]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
});

test.serial('a standalone QEMU that runs: bitmaps of the head alone come with it into the image below, and each increment is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	const held: Digests[] = [];
	await markBareDisks(domain, 1);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	held.push(await markBareDisks(domain, 2));
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	await markBareDisks(domain, 3);
	const dry = await runBare(domain, ['delete', '--dry-run', '--', domain.name, 's1']);
	t.regex(dry.stdout, /with the bitmap c1/, dry.stderr);
	await doBare(domain, 'delete', '--yes', '--', domain.name, 's1');
	const health = async () => (JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{size: number; disks: Array<{health: string}>}>}).checkpoints;
	t.deepEqual((await health()).map(({size, disks}) => [size, disks.map(one => one.health)]), [[2 * 65_536, ['good', 'good']]]);
	for (const mark of [4, 5]) {
		held.push(await markBareDisks(domain, mark));
		await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
	}

	await quit(domain);
	t.deepEqual((await health()).flatMap(({disks}) => disks.map(one => one.health)), ['good', 'good']);
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ...Array.from({length: 3}, () => ['incremental', 'incremental'])]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), [...held, held.at(-1)!]);
});

/** Deletes s1, and is killed as the second disk is committed. */
async function killInCommit(t: ExecutionContext, domain: BareDomain): Promise<void> {
	const killed = await runBare(domain, ['delete', '--yes', '--json', '--', domain.name, 's1'], (line, kill) => {
		if (line.replaceAll(' ', '').includes('"step-started","step":"commit-2"')) {
			kill();
		}
	});
	t.is(killed.exitCode, null, killed.stdout + killed.stderr);
}

/** What was written since c1 is copied, and is what the disks hold. */
async function expectIncrement(t: ExecutionContext, {domain, folder, held}: {domain: BareDomain; folder: string; held: Digests}): Promise<void> {
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
	const manifest = (await readManifests(folder)).at(-1)!;
	t.deepEqual(manifest.disks.map(({kind}) => kind), ['incremental', 'incremental']);
	t.deepEqual(await digestPoint(folder, manifest), held);
}

test.serial('a standalone QEMU that runs: killed when the head is committed with its bitmaps, it is finished, and the increment is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	await fillBase(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBareDisks(domain, 2);
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	await markBareDisks(domain, 3);
	await killInCommit(t, domain);
	await markBareDisks(domain, 4);
	await doBare(domain, 'recover', '--roll-forward', '--yes');
	const held = await markBareDisks(domain, 5);
	await expectIncrement(t, {domain, folder, held});
});

test.serial('a standalone QEMU that runs: killed together with it when the head is committed with its bitmaps, it is finished, and the next backup is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	await fillBase(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	const held = await markBareDisks(domain, 3);
	await killInCommit(t, domain);
	await killBare(domain);
	await doBare(domain, 'recover', '--roll-forward', '--yes');
	const heads = (await readBareTree(domain)).images.map(image => image.path);
	t.false(heads.some(head => head.endsWith('.s1')), heads.join(' '));
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--yes', domain.name);
	const manifest = (await readManifests(folder)).at(-1)!;
	t.deepEqual(await digestPoint(folder, manifest), held);
});

test.serial('a standalone QEMU that runs: bitmaps of frozen images go into the one that a job merges them into, and each increment is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	await markBareDisks(domain, 1);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	const held = [await markBareDisks(domain, 2)];
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	await markBareDisks(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	for (const mark of [4, 5, 6, 7, 8, 9, 10, 11, 12]) {
		await markBareDisks(domain, mark);
	}

	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's3');
	await markBareDisks(domain, 13);
	const increment = async () => {
		held.push(await markBareDisks(domain, 20 + held.length));
		await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
	};

	for (const [name, how] of [['s2', /data\.s1 is pulled into data\.s2/], ['s1', /data\.s2 is committed into data\.qcow2|data\.qcow2 is pulled into data\.s2/]] as const) {
		const dry = await runBare(domain, ['delete', '--dry-run', '--', domain.name, name]);
		t.regex(dry.stdout, how, dry.stderr);
		t.regex(dry.stdout, /stays? good/);
		await doBare(domain, 'delete', '--yes', '--', domain.name, name);
		await increment();
	}

	await quit(domain);
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ...Array.from({length: 3}, () => ['incremental', 'incremental'])]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), [...held, held.at(-1)!]);
});

test.serial('a standalone QEMU that runs: killed when a frozen image is committed with its bitmaps, it is finished, and the increment is right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	await fillBase(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBareDisks(domain, 2);
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	await markBareDisks(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await killInCommit(t, domain);
	// QEMU has the images open for writing while the job waits: nobody can read them beside it.
	await markBare(domain, 4);
	await doBare(domain, 'recover', '--roll-forward', '--yes');
	const held = await markBareDisks(domain, 5);
	await expectIncrement(t, {domain, folder, held});
});

/** s1, c1, s2, c2, s3, and more that is written between than the images below hold, or less. */
async function makeBareChain(domain: BareDomain, folder: string, isBaseFat: boolean): Promise<void> {
	if (isBaseFat) {
		await fillBase(domain);
	}

	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBareDisks(domain, 2);
	await doBare(domain, 'backup', 'create', `--to=${folder}`, '--checkpoint=c1', '--yes', domain.name);
	await markBareDisks(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await markBareDisks(domain, 4);
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c2');
	await markBareDisks(domain, 5);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's3');
	await markBareDisks(domain, 6);
}

const several = [
	{what: 'frozen ones are committed', isBaseFat: true, deleted: ['s1', 's2'], how: /data\.s1, data\.s2 (?:is|are) committed into data\.qcow2/},
	{what: 'frozen ones and the head are committed', isBaseFat: true, deleted: ['s1', 's2', 's3'], how: /data\.s1, data\.s2, data\.s3 (?:is|are) committed into data\.qcow2/},
	{what: 'frozen ones are pulled', isBaseFat: false, isTopFat: true, deleted: ['s2', 's3'], how: /data\.s1, data\.s2 (?:is|are) pulled into data\.s3/, last: 's4'},
	{what: 'frozen ones are pulled into the head', isBaseFat: false, isTopFat: true, deleted: ['s2', 's3'], how: /data\.s1, data\.s2 (?:is|are) pulled into data\.s3/},
];

for (const {what, isBaseFat, isTopFat, deleted, how, last} of several) {
	test.serial(`a standalone QEMU that runs, several images at once: ${what} with the bitmaps of all, and each increment is right`, async t => {
		const domain = await startBare(t);
		const folder = await makeTarget(t, domain);
		await makeBareChain(domain, folder, isBaseFat);
		for (const mark of isTopFat ? [9, 10, 11, 12] : []) {
			await markBareDisks(domain, mark);
		}

		if (last !== undefined) {
			await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, last);
		}

		const [name = '', ...others] = deleted;
		const words = ['delete', ...others.map(other => `--also=${other}`)];
		const dry = await runBare(domain, [...words, '--dry-run', '--', domain.name, name]);
		t.regex(dry.stdout.replaceAll(/\s+/g, ' '), how, dry.stderr);
		t.regex(dry.stdout, /"c1", "c2" stay good/);
		await doBare(domain, ...words, '--yes', '--', domain.name, name);
		const held: Digests[] = [];
		for (const mark of [7, 8]) {
			held.push(await markBareDisks(domain, mark));
			await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
		}

		const told = JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{name: string; size: number; disks: Array<{health: string}>}>};
		t.deepEqual(told.checkpoints.map(({name: checkpoint, disks}) => [checkpoint, disks.map(({health}) => health)]), [['c1', ['good', 'good']], ['c2', ['good', 'good']]]);
		await quit(domain);
		await doBare(domain, 'backup', 'create', `--to=${folder}`, '--since=c1', '--no-checkpoint', '--yes', domain.name);
		const manifests = await readManifests(folder);
		t.deepEqual(manifests.slice(1).map(({disks}) => disks.map(({kind}) => kind)), Array.from({length: 3}, () => ['incremental', 'incremental']));
		t.deepEqual(await Promise.all(manifests.slice(1).map(async manifest => digestPoint(folder, manifest))), [...held, held.at(-1)!]);
	});
}

test.serial('a standalone QEMU that runs: what the lowest image cannot hold stands in the way of a commit, and off the bitmaps are merged', async t => {
	const domain = await startBare(t, {compat: '0.10'});
	await fillBase(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c1');
	await markBare(domain, 1);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's3');
	const both = ['delete', '--also', 's2', '--yes', '--', domain.name, 's1'];
	const refused = await runBare(domain, both);
	t.is(refused.exitCode, 3, refused.stderr);
	t.regex(refused.stderr, /\(c1\) that .* does not have, and QEMU cannot take them along/);
	t.regex(refused.stderr, /vsnap-tui checkpoint delete --children 'it'\\''s bare' c1/);
	await quit(domain);
	await doBare(domain, ...both);
	const told = JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{disks: Array<{health: string}>}>};
	t.deepEqual(told.checkpoints.flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good']);
	// What was advised.
	await doBare(domain, 'checkpoint', 'delete', '--children', '--yes', domain.name, 'c1');
	t.deepEqual((JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: unknown[]}).checkpoints, []);
});

test.serial('a standalone QEMU: the checkpoints of a state that was kept are there again when one goes back to it, and increments since each are right', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	const names = async () => (JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{name: string; disks: Array<{health: string}>}>}).checkpoints
		.map(({name, disks}) => `${name} ${[...new Set(disks.map(({health}) => health))].join(' ')}`).sort();
	const act = async (...words: string[]) => {
		const dry = await runBare(domain, [words[0]!, '--dry-run', ...words.slice(1)]);
		t.is(dry.exitCode, 0, dry.stderr);
		await doBare(domain, words[0]!, '--yes', ...words.slice(1));
		return dry.stdout.replaceAll(/\s+/g, ' ');
	};

	/** The point that was made with the checkpoint is what the increment is built on, so each is a whole disk by qemu-img alone. */
	const expectIncrement = async (checkpoint: string, held: Digests) => {
		await doBare(domain, 'backup', 'create', `--to=${folder}`, `--since=${checkpoint}`, '--no-checkpoint', '--yes', domain.name);
		const manifest = (await readManifests(folder)).at(-1)!;
		t.deepEqual(manifest.disks.map(({kind}) => kind), ['incremental', 'incremental'], checkpoint);
		t.deepEqual(await digestPoint(folder, manifest), held, checkpoint);
	};

	const backUp = async (checkpoint: string) => doBare(domain, 'backup', 'create', `--to=${folder}`, `--checkpoint=${checkpoint}`, '--yes', domain.name);
	await markBareDisks(domain, 1);
	await backUp('c0');
	await markBareDisks(domain, 2);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await backUp('c1');
	await markBareDisks(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await backUp('c2');
	const left = await markBareDisks(domain, 4);
	t.regex(await act('revert', '--running', '--keep=kept', domain.name, 's1'), /"c1" is deleted: .*"c2" is deleted: .*A revert to "kept" records it again/);
	t.deepEqual(await names(), ['c0 good']);
	await expectIncrement('c0', await markBareDisks(domain, 5));
	t.regex(await act('revert', '--running', '--keep=other', domain.name, 'kept'), /"c1", "c2" are recorded again/);
	t.deepEqual(await names(), ['c0 good', 'c1 good', 'c2 good']);
	for (const checkpoint of ['c0', 'c1', 'c2']) {
		await expectIncrement(checkpoint, left);
	}

	const now = await markBareDisks(domain, 6);
	for (const checkpoint of ['c0', 'c1', 'c2']) {
		await expectIncrement(checkpoint, now);
	}

	await quit(domain);
	for (const checkpoint of ['c0', 'c1', 'c2']) {
		await expectIncrement(checkpoint, now);
	}
});
