/** Checkpoints over a revert: those older than the snapshot go on, with their bitmaps; younger ones are forgotten. libvirt alone breaks them all. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert} from './program.ts';
import {lines, run, virsh} from './run.ts';
import {makeShims, readPlan} from './shims.ts';
import {readHeads} from './slots.ts';
import {markLive, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

async function readCheckpoints(domain: LabDomain): Promise<string[]> {
	return lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '').sort();
}

type Info = {'format-specific'?: {data?: {bitmaps?: Array<{name: string; flags: string[]}>}}};

async function readBitmaps(imagePath: string): Promise<string[]> {
	const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', imagePath])) as Info;
	return (info['format-specific']?.data?.bitmaps ?? []).filter(bitmap => bitmap.flags.includes('auto')).map(bitmap => bitmap.name).sort();
}

test.serial('older checkpoints survive a revert and younger ones are forgotten', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await markLive(domain, 1);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	await markLive(domain, 2);
	const digests = await markLive(domain, 3);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 4);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c2');
	await markLive(domain, 5);
	// A clean end writes the bitmaps to the disks.
	await stop(domain);

	const result = await revert(domain, 's1');
	await expectReverted(t, domain, result, {digests, current: 's1'});
	t.deepEqual(await readCheckpoints(domain), ['c1'], report(result));
	for (const [, headPath] of await readHeads(domain)) {
		t.deepEqual(await readBitmaps(headPath), ['c1']);
	}

	// The next backup can start from it: libvirt itself finds the bitmap whole in all layers.
	await start(domain);
	await markLive(domain, 6);
	const xml = await virsh('checkpoint-dumpxml', '--domain', domain.uuid, '--checkpointname', 'c1', '--size');
	t.regex(xml, /<disk name=.vda. checkpoint=.bitmap. bitmap=.c1. size=.\d+./);
});

test.serial('a failure in the middle puts all checkpoints back', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c2');
	await stop(domain);
	const kept = await readCheckpoints(domain);
	const flags = ['--discard', '--running'];
	const plan = await readPlan(domain, 's1', flags);
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'start'), script: 'exit 1'});
	const result = await revert(domain, 's1', {flags, ...shims.options});
	t.is(result.exitCode, 1, report(result));
	t.deepEqual(await readCheckpoints(domain), kept);
});
