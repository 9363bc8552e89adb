/**
Renames on real libvirt and a real QEMU: the tree, the bytes, the memory and the firmware's variables are those of before under the new name, plain virsh
goes on with it, and a kill at any step leaves the one or the other.
*/
import {readFile, rm} from 'node:fs/promises';
import test from 'ava';
import {
	digestBare, doBare, markBare, quit, readBareCounter, readBareTree, startBare, waitForBareCounter,
} from './bare-domain.ts';
import {change, digestSnapshots, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop,
} from './domains.ts';
import {expectRefused, expectReverted, expectStarts} from './expect.ts';
import {recover, report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {
	markLive, markOffline, readCurrent, readParents, takeChain, takeDiskSnapshot, takeInternalSnapshot, takeMemorySnapshot, type Digests,
} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {digestFolder, readStrays, readWorld} from './world.ts';

test.before(startLab);

/** What the snapshots hold, s1 under another name. */
function underNewName(digests: Record<string, Digests>, name: string): Record<string, Digests> {
	const {s1, ...rest} = digests;
	return {...rest, [name]: s1!};
}

for (const isRunning of [true, false]) {
	test.serial(`of a domain that ${isRunning ? 'runs' : 'is off'}: no byte changes, the children follow, and it can be reverted to`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		if (!isRunning) {
			await stop(domain);
		}

		// QEMU writes while it runs: then the bytes are compared after the revert alone.
		const filesNow = async () => isRunning ? {} : digestFolder(domain.folder);
		const heldNow = async () => isRunning ? {s1: {}} : digestSnapshots(domain);
		const [files, held] = [await filesNow(), await heldNow()];
		const made = await change(domain, 'rename', ['s1', 'clean "1" <ü>']);
		t.is(made.exitCode, 0, report(made));
		t.deepEqual(await readParents(domain), {'clean "1" <ü>': undefined, s2: 'clean "1" <ü>'});
		t.is(await readCurrent(domain), 's2');
		t.is(await readState(domain), isRunning ? 'running' : 'shut off');
		t.deepEqual(await readStrays(domain), []);
		t.deepEqual(await filesNow(), files);
		t.deepEqual(isRunning ? underNewName(held, 'clean "1" <ü>') : await digestSnapshots(domain), underNewName(held, 'clean "1" <ü>'));
		await expectReverted(t, domain, await revert(domain, 'clean "1" <ü>', {flags: ['--discard', '--shutoff']}), {digests: digests.get('s1')!, current: 'clean "1" <ü>'});
		await expectStarts(t, domain);
	});
}

test.serial('the current snapshot stays the current one, and plain virsh takes the next after it and deletes it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const made = await change(domain, 'rename', ['s1', 'n1']);
	t.is(made.exitCode, 0, report(made));
	t.is(await readCurrent(domain), 'n1');
	await takeDiskSnapshot(domain, 's2');
	t.deepEqual(await readParents(domain), {n1: undefined, s2: 'n1'});
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'n1', '--metadata');
	t.deepEqual(await readParents(domain), {s2: undefined});
});

test.serial('a snapshot with memory resumes under its new name, from the memory file that keeps its own', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await markLive(domain, 1);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	await stop(domain);
	const memory = await readFile(memoryPath);
	const made = await change(domain, 'rename', ['m1', 'n1']);
	t.is(made.exitCode, 0, report(made));
	t.true(memory.equals(await readFile(memoryPath)));
	await expectReverted(t, domain, await revert(domain, 'n1', {flags: ['--discard', '--paused']}), {digests, current: 'n1', state: 'paused'});
});

test.serial('the copy of the firmware\'s variables goes with the name, and comes back with the snapshot', async t => {
	const nvramOf = (folder: string) => `${folder}-nvram.fd`;
	const domain = await makeDomain(t, {
		diskCount: 1,
		osXml: folder => `<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>${nvramOf(folder)}</nvram>`,
	});
	const nvram = nvramOf(domain.folder);
	t.teardown(async () => Promise.all(['', '.vsnap-s1', '.vsnap-n1'].map(async suffix => rm(`${nvram}${suffix}`, {force: true}))));
	await virsh('start', '--domain', domain.uuid, '--paused');
	await stop(domain);
	const digests = await markOffline(domain, 1);
	const taken = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's1']);
	t.is(taken.exitCode, 0, report(taken));
	const variables = await readFile(`${nvram}.vsnap-s1`);
	const made = await change(domain, 'rename', ['s1', 'n1']);
	t.is(made.exitCode, 0, report(made));
	await t.throwsAsync(readFile(`${nvram}.vsnap-s1`), {code: 'ENOENT'});
	t.true(variables.equals(await readFile(`${nvram}.vsnap-n1`)));
	const reverted = await revert(domain, 'n1');
	await expectReverted(t, domain, reverted, {digests, current: 'n1'});
	t.notRegex(reverted.stdout, /no copy of them/);
	t.true(variables.equals(await readFile(nvram)));
});

test.serial('a name that is taken, and a state inside an image, are refused with the reason', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await expectRefused(t, domain, async () => change(domain, 'rename', ['i1', 'n1']), /inside the images/);
	await takeDiskSnapshot(domain, 's1');
	await expectRefused(t, domain, async () => change(domain, 'rename', ['s1', 'i1']), /A snapshot .*i1.* exists already/);
	await expectRefused(t, domain, async () => change(domain, 'rename', ['s1', 's1']), /A snapshot .*s1.* exists already/);
	await expectRefused(t, domain, async () => change(domain, 'rename', ['s1', 'a/b']), /contains .*\//);
});

test.serial('killed after each step, it is finished or put back', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	for (const [index, name] of ['s1', 's2'].entries()) {
		await markOffline(domain, index + 1);
		await takeDiskSnapshot(domain, name);
	}

	const template = await makeTemplate(t, domain);
	const before = await digestSnapshots(domain);
	const plan = await readChangePlan(domain, 'rename', ['s1', 'n1']);
	t.is(plan.steps.length, 3);
	for (const at of plan.steps.keys()) {
		for (const direction of ['--roll-back', '--roll-forward'] as const) {
			const where = `killed after ${plan.steps[at]!.id}, then ${direction}`;
			const shims = await makeShims(t, plan, {at, script: killMoments.after});
			const killed = await change(domain, 'rename', ['s1', 'n1'], shims.options);
			t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
			const recovered = await recover(domain, direction);
			await shims.settle();
			t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
			if (direction === '--roll-back') {
				t.deepEqual(await readWorld(domain), template.world, where);
			} else {
				t.deepEqual(await readParents(domain), {n1: undefined, s2: 'n1'}, where);
				t.is(await readCurrent(domain), 's2');
				t.deepEqual(await digestSnapshots(domain), underNewName(before, 'n1'), where);
			}

			await template.restore();
		}
	}
});

test.serial('of a standalone QEMU, running and off, with memory', async t => {
	const domain = await startBare(t);
	const digests = await markBare(domain, 1);
	await waitForBareCounter(domain, 4);
	await doBare(domain, 'create', '--memory', 'external', '--yes', '--', domain.name, 's1');
	const counter = await readBareCounter(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await markBare(domain, 2);
	await doBare(domain, 'rename', '--yes', '--', domain.name, 's1', 'n1');
	const parents = async () => Object.fromEntries((await readBareTree(domain)).snapshots.map(({name, parent, current}) => [name, [parent, current]]));
	t.deepEqual(await parents(), {n1: [null, false], s2: ['n1', true]});
	await quit(domain);
	await doBare(domain, 'rename', '--yes', '--', domain.name, 's2', 'n2');
	t.deepEqual(await parents(), {n1: [null, false], n2: ['n1', true]});
	await doBare(domain, 'revert', '--discard', '--paused', '--yes', '--', domain.name, 'n1');
	t.deepEqual(await digestBare(domain), digests);
	t.true(await readBareCounter(domain) <= counter);
});
