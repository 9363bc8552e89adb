/**
Deleting snapshots on real libvirt, in the shapes in which libvirt alone loses data or refuses: what remains holds its bytes, what nothing needs is gone,
and plain virsh finds right records.
*/
import {mkdir, readdir} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {change, digestSnapshots, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, readState, start, stop,
} from './domains.ts';
import {expectRefused, expectStarts} from './expect.ts';
import {report, revert} from './program.ts';
import {run, virsh} from './run.ts';
import {
	digestHeads, digestImage, readHeads, readTags, writeOffline,
} from './slots.ts';
import {
	markOffline, readCurrent, readParents, takeChain, takeDiskSnapshot, takeInternalSnapshot, takeMemorySnapshot,
} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const without = <T>(all: Record<string, T>, ...names: string[]) => Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

test.serial('L5, L6: the ancestor of two branches goes, its image stays as their base with the reason, and goes when one is left', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	t.is((await change(domain, 'branch', ['s1', 'b1'], {flags: ['--discard']})).exitCode, 0);
	await markOffline(domain, 4);
	const before = await digestSnapshots(domain);
	const plan = await readChangePlan(domain, 'delete', ['s1']);
	t.regex(plan.images.staying![0]!.reason, /shared base.*b1.*s2/);
	const first = await change(domain, 'delete', ['s1']);
	t.is(first.exitCode, 0, report(first));
	t.deepEqual(await digestSnapshots(domain), without(before, 's1'));
	t.is(await readCurrent(domain), 'b1');
	t.is((await revert(domain, 's2', {flags: ['--keep', 'here']})).exitCode, 0);
	t.deepEqual((await digestSnapshots(domain)).here, before[''], 'the note of the base must live through a revert');
	const second = await change(domain, 'delete', ['b1'], {flags: ['--children']});
	t.is(second.exitCode, 0, report(second));
	t.deepEqual(await digestSnapshots(domain), {s2: before.s2!, '': before.s2!});
	t.is((await readdir(domain.folder)).length, 2, 'the base of s1 has become one with that of s2');
	await expectStarts(t, domain);
});

test.serial('L1: a branch made and deleted after a revert takes no other branch with it', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1', 's2']);
	await stop(domain);
	const before = await digestSnapshots(domain);
	t.is((await revert(domain, 's1')).exitCode, 0);
	await takeDiskSnapshot(domain, 'b1');
	t.is((await change(domain, 'delete', ['b1'])).exitCode, 0);
	t.is(await readCurrent(domain), 's1');
	const back = await revert(domain, 's2');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), before.s2);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('all that comes after a snapshot goes, its memory file too, and the record alone where nothing else is wanted', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await takeDiskSnapshot(domain, 's1');
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	await takeDiskSnapshot(domain, 's2');
	await stop(domain);
	const before = await digestSnapshots(domain);
	const recordOnly = await change(domain, 'delete', ['s2'], {flags: ['--metadata']});
	t.is(recordOnly.exitCode, 0, report(recordOnly));
	t.deepEqual(await digestSnapshots(domain), without(before, 's2'));
	t.is(await readCurrent(domain), 'm1');
	const result = await change(domain, 'delete', ['s1'], {flags: ['--children-only']});
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await digestSnapshots(domain), without(before, 's2', 'm1'));
	t.false((await readdir(domain.folder)).includes(path.basename(memoryPath)));
	t.is(await readCurrent(domain), 's1');
});

test.serial('two domains on one base: what one deletes, merges and discards changes no byte of the other', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	const other = await makeDomain(t, {diskCount: 1});
	const clonePath = path.join(other.folder, 'clone.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, clonePath]);
	await writeOffline(clonePath, 0x77, 3);
	await run('chmod', ['0600', clonePath]);
	await defineXml(domainXml({...other, disks: [{target: 'vda', path: clonePath, format: 'qcow2'}]}));
	const bytes = await digestImage(domain.disks[0]!.path);
	const cloned = await digestHeads(other);
	const before = await digestSnapshots(domain);
	await expectRefused(t, domain, async () => change(domain, 'merge', ['s1']), new RegExp(other.name));
	const plan = await readChangePlan(domain, 'delete', ['s1']);
	t.regex(plan.images.staying![0]!.reason, new RegExp(other.name));
	for (const [verb, name] of [['delete', 's1'], ['merge', 's2']] as const) {
		const result = await change(domain, verb, [name]);
		t.is(result.exitCode, 0, report(result));
	}

	t.deepEqual(await digestSnapshots(domain), {'': before['']!});
	t.is(await digestImage(domain.disks[0]!.path), bytes);
	t.deepEqual(await digestHeads(other), cloned);
	await expectStarts(t, other);
});

test.serial('what does not belong to the running disks is deleted while the domain runs', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await takeChain(domain, ['s1', 's2', 's3']);
	await stop(domain);
	t.is((await revert(domain, 's1')).exitCode, 0);
	const before = await digestSnapshots(domain);
	await start(domain);
	const result = await change(domain, 'delete', ['s2']);
	t.is(result.exitCode, 0, report(result));
	t.is(await readState(domain), 'running');
	t.deepEqual(without(await digestSnapshots(domain), ''), without(before, 's2', ''));
	t.deepEqual(await readParents(domain), {s1: undefined, s3: 's1'});
	t.deepEqual(await readStrays(domain), []);
});

test.serial('internal snapshots go with the domain off and on, and the others inside stay', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	for (const name of ['i1', 'i2', 'i3']) {
		await takeInternalSnapshot(domain, name);
	}

	const [head] = [...(await readHeads(domain)).values()];
	const off = await change(domain, 'delete', ['i2']);
	t.is(off.exitCode, 0, report(off));
	t.deepEqual(await readTags(head!), ['i1', 'i3']);
	t.deepEqual(await readParents(domain), {i1: undefined, i3: 'i1'});
	await start(domain);
	const on = await change(domain, 'delete', ['i3']);
	t.is(on.exitCode, 0, report(on));
	t.is(await readState(domain), 'running');
	t.deepEqual(await readTags(head!), ['i1']);
	t.is(await readCurrent(domain), 'i1');
});

test.serial('L9: an internal snapshot under an external one is not lost by deleting the other', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 'e1');
	await markOffline(domain, 2);
	const before = await digestSnapshots(domain);
	const result = await change(domain, 'delete', ['e1']);
	t.is(result.exitCode, 0, report(result));
	t.deepEqual((await digestSnapshots(domain))[''], before['']);
	t.deepEqual(await readTags(domain.disks[0]!.path), ['i1']);
	t.is((await readHeads(domain)).get('vda'), domain.disks[0]!.path);
	const back = await revert(domain, 'i1');
	t.is(back.exitCode, 0, report(back));
});

test.serial('a template that is read-only is never written, whatever is deleted above it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const templatePath = path.join(domain.folder, 'template.qcow2');
	await run('mv', [domain.disks[0]!.path, templatePath]);
	await run('chmod', ['0444', templatePath]);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', templatePath, domain.disks[0]!.path]);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 1);
	const template = await digestImage(templatePath);
	const before = await digestHeads(domain);
	const result = await change(domain, 'delete', ['s1']);
	t.is(result.exitCode, 0, report(result));
	t.is(await digestImage(templatePath), template);
	t.deepEqual(await digestHeads(domain), before);
	t.is((await readdir(domain.folder)).length, 2);
});

test.serial('hostile names are deleted like any other', async t => {
	const domain = await makeDomain(t, {diskCount: 1, nameHead: '-x \'"$(touch x) ', nameTail: ' ; &'});
	const names = ['-a \'"b', '$(reboot) <&>', 's1'];
	for (const name of names) {
		await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', name, '--disk-only', '--atomic', '--diskspec', `vda,file=${domain.folder}/it's ${names.indexOf(name)}&x.img`);
	}

	const before = await digestSnapshots(domain);
	for (const name of names) {
		const result = await change(domain, 'delete', [name]);
		t.is(result.exitCode, 0, report(result));
	}

	t.deepEqual(await digestSnapshots(domain), {'': before['']!});
	t.is((await readdir(domain.folder)).length, 1);
});

test.serial('where nothing comes after a snapshot, --children-only is refused and nothing is touched', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await expectRefused(t, domain, async () => change(domain, 'delete', ['s1'], {flags: ['--children-only']}), /has no descendants/);
});

test.serial('the overlay of a disk that was detached, in a folder of its own, keeps all that it stands on', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const folder = path.join(domain.folder, 'parked');
	await mkdir(folder);
	const parked = path.join(folder, 'vdb.s2');
	await takeDiskSnapshot(domain, 's2', ['--diskspec', 'vda', '--diskspec', `vdb,file=${parked}`]);
	await writeOffline(parked, 5, 2);
	const before = await digestImage(parked, 'qcow2');
	await virsh('detach-disk', domain.uuid, 'vdb', '--config');
	for (const name of ['s2', 's1']) {
		const result = await change(domain, 'delete', [name]);
		t.is(result.exitCode, 0, report(result));
		t.is(await digestImage(parked, 'qcow2'), before);
	}
});

test.serial('a clone that no domain has, beside a frozen base in a folder of its own, keeps its bytes', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const folder = path.join(domain.folder, 'overlays');
	await mkdir(folder);
	const clone = path.join(domain.folder, 'clone.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, clone]);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', `vda,file=${path.join(folder, 'vda.s1')}`]);
	await writeOffline(path.join(folder, 'vda.s1'), 5, 2);
	const before = await digestImage(clone, 'qcow2');
	await expectRefused(t, domain, async () => change(domain, 'merge', ['s1']), /clone\.qcow2 \(of no known domain\)/u);
	t.is(await digestImage(clone, 'qcow2'), before);
});
