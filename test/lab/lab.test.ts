/** The lab itself: what it says about bytes, memory and records must be true, or all other tests here prove nothing. */
import {existsSync} from 'node:fs';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	makeDomain, removeDomain, start, stop,
} from './domains.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {attemptVirsh, virsh} from './run.ts';
import {digestHeads, digestImage, readHeads, readSlot, writeOffline} from './slots.ts';
import {markLive, readCurrent, readTree, takeChain} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

test.serial('bytes written through a running domain are read back from its images', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await markLive(domain, 1);
	t.is(await readSlot(domain.disks[0]!.path, 1), 0x11);
	t.is(await readSlot(domain.disks[1]!.path, 1), 0x21);
	t.is(await readSlot(domain.disks[0]!.path, 0), 0xB0);
});

test.serial('a digest changes with one byte of the disk, and not with an overlay', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const {path} = domain.disks[0]!;
	const before = await digestImage(path);
	await writeOffline(path, 0xB0, 0);
	t.is(await digestImage(path), before);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 's1', '--disk-only');
	t.deepEqual(await digestHeads(domain), {vda: before});
	const heads = await readHeads(domain);
	t.not(heads.get('vda'), path);
	await writeOffline(heads.get('vda')!, 0xB1, 0);
	t.notDeepEqual(await digestHeads(domain), {vda: before});
	t.is(await digestImage(path), before);
});

test.serial('the memory counter runs, stands while paused, and starts from 0 at each boot', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await waitForCounter(domain, 10);
	await virsh('suspend', '--domain', domain.uuid);
	const value = await readCounter(domain);
	t.is(await readCounter(domain), value);
	await stop(domain);
	await start(domain);
	t.true(await readCounter(domain) < 10);
});

test.serial('a chain holds different bytes at each snapshot, and virsh draws it', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	t.is(new Set([...digests.values()].map(disks => disks.vda)).size, 3);
	t.is(await readCurrent(domain), 's2');
	t.is(await readTree(domain), 's1\n  |\n  +- s2');
});

test.serial('two looks at an untouched world are equal, and nothing is left after a clean-up', async t => {
	const domain = await makeDomain(t);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 's1');
	t.deepEqual(await readWorld(domain), await readWorld(domain));
	await removeDomain(domain);
	t.false(existsSync(domain.folder));
	const gone = await attemptVirsh('dominfo', '--domain', domain.uuid);
	t.not(gone.exitCode, 0);
});
