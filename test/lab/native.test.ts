/**
Plain virsh after our actions: what it can do (depending on its version) it does rightly, and what it cannot do it refuses without harm. On libvirt
from 9.9 on, its own reverts unlink what the current snapshot's record names, so this is where wrong bookkeeping would cost images.
*/
import test, {type ExecutionContext} from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert} from './program.ts';
import {
	attemptVirsh, readLibvirtVersion, virsh, waitFor,
} from './run.ts';
import {digestHeads} from './slots.ts';
import {
	markLive, markOffline, readParents, takeChain, takeDiskSnapshot, type Digests,
} from './snapshots.ts';

test.before(startLab);

/** What each snapshot keeps; what the domain writes to now is left out. */
async function digestKept(domain: LabDomain): Promise<Record<string, Digests>> {
	const {'': _head, ...kept} = await digestSnapshots(domain);
	return kept;
}

/** As of disk-only snapshots of a running domain: 10.0 refuses them. */
const revertsSince = 11_000_000;

/** On versions that cannot revert, the refusal has to be harmless. */
async function revertNatively(t: ExecutionContext, domain: LabDomain, name: string, wanted: Digests): Promise<void> {
	const version = await readLibvirtVersion();
	const before = await digestKept(domain);
	if (version >= revertsSince) {
		await waitFor(`virsh reverts to ${name}`, async () => {
			const reverted = await attemptVirsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', name);
			// libvirt names its overlays by the second, and refuses to revert twice within one.
			return reverted.exitCode === 0 || (!reverted.stderr.includes('already exists') && t.fail(reverted.stderr));
		});
		t.deepEqual(await digestHeads(domain), wanted, `bytes after virsh reverted to ${name}`);
	} else {
		const refused = await attemptVirsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', name);
		t.is(refused.exitCode, 1, refused.stderr);
		const result = await revert(domain, name);
		t.is(result.exitCode, 0, report(result));
		t.deepEqual(await digestHeads(domain), wanted);
	}

	t.deepEqual(await digestKept(domain), before, `what the snapshots keep, after the revert to ${name}`);
}

test.serial('after our revert into the middle: create, delete and revert by virsh keep every byte (R1 with virsh alone from there)', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--running']}), {digests: digests.get('s1')!, current: 's1', state: 'running'});
	const kept = await digestKept(domain);
	await markLive(domain, 7);
	await takeDiskSnapshot(domain, 'b1');
	await markLive(domain, 8);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'b1');
	t.deepEqual(await digestKept(domain), kept);
	await stop(domain);
	await revertNatively(t, domain, 's2', digests.get('s2')!);
	await revertNatively(t, domain, 's1', digests.get('s1')!);
	await revertNatively(t, domain, 's2', digests.get('s2')!);
});

test.serial('after our revert with a kept state: virsh reverts between all three', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'left']}), {digests: digests.get('s1')!, current: 's1'});
	for (const name of ['left', 's2', 's1', 'left']) {
		await markOffline(domain, 9);
		await revertNatively(t, domain, name, digests.get(name === 'left' ? '' : name)!);
	}
});

test.serial('after our revert to a leaf: virsh deletes that leaf while the domain runs, and its bytes stay in the head', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await expectReverted(t, domain, await revert(domain, 's2', {flags: ['--running']}), {digests: digests.get('s2')!, current: 's2', state: 'running'});
	const now = await markLive(domain, 6);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's2');
	t.deepEqual(await digestHeads(domain), now);
	t.deepEqual(await readParents(domain), {s1: undefined});
	t.deepEqual((await digestKept(domain)).s1, digests.get('s1'));
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
});

test.serial('after our revert into the middle: virsh does not delete what the branches share', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2', 's3']);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--running']}), {digests: digests.get('s1')!, current: 's1', state: 'running'});
	await markLive(domain, 6);
	for (const name of ['s1', 's2']) {
		await attemptVirsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', name);
	}

	const kept = await digestKept(domain);
	for (const [name, disks] of Object.entries(kept)) {
		t.deepEqual(disks, digests.get(name), `bytes of ${name}`);
	}

	await stop(domain);
	await expectReverted(t, domain, await revert(domain, 's3'), {digests: digests.get('s3')!, current: 's3'});
});

/** A running domain's s1 → s2 → s3 and what it holds now, stopped. */
async function makeStoppedChain(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await takeChain(domain, ['s1', 's2', 's3']);
	await stop(domain);
	return domain;
}

/**
virsh alone from here: it takes a snapshot of the running domain and deletes it, reverts to each of the others in turn and back, and deletes them while the
domain runs, the leaves first. Nothing that remains loses a byte at any point. Where libvirt does not revert, the first alone is reverted to and deleted: an
ancestor of a fork it would merge into what the branches share (L6), which no record keeps it from.
*/
async function goOnNatively(t: ExecutionContext, domain: LabDomain, leavesFirst: string[]): Promise<void> {
	const kept = await digestKept(domain);
	t.deepEqual(Object.keys(kept).sort(), [...leavesFirst].sort());
	await start(domain);
	const frozen = await markLive(domain, 7);
	await takeDiskSnapshot(domain, 'n1');
	t.deepEqual(await digestKept(domain), {...kept, n1: frozen});
	const here = await markLive(domain, 8);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'n1');
	t.deepEqual(await digestSnapshots(domain), {...kept, '': here});
	await stop(domain);
	const [first] = leavesFirst;
	const reverts = await readLibvirtVersion() >= revertsSince;
	for (const name of reverts ? [...leavesFirst, ...leavesFirst.toReversed()] : [first!]) {
		await revertNatively(t, domain, name, kept[name]!);
	}

	await start(domain);
	await virsh('suspend', '--domain', domain.uuid);
	const head = await digestHeads(domain);
	const deleted = new Set<string>();
	for (const name of reverts ? leavesFirst : [first!]) {
		const result = await attemptVirsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', name);
		if (result.exitCode === 0) {
			deleted.add(name);
		}

		const left = Object.fromEntries(Object.entries(kept).filter(([other]) => !deleted.has(other)));
		t.deepEqual(await digestSnapshots(domain), {...left, '': head}, `after virsh deleted ${name}: ${result.stderr}`);
	}
}

test.serial('after our branch, virsh creates, deletes and reverts, and no branch loses a byte', async t => {
	const domain = await makeStoppedChain(t);
	const branched = await change(domain, 'branch', ['s1', 'b1']);
	t.is(branched.exitCode, 0, report(branched));
	await goOnNatively(t, domain, ['b1', 'before-b1', 's3', 's2', 's1']);
});

test.serial('after our merge, virsh creates, deletes and reverts, and no snapshot loses a byte', async t => {
	const domain = await makeStoppedChain(t);
	const merged = await change(domain, 'merge', ['s2']);
	t.is(merged.exitCode, 0, report(merged));
	await goOnNatively(t, domain, ['s3', 's1']);
});

test.serial('after our deletes of the base of a fork and of what is below it, virsh creates, deletes and reverts, and no branch loses a byte', async t => {
	const domain = await makeStoppedChain(t);
	for (const [verb, names] of [['branch', ['s2', 'b1']], ['delete', ['s2']], ['delete', ['s1']]] as const) {
		const result = await change(domain, verb, [...names]);
		t.is(result.exitCode, 0, report(result));
	}

	await goOnNatively(t, domain, ['b1', 'before-b1', 's3']);
});
