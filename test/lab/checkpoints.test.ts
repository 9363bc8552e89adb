/**
Checkpoints over a revert: those older than the snapshot go on, with their bitmaps; younger ones are forgotten. libvirt alone breaks them all. And what the doctor
says of them, and of the backups that are made from them.
*/
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start, stop, withFile, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {
	lines, readLibvirtVersion, run, virsh, waitFor,
} from './run.ts';
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

/** Warnings and problems. */
async function expectFound(t: ExecutionContext, domain: LabDomain, kinds: string[], text = /^/): Promise<void> {
	const result = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	const found = (JSON.parse(result.stdout) as Array<{kind: string; severity: string; text: string}>).filter(({severity}) => severity !== 'info');
	t.deepEqual(found.map(({kind}) => kind), kinds, report(result));
	t.true(found.every(finding => text.test(finding.text)), report(result));
}

test.serial('incremental backups beside the disks of a running domain are nobody\'s overlays, and good bitmaps are good until QEMU is killed', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await start(domain);
	for (const [name, from] of [['c1', ''], ['c2', '<incremental>c1</incremental>']] as const) {
		await markLive(domain, 1);
		const target = `<disk name='vda' type='file'><target file='${domain.folder}/vda.${name}'/><driver type='qcow2'/></disk>`;
		await withFile(`<domaincheckpoint><name>${name}</name></domaincheckpoint>`, async checkpoint =>
			withFile(`<domainbackup mode='push'>${from}<disks>${target}</disks></domainbackup>`, async backup =>
				virsh('backup-begin', domain.uuid, '--backupxml', backup, '--checkpointxml', checkpoint)));
		await waitFor('the backup is complete', async () => (await virsh('domjobinfo', domain.uuid)).includes('None'));
	}

	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await expectFound(t, domain, []);
	await virsh('suspend', '--domain', domain.uuid);
	await expectFound(t, domain, []);
	await virsh('resume', '--domain', domain.uuid);
	await stop(domain);
	await expectFound(t, domain, []);
	await start(domain);
	await run('pkill', ['-KILL', '-f', `guest=${domain.name},`]);
	await waitFor('libvirt sees the end of QEMU', async () => await readState(domain) === 'shut off');
	const broken = /"c1", "c2" have no good bitmap on vda\./;
	await expectFound(t, domain, ['checkpoint-broken'], broken);
	await start(domain);
	await expectFound(t, domain, ['checkpoint-broken'], broken);
});

test.serial('a checkpoint without its bitmap is told while the domain runs, and a whole one is not', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	await expectFound(t, domain, []);
	await stop(domain);
	await run('qemu-img', ['bitmap', '--remove', '-f', 'qcow2', domain.disks[1]!.path, 'c1']);
	await start(domain);
	await expectFound(t, domain, ['checkpoint-broken'], /no good bitmap on vdb\./);
});

test.serial('after libvirt\'s own reverts away and back a checkpoint has lost its bitmaps, and that is told (libvirt 9.9 and newer)', async t => {
	const version = await readLibvirtVersion();
	t.true(version > 0);
	if (version < 9_009_000) {
		t.log(`libvirt ${version} does not revert to external snapshots: not run`);
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await start(domain);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	for (const [index, name] of ['s1', 's2'].entries()) {
		await markLive(domain, index + 1);
		await takeDiskSnapshot(domain, name);
	}

	const tell = async () => (await runProgram(domain, ['doctor', '--json', '--', domain.name])).stdout;
	t.notRegex(await tell(), /"checkpoint-broken"/);
	for (const name of ['s1', 's2']) {
		await virsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', name, '--running');
	}

	t.is(await readState(domain), 'running');
	t.regex(await tell(), /"checkpoint-broken"[^}]*\\"c1\\"/);
});
