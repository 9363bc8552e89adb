/** Reverts to internal snapshots: offline inside the qcow2 images, online with memory by libvirt. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start} from './domains.ts';
import {expectReverted, expectStarts} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {report, revert} from './program.ts';
import {virsh} from './run.ts';
import {digestHeads} from './slots.ts';
import {
	markLive, markOffline, readParents, takeInternalSnapshot,
} from './snapshots.ts';

test.before(startLab);

test.serial('offline internal snapshots on two disks are reverted to, back and forth', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	const second = await markOffline(domain, 2);
	await takeInternalSnapshot(domain, 'i2');
	await markOffline(domain, 3);
	await expectReverted(t, domain, await revert(domain, 'i1'), {digests: first, current: 'i1'});
	await expectReverted(t, domain, await revert(domain, 'i2'), {digests: second, current: 'i2'});
	await expectReverted(t, domain, await revert(domain, 'i1'), {digests: first, current: 'i1'});
	await expectStarts(t, domain);
});

test.serial('a kept state beside internal snapshots is internal too, and can be come back to', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	const left = await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--keep', 'left']}), {digests: first, current: 'i1'});
	t.deepEqual(await readParents(domain), {i1: undefined, left: 'i1'});
	t.regex(await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 'left'), /snapshot='internal'/);
	await expectReverted(t, domain, await revert(domain, 'left'), {digests: left, current: 'left'});
	await expectReverted(t, domain, await revert(domain, 'i1'), {digests: first, current: 'i1'});
});

test.serial('a running domain goes back to an offline internal snapshot, and starts when asked to', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	await start(domain);
	await markLive(domain, 2);
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--running']}), {digests: first, current: 'i1', state: 'running'});
});

test.serial('an internal snapshot with memory resumes at exactly the saved memory', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 15);
	const low = await readCounter(domain);
	await takeInternalSnapshot(domain, 'i1');
	const high = await readCounter(domain);
	await markLive(domain, 2);
	await waitForCounter(domain, high + 15);
	const result = await revert(domain, 'i1', {flags: ['--paused']});
	await expectReverted(t, domain, result, {digests, current: 'i1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}\n${report(result)}`);
});

test.serial('a running state kept beside an internal snapshot with memory comes back on its disks', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const first = await markLive(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	const left = await markLive(domain, 2);
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--keep', 'left', '--running']}), {digests: first, current: 'i1', state: 'running'});
	// Its power was cut: the record does not say that it was off.
	t.regex(await virsh('snapshot-dumpxml', domain.name, 'left'), /<state>crashed<\/state>/);
	await expectReverted(t, domain, await revert(domain, 'left', {flags: ['--shutoff']}), {digests: left, current: 'left'});
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--shutoff']}), {digests: first, current: 'i1'});
	await virsh('snapshot-revert', domain.name, 'left', '--force');
	t.deepEqual(await digestHeads(domain), left);
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--running']}), {digests: first, current: 'i1', state: 'running'});
});
