/** Reverts to external, disk-only snapshots on real disks: each brings back exactly the bytes, and virsh goes on working. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop,
} from './domains.ts';
import {expectReverted, expectStarts} from './expect.ts';
import {report, revert} from './program.ts';
import {virsh} from './run.ts';
import {
	markLive, markOffline, readCurrent, readParents, readTree, takeChain, takeDiskSnapshot,
} from './snapshots.ts';

test.before(startLab);

test.serial('reverts to s3, s2, s1 and s3 again bring back the bytes of each, and virsh agrees', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2', 's3']);
	const tree = await readTree(domain);
	for (const name of ['s3', 's2', 's1', 's3']) {
		await expectReverted(t, domain, await revert(domain, name), {digests: digests.get(name)!, current: name});
		t.is(await readTree(domain), tree);
		await expectStarts(t, domain);
		// Something to lose, so that the next revert has work to do.
		await markOffline(domain, 9);
	}
});

test.serial('a snapshot made by virsh after a revert hangs under the snapshot that was reverted to', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--running']}), {digests: digests.get('s1')!, current: 's1', state: 'running'});
	const branch = await markLive(domain, 8);
	await takeDiskSnapshot(domain, 'b1');
	t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1', b1: 's1'});
	await markLive(domain, 9);
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
	await expectReverted(t, domain, await revert(domain, 'b1'), {digests: branch, current: 'b1'});
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
	t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1', b1: 's1'});
});

for (const from of ['running', 'paused', 'shut off'] as const) {
	test.serial(`the state that is left can be kept and come back to, byte for byte, from ${from}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		if (from === 'paused') {
			await virsh('suspend', '--domain', domain.uuid);
		} else if (from === 'shut off') {
			await stop(domain);
		}

		await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'before']}), {digests: digests.get('s1')!, current: 's1'});
		// Of a guest whose power was cut nobody may read later that it was off.
		t.regex(await virsh('snapshot-dumpxml', domain.name, 'before'), from === 'shut off' ? /<state>shutoff</ : /<state>disk-snapshot</);
		t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1', before: 's2'});
		await expectStarts(t, domain);
		await expectReverted(t, domain, await revert(domain, 'before'), {digests: digests.get('')!, current: 'before'});
		await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
		await expectReverted(t, domain, await revert(domain, 'before'), {digests: digests.get('')!, current: 'before'});
	});
}

for (const end of ['running', 'paused', 'shutoff'] as const) {
	test.serial(`a revert of a running domain ends ${end} when asked to`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		const state = end === 'shutoff' ? 'shut off' : end;
		await expectReverted(t, domain, await revert(domain, 's1', {flags: [`--${end}`]}), {digests: digests.get('s1')!, current: 's1', state});
	});
}

test.serial('snapshots of a shut off domain are reverted to as well, and nothing tells their overlays from live ones', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const second = await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: first, current: 's1'});
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: second, current: 's2'});
	await expectStarts(t, domain);
});

test.serial('a raw disk comes back through a qcow2 overlay, and the raw image is not written to', async t => {
	const domain = await makeDomain(t, {formats: {vdb: 'raw'}});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	await expectStarts(t, domain);
});

test.serial('reverting twice within one second works', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const first = await revert(domain, 's1');
	const second = await revert(domain, 's1');
	t.is(first.exitCode, 0, report(first));
	await expectReverted(t, domain, second, {digests, current: 's1'});
});

test.serial('a keep of a state whose name is taken is refused, and nothing is touched', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readCurrent(domain);
	const result = await revert(domain, 's1', {flags: ['--keep', 's1']});
	t.is(result.exitCode, 3, report(result));
	t.is(await readCurrent(domain), before);
	t.is(await readState(domain), 'shut off');
});
