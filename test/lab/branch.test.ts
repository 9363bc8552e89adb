/**
Branches on real libvirt: the tree forks, going back and forth is exact, and plain virsh goes on working on what we made.
*/
import test from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop,
} from './domains.ts';
import {expectRefused, expectStarts} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {attemptVirsh, virsh} from './run.ts';
import {digestHeads, readHeads} from './slots.ts';
import {
	markOffline, readCurrent, readParents, readTree, takeChain, takeDiskSnapshot, takeInternalSnapshot,
} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

test.serial('a branch forks the tree, keeps the current state by default, and going back and forth is exact', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1', 's2']);
	await stop(domain);
	const before = await digestSnapshots(domain);
	const made = await change(domain, 'branch', ['s1', 'b1']);
	t.is(made.exitCode, 0, report(made));
	t.is(await readTree(domain), ['s1', '  |', '  +- b1', '  +- s2', '      |', '      +- before-b1'].join('\n'));
	t.is(await readCurrent(domain), 'b1');
	t.deepEqual(await digestHeads(domain), before.s1);
	t.deepEqual(await readStrays(domain), []);
	const here = await markOffline(domain, 5);
	await takeDiskSnapshot(domain, 'b2');
	t.is((await readParents(domain)).b2, 'b1');
	for (const [name, digests] of [['before-b1', before['']], ['b2', here], ['s2', before.s2], ['b1', before.s1], ['before-b1', before['']]] as const) {
		const reverted = await revert(domain, name, {flags: ['--discard']});
		t.is(reverted.exitCode, 0, report(reverted));
		t.deepEqual(await digestHeads(domain), digests, name);
	}

	const after = await digestSnapshots(domain);
	t.deepEqual({...after, '': before['']}, {...before, 'before-b1': before['']!, b1: before.s1!, b2: here});
	await expectStarts(t, domain);
});

test.serial('a running domain is stopped for a branch, and its present state can be discarded', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await takeChain(domain, ['s1', 's2']);
	const before = await digestSnapshots(domain);
	const heads = await readHeads(domain);
	const made = await change(domain, 'branch', ['s2', 'side'], {flags: ['--discard']});
	t.is(made.exitCode, 0, report(made));
	t.deepEqual(await digestHeads(domain), before.s2);
	t.false([...(await readHeads(domain)).values()].includes(heads.get('vda')!));
	t.deepEqual(await readStrays(domain), []);
	await expectStarts(t, domain);
});

test.serial('plain virsh goes on with a branch: it takes a snapshot there and deletes what it can, and nothing is lost', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await takeChain(domain, ['s1', 's2']);
	await stop(domain);
	t.is((await change(domain, 'branch', ['s1', 'b1'])).exitCode, 0);
	await start(domain);
	await takeDiskSnapshot(domain, 'b2');
	await virsh('suspend', '--domain', domain.uuid);
	const before = await digestSnapshots(domain);
	await virsh('resume', '--domain', domain.uuid);
	// Whatever this version of libvirt does or refuses.
	await attemptVirsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'b2');
	await attemptVirsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'b1');
	await stop(domain);
	const after = await digestSnapshots(domain);
	for (const [name, digests] of Object.entries(after)) {
		t.deepEqual(digests, before[name], name);
	}

	t.true('s2' in after && 'before-b1' in after);
});

test.serial('a branch from an internal snapshot, a taken name, and one name for two are refused with the reason', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await expectRefused(t, domain, async () => change(domain, 'branch', ['i1', 'b1']), /inside the images/);
	await takeDiskSnapshot(domain, 's1');
	await expectRefused(t, domain, async () => change(domain, 'branch', ['s1', 's1']), /already/);
	await expectRefused(t, domain, async () => change(domain, 'branch', ['s1', 'b1'], {flags: ['--keep', 'b1']}), /cannot both be called/);
});

for (const [state, ...before] of [['running'], ['paused', 'suspend']] as const) {
	test.serial(`a domain that is ${state} is so after a revert and after a branch, unless another state is chosen`, async t => {
		const domain = await makeDomain(t, {diskCount: 1});
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		for (const verb of before) {
			await virsh(verb, '--domain', domain.uuid);
		}

		for (const [verb, ...names] of [['revert', 's1'], ['branch', 's2', 'b1']] as const) {
			const result = await runProgram(domain, [verb, '--discard', '--yes', '--json', '--', domain.name, ...names]);
			t.is(result.exitCode, 0, report(result));
			t.is(await readState(domain), state, verb);
			t.deepEqual(await digestHeads(domain), digests.get(names[0]), verb);
		}

		const off = await runProgram(domain, ['branch', '--discard', '--shutoff', '--yes', '--json', '--', domain.name, 's1', 'b2']);
		t.is(off.exitCode, 0, report(off));
		t.is(await readState(domain), 'shut off');
		t.deepEqual(await digestHeads(domain), digests.get('s1'));
		const stays = await runProgram(domain, ['revert', '--discard', '--yes', '--json', '--', domain.name, 's2']);
		t.is(stays.exitCode, 0, report(stays));
		t.is(await readState(domain), 'shut off');
		t.deepEqual(await readStrays(domain), []);
	});
}
