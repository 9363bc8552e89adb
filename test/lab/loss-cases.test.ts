/**
Losses that libvirt itself brings about and that no other file of the lab holds against this program: asked for the same wish, it keeps every byte
and the guest goes on, or it refuses beforehand with the reason.
*/
import {
	chmod, chown, readdir, readFile, rename, stat,
} from 'node:fs/promises';
import test from 'ava';
import {change, digestSnapshots, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, withFile,
} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {fill, mountSmall} from './file-systems.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {recover, report, revert} from './program.ts';
import {run, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {readHeads} from './slots.ts';
import {
	markLive, markOffline, takeChain, takeDiskSnapshot, takeMemorySnapshot,
} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

test.serial('L2, L3: records that were declared current or redefined by hand after a revert cost no image at the next ones', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2', 's3']);
	await stop(domain);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
	const xml = await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's1');
	await withFile(xml.replace(/\s*<revertDisks>.*?<\/revertDisks>/s, ''), async filePath => {
		await virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', filePath, '--redefine');
	});
	await virsh('snapshot-current', '--domain', domain.uuid, '--snapshotname', 's2');
	for (const name of ['s3', 's1', 's2']) {
		await expectReverted(t, domain, await revert(domain, name), {digests: digests.get(name)!, current: name});
	}
});

test.serial('L11: a new overlay has the owner and the group of the head before it, which nobody else would give it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const heads = await readHeads(domain);
	await chown(heads.get('vda')!, 4321, 8765);
	await chmod(heads.get('vda')!, 0o660);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	const made = await readHeads(domain);
	t.not(made.get('vda'), heads.get('vda'));
	const facts = await stat(made.get('vda')!);
	t.deepEqual([facts.uid, facts.gid, facts.mode % 0o1000], [4321, 8765, 0o660]);
});

test.serial('L14: a revert that could not be carried out is refused before the guest is stopped', async t => {
	const domain = await makeDomain(t, {folder: await mountSmall(t, 48), diskCount: 1});
	await start(domain);
	await markLive(domain, 1);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	await takeDiskSnapshot(domain, 's2');
	await rename(memoryPath, `${memoryPath}.away`);
	await waitForCounter(domain, 5);
	const low = await readCounter(domain);
	await expectRefused(t, domain, async () => revert(domain, 'm1'), /memory/i);
	await fill(domain.folder);
	await expectRefused(t, domain, async () => revert(domain, 's2', {flags: ['--running']}), /room|space/i);
	t.is(await readState(domain), 'running');
	await waitForCounter(domain, low + 5);
});

/** Processes other than this one whose command line names the folder. */
async function readHolders(folder: string): Promise<string[]> {
	const names = await readdir('/proc');
	const texts = await Promise.all(names.filter(name => /^\d+$/.test(name)).map(async name => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')));
	return texts.filter(text => text.includes(folder)).map(text => text.replaceAll('\0', ' '));
}

test.serial('L17: a delete that is killed while it copies leaves no paused QEMU and no job behind, and recover ends it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const heads = await readHeads(domain);
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', heads.get('vda')!]);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	const {s2, ...rest} = await digestSnapshots(domain);
	t.truthy(s2);
	const plan = await readChangePlan(domain, 'delete', ['s2']);
	const at = plan.steps.findIndex(({id}) => /^(?:commit|pull)-/.test(id));
	t.true(at !== -1, 'one of its steps copies');
	const shims = await makeShims(t, plan, {at, script: killMoments.during});
	const killed = await change(domain, 'delete', ['s2'], shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	await shims.settle();
	t.is(await readState(domain), 'shut off');
	t.deepEqual(await readHolders(domain.folder), []);
	const recovered = await recover(domain, '--roll-forward');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await digestSnapshots(domain), rest);
	t.deepEqual(await readStrays(domain), []);
});
