/** Reverts to external snapshots with memory: the domain goes on from the saved memory, on fresh overlays, again and again. */
import {stat} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {report, revert} from './program.ts';
import {virsh} from './run.ts';
import {
	markLive, markOffline, readParents, takeChain, takeDiskSnapshot, takeMemorySnapshot, type Digests,
} from './snapshots.ts';

test.before(startLab);

/** A running domain with a memory snapshot m1, and what the counter was just before and after it. */
async function withMemory(domain: LabDomain): Promise<{digests: Digests; low: number; high: number; memoryPath: string}> {
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 15);
	const low = await readCounter(domain);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	const high = await readCounter(domain);
	await markLive(domain, 2);
	// From here on the counter says which memory it is.
	await waitForCounter(domain, high + 15);
	return {digests, low, high, memoryPath};
}

test.serial('a memory snapshot resumes with --paused at exactly the saved memory, twice', async t => {
	const domain = await makeDomain(t);
	const {digests, low, high} = await withMemory(domain);
	for (let turn = 0; turn < 2; turn++) {
		await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--paused']}), {digests, current: 'm1', state: 'paused'});
		const counter = await readCounter(domain);
		t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
		await virsh('resume', '--domain', domain.uuid);
		await waitForCounter(domain, high + 5);
		await markLive(domain, 7);
	}
});

test.serial('a memory snapshot of a running domain resumes running, and its memory goes on', async t => {
	const domain = await makeDomain(t);
	const {digests, low} = await withMemory(domain);
	await expectReverted(t, domain, await revert(domain, 'm1'), {digests, current: 'm1', state: 'running'});
	const counter = await readCounter(domain);
	t.true(counter >= low, `${counter} is not the counter of a fresh boot`);
	await waitForCounter(domain, counter + 5);
	// The saved memory belongs to the frozen bytes: neither may have changed.
	await markLive(domain, 6);
	await expectReverted(t, domain, await revert(domain, 'm1'), {digests, current: 'm1', state: 'running'});
});

test.serial('with --shutoff only the disks go back, and the next start boots anew', async t => {
	const domain = await makeDomain(t);
	const {digests, low} = await withMemory(domain);
	await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--shutoff']}), {digests, current: 'm1'});
	await start(domain);
	t.true(await readCounter(domain) < low);
});

test.serial('a shut off domain resumes from memory, in the middle of a chain, and the later snapshots stay', async t => {
	const domain = await makeDomain(t);
	const {digests, low, high, memoryPath} = await withMemory(domain);
	await takeDiskSnapshot(domain, 's2');
	const later = await markLive(domain, 3);
	await virsh('destroy', '--domain', domain.uuid);
	const before = await stat(memoryPath);
	await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--paused', '--keep', 'left']}), {digests, current: 'm1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high);
	const after = await stat(memoryPath);
	t.deepEqual([after.size, after.mtimeMs], [before.size, before.mtimeMs]);
	t.deepEqual(await readParents(domain), {m1: undefined, s2: 'm1', left: 's2'});
	await expectReverted(t, domain, await revert(domain, 'left'), {digests: later, current: 'left'});
});

test.serial('a disk-only snapshot after a memory one is reverted to and back', async t => {
	const domain = await makeDomain(t);
	const {digests} = await withMemory(domain);
	const chain = await takeChain(domain, ['s2']);
	await expectReverted(t, domain, await revert(domain, 's2', {flags: ['--running']}), {digests: chain.get('s2')!, current: 's2', state: 'running'});
	const result = await revert(domain, 'm1', {flags: ['--paused']});
	await expectReverted(t, domain, result, {digests, current: 'm1', state: 'paused'});
	t.is(result.exitCode, 0, report(result));
	await virsh('destroy', '--domain', domain.uuid);
	await markOffline(domain, 9);
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: chain.get('s2')!, current: 's2'});
});
