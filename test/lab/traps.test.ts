/**
What libvirt itself gets wrong (R1–R13), on real disks: asked for the same wish, this program keeps every byte, or refuses beforehand with the reason.
*/
import {Buffer} from 'node:buffer';
import {
	open, rm, truncate, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, readState, start, stop, withFile,
} from './domains.ts';
import {expectRefused, expectReverted, expectStarts} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {
	readError, report, revert, runProgram,
} from './program.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {imagesPath} from './settings.ts';
import {makeShims, readPlan} from './shims.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {
	markLive, markOffline, readCurrent, readParents, takeChain, takeDiskSnapshot, takeInternalSnapshot, takeMemorySnapshot,
} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

test.serial('R1: a branch made and deleted by virsh after a revert takes no other branch with it', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--running']}), {digests: digests.get('s1')!, current: 's1', state: 'running'});
	await markLive(domain, 7);
	await takeDiskSnapshot(domain, 'b1');
	const left = await markLive(domain, 8);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'b1');
	t.deepEqual(await digestHeads(domain), left);
	t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1'});
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
});

test.serial('R2: a snapshot that was only declared current does not cost the middle of the chain', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2', 's3']);
	await stop(domain);
	await virsh('snapshot-current', '--domain', domain.uuid, '--snapshotname', 's1');
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
	await expectReverted(t, domain, await revert(domain, 's3'), {digests: digests.get('s3')!, current: 's3'});
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
});

test.serial('R3: with an external snapshot and no current one, the daemon lives on and the bytes come back', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const xml = await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's1', '--security-info');
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's1', '--metadata');
	await withFile(xml, async filePath => virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', filePath, '--redefine'));
	const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
	t.not(current.exitCode, 0, 'there is no current snapshot');
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	await expectStarts(t, domain);
});

test.serial('R4: when an overlay for a memory revert cannot be made, the domain runs on as it was, and no frozen image is opened for writing', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await markLive(domain, 1);
	await takeMemorySnapshot(domain, 'm1');
	await markLive(domain, 2);
	await waitForCounter(domain, 10);
	const counter = await readCounter(domain);
	const plan = await readPlan(domain, 'm1');
	const at = plan.steps.findIndex(step => step.id === 'create-vdb');
	const before = await readWorld(domain);
	const shims = await makeShims(t, plan, {at, script: 'exit 1'});
	const result = await revert(domain, 'm1', shims.options);
	t.is(result.exitCode, 1, report(result));
	t.is(await shims.readReached(), at + 1);
	t.deepEqual(await readWorld(domain), before);
	t.true(await readCounter(domain) >= counter, 'it was never stopped');
});

for (const [what, damage] of [
	['missing', async (memoryPath: string) => rm(memoryPath)],
	['marked as partial', async (memoryPath: string) => {
		const file = await open(memoryPath, 'r+');
		await file.write('LibvirtQemudPart', 0);
		await file.close();
	}],
	['cut off within its header', async (memoryPath: string) => truncate(memoryPath, 60)],
	['no memory file at all', async (memoryPath: string) => writeFile(memoryPath, 'x'.repeat(100_000))],
] as const) {
	test.serial(`R5: a memory file that is ${what} is found before the domain is stopped`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		await markLive(domain, 1);
		const memoryPath = await takeMemorySnapshot(domain, 'm1');
		await damage(memoryPath);
		await waitForCounter(domain, 5);
		const counter = await readCounter(domain);
		await expectRefused(t, domain, async () => revert(domain, 'm1'), /memory/i);
		t.true(await readCounter(domain) >= counter, 'it was never stopped');
	});
}

test.serial('R5, L4: a memory file damaged behind its header leaves the domain on its disks, says that the guest has booted again, and no frozen image changed', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await markLive(domain, 1);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	const left = await markLive(domain, 2);
	const frozen = await Promise.all(domain.disks.map(async disk => digestImage(disk.path)));
	const file = await open(memoryPath, 'r+');
	const {size} = await file.stat();
	for (let place = 92 + (128 * 1024); place < size; place += 4096) {
		await file.write('damaged!', place);
	}

	await file.close();
	const result = await revert(domain, 'm1');
	t.is(result.exitCode, 1, report(result));
	t.regex(readError(result).message, /The guest was powered off during the action and has booted again/);
	t.is(await readState(domain), 'running');
	t.deepEqual(await Promise.all(domain.disks.map(async disk => digestImage(disk.path))), frozen);
	t.deepEqual(await digestHeads(domain), left);
	t.is(await readCurrent(domain), 'm1');
});

test.serial('R6, L7: a disk that the snapshot left out keeps its file and its bytes, also at the next revert', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const then = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vda,snapshot=external', '--diskspec', 'vdb,snapshot=no']);
	const now = await markLive(domain, 2);
	const first = await revert(domain, 's1');
	await expectReverted(t, domain, first, {digests: {vda: then.vda!, vdb: now.vdb!}, current: 's1'});
	const heads = await readHeads(domain);
	t.is(heads.get('vdb'), domain.disks[1]!.path);
	const later = await markOffline(domain, 3);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: {vda: then.vda!, vdb: later.vdb!}, current: 's1'});
	const plan = await readPlan(domain, 's1');
	t.true(plan.consequences.some(({severity, text}) => severity === 'warning' && text.includes('vdb')), 'the plan says that vdb is not rolled back');
});

test.serial('R6: a left out disk whose image another snapshot keeps gets an overlay, so that nothing writes into that image', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const then = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vda,snapshot=external', '--diskspec', 'vdb,snapshot=no']);
	const digests = await takeChain(domain, ['s2']);
	const first = await revert(domain, 's1', {flags: ['--keep', 'left']});
	await expectReverted(t, domain, first, {digests: {vda: then.vda!, vdb: digests.get('')!.vdb!}, current: 's1'});
	await markOffline(domain, 5);
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
	await expectReverted(t, domain, await revert(domain, 'left'), {digests: digests.get('')!, current: 'left'});
});

test.serial('R7: a CD-ROM keeps its file and its format', async t => {
	const isoPath = path.join(imagesPath, `${process.pid}.iso`);
	await writeFile(isoPath, Buffer.alloc(1024 * 1024, 7), {mode: 0o644});
	t.teardown(async () => rm(isoPath, {force: true}));
	const domain = await makeDomain(t, {devicesXml: `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${isoPath}'/>
<target dev='hdc' bus='ide'/><readonly/></disk>`});
	await start(domain);
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	const heads = await readHeads(domain);
	t.is(heads.get('hdc'), isoPath);
	t.regex(await virsh('dumpxml', '--domain', domain.uuid, '--inactive'), /device='cdrom'>\s*<driver name='qemu' type='raw'\/>/);
	await expectStarts(t, domain, ['hdc']);
});

test.serial('R8: a snapshot of memory alone is refused, and the domain runs on', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const noDisks = ['--diskspec', 'vda,snapshot=no', '--diskspec', 'vdb,snapshot=no'];
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'm1', '--memspec', `file=${domain.folder}/m1.mem,snapshot=external`, ...noDisks);
	await markLive(domain, 2);
	await expectRefused(t, domain, async () => revert(domain, 'm1'), /memory/i);
});

test.serial('R9: two reverts of a running domain within a second both work', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	const first = await revert(domain, 's1', {flags: ['--running']});
	const second = await revert(domain, 's1', {flags: ['--running']});
	t.is(first.exitCode, 0, report(first));
	await expectReverted(t, domain, second, {digests: digests.get('s1')!, current: 's1', state: 'running'});
});

test.serial('R10: a disk that was added after the snapshot leaves the definition, and its images stay, byte for byte', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const added = {target: 'vdc', path: path.join(domain.folder, 'vdc.qcow2'), format: 'qcow2' as const};
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', added.path, '16M']);
	await writeOffline(added.path, 0x77, 2);
	await virsh('attach-disk', '--domain', domain.uuid, '--source', added.path, '--target', 'vdc', '--subdriver', 'qcow2', '--config');
	const second = await digestHeads(domain);
	await takeDiskSnapshot(domain, 's2');
	const heads = await readHeads(domain);
	await writeOffline(heads.get('vdc')!, 0x78, 3);
	const left = await digestImage(heads.get('vdc')!);
	const result = await revert(domain, 's1');
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await digestHeads(domain), first);
	t.is(await digestImage(heads.get('vdc')!), left, 'the added disk as it was left');
	const backHeads = await readHeads(domain);
	await writeOffline(backHeads.get('vda')!, 0x79, 4);
	const back = await revert(domain, 's2');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), second);
	t.is(await digestImage(heads.get('vdc')!), left, 'and still so after the way there and back');
});

test.serial('R11, L9: an internal snapshot inside an image that an external one keeps is refused, and the delete that is advised leads there', async t => {
	const domain = await makeDomain(t);
	const first = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	const second = await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 'e1');
	await markOffline(domain, 3);
	await expectRefused(t, domain, async () => revert(domain, 'i1'), /e1|needed|writes to/);
	await expectReverted(t, domain, await revert(domain, 'e1'), {digests: second, current: 'e1'});
	const refused = await revert(domain, 'i1');
	t.is(refused.exitCode, 3, report(refused));
	const words = /vsnap-tui (?<words>delete -- [^.;]*)/.exec(readError(refused).message)!.groups!.words!;
	const followed = await runProgram(domain, ['delete', '--yes', ...words.split(' ').slice(1)]);
	t.is(followed.exitCode, 0, report(followed));
	t.deepEqual(await digestHeads(domain), second);
	await expectReverted(t, domain, await revert(domain, 'i1'), {digests: first, current: 'i1'});
});

test.serial('R12: an internal snapshot beside bitmaps of a checkpoint is refused before the domain is stopped', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	await start(domain);
	await markLive(domain, 2);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	await expectRefused(t, domain, async () => revert(domain, 'i1'), /checkpoint|bitmap/);
	t.is(await readState(domain), 'running');
	await stop(domain);
	await expectRefused(t, domain, async () => revert(domain, 'i1'), /checkpoint|bitmap/);
});

test.serial('R13, L10: a managed save stands in the way of every revert, and stays', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	await virsh('managedsave', '--domain', domain.uuid);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /managed save/);
	await virsh('managedsave-remove', '--domain', domain.uuid);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
});

test.serial('L8: a chain that was merged by hand is not reverted to as if nothing had happened', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2', 's3']);
	const middle = path.join(domain.folder, 'vda.s1');
	await virsh('blockcommit', '--domain', domain.uuid, '--path', 'vda', '--top', path.join(domain.folder, 'vda.s2'), '--base', middle, '--wait');
	t.not(await digestImage(middle), digests.get('s2')!.vda, 'the merge changed what s2 keeps');
	await expectRefused(t, domain, async () => revert(domain, 's2'), /vda/);
});

test.serial('L12: an overlay made by hand above the recorded one costs no image that a snapshot needs', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const second = await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	const heads = await readHeads(domain);
	const handMade = path.join(domain.folder, 'vda.hand');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', heads.get('vda')!, handMade]);
	await defineXml(domainXml({...domain, disks: [{target: 'vda', path: handMade, format: 'qcow2'}]}));
	const left = await markOffline(domain, 4);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'left']}), {digests: first, current: 's1'});
	await expectReverted(t, domain, await revert(domain, 'left'), {digests: left, current: 'left'});
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: second, current: 's2'});
});

test.serial('an image of nobody\'s domain that stands on the head keeps it from being removed', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const left = await markOffline(domain, 2);
	const heads = await readHeads(domain);
	const theirs = path.join(domain.folder, 'vda.theirs');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', heads.get('vda')!, theirs]);
	const result = await revert(domain, 's1');
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await digestHeads(domain), digests);
	t.is(await digestImage(theirs), left.vda!);
});

test.serial('L15: a name that libvirt could not save is refused beforehand', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	await expectRefused(t, domain, async () => revert(domain, 's1', {flags: ['--keep', 'x'.repeat(248)]}), /name/);
});

test.serial('L16: an image that was parked without a snapshot is not taken for one that nobody needs', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const parkedState = await markOffline(domain, 2);
	const heads = await readHeads(domain);
	const parked = heads.get('vda')!;
	const other = path.join(domain.folder, 'vda.other');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, other]);
	await defineXml(domainXml({...domain, disks: [{target: 'vda', path: other, format: 'qcow2'}]}));
	const result = await revert(domain, 's1');
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await digestHeads(domain), first);
	t.is(await digestImage(parked), parkedState.vda!);
});
