/** What a refused revert, branch, merge, delete or rename advises is done, and the action then works. */
import {chmod, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {makeCrashed} from './crash.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {
	createArgs, followAll, refused, runAsTold, succeeds,
} from './remedies.ts';
import {run, virsh} from './run.ts';
import {digestHeads, digestImage} from './slots.ts';
import {
	markOffline, readParents, takeDiskSnapshot, takeInternalSnapshot, takeMemorySnapshot,
} from './snapshots.ts';

test.before(startLab);

const on = (domain: LabDomain, verb: string, snapshot: string, ...options: string[]) => [verb, ...options, '--yes', '--json', '--', domain.name, snapshot];
const back = (domain: LabDomain, snapshot: string, ...options: string[]) => on(domain, 'revert', snapshot, ...(options.some(option => /^--(?:keep|discard)/.test(option)) ? [] : ['--discard']), ...options);
/** `virsh snapshot-edit` with a sed script for an editor. */
const edit = async (domain: LabDomain, snapshot: string, script: string) => runAsTold(`EDITOR='sed -i ${script}' virsh snapshot-edit --domain ${domain.uuid} --snapshotname ${snapshot}`);

test.serial('a merge that has nothing to do leads to a delete', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await takeDiskSnapshot(domain, 's2');
	await succeeds(t, domain, back(domain, 's1'));
	await followAll(t, domain, [
		{asked: on(domain, 'merge', 's2'), remedy: 'Delete it instead (d, or vsnap-tui delete).', followed: on(domain, 'delete', 's2')},
	]);
	await takeDiskSnapshot(domain, 's3');
	await succeeds(t, domain, ['branch', '--discard', '--yes', '--json', '--', domain.name, 's1', 'b1']);
	await succeeds(t, domain, back(domain, 's1'));
	await followAll(t, domain, [
		{asked: on(domain, 'merge', 's1'), remedy: 'Delete "s1" instead: the image stays as long as it is needed.', followed: on(domain, 'delete', 's1')},
	]);
	const inside = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(inside, 'i1');
	await followAll(t, inside, [
		{asked: on(inside, 'merge', 'i1'), remedy: 'Delete it: the current state stays (vsnap-tui delete DOMAIN SNAPSHOT).', followed: on(inside, 'delete', 'i1')},
	]);
});

test.serial('an image that another domain needs is not merged, and the delete that is advised leaves it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const other = await makeDomain(t, {diskCount: 0});
	const clone = path.join(other.folder, 'clone');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, clone]);
	await virsh('attach-disk', '--domain', other.uuid, '--source', clone, '--target', 'vda', '--subdriver', 'qcow2', '--config');
	await followAll(t, domain, [
		{asked: on(domain, 'merge', 's1'), remedy: 'Delete "s1" instead: the image stays as long as it is needed.', followed: on(domain, 'delete', 's1')},
	]);
});

test.serial('a branch: two names, an internal snapshot that is forked by a kept state, and a snapshot without a disk', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const branch = (name: string, ...options: string[]) => ['branch', ...options, '--yes', '--json', '--', domain.name, 's1', name];
	await followAll(t, domain, [
		{asked: branch('same', '--keep', 'same'), remedy: 'Choose another name for one of them.', followed: branch('other', '--keep', 'same')},
		{asked: branch('s1', '--discard'), remedy: 'Choose another name for the branch.', followed: branch('b2', '--discard')},
	]);

	const inside = await makeDomain(t, {diskCount: 1});
	await markOffline(inside, 1);
	await takeInternalSnapshot(inside, 'i1');
	await markOffline(inside, 2);
	await refused(t, inside, ['branch', '--discard', '--yes', '--json', '--', inside.name, 'i1', 'b1'], 'Revert to it, keeping the current state (--keep), and take the next snapshot there: that forks the tree.');
	await succeeds(t, inside, back(inside, 'i1', '--keep', 'left'));
	await succeeds(t, inside, createArgs(inside, 'next'));
	t.deepEqual(await readParents(inside), {i1: undefined, left: 'i1', next: 'i1'});
});

test.serial('the state of an internal snapshot that is missing, or there twice', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const [{path: image}] = domain.disks as [typeof domain.disks[0]];
	await takeInternalSnapshot(domain, 'lost');
	await run('qemu-img', ['snapshot', '-d', 'lost', image]);
	await refused(t, domain, back(domain, 'lost'), `Delete only its record: vsnap-tui delete --metadata -- ${domain.name} lost`);
	await succeeds(t, domain, ['delete', '--yes', '--metadata', '--', domain.name, 'lost']);

	await markOffline(domain, 1);
	await run('qemu-img', ['snapshot', '-c', 'twice', image]);
	const right = await markOffline(domain, 2);
	await takeInternalSnapshot(domain, 'once');
	// libvirt itself makes no second state of that name.
	await run('qemu-img', ['snapshot', '-c', 'twice', image]);
	await run('qemu-img', ['snapshot', '-d', 'once', image]);

	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'once', '--metadata').catch(() => undefined);
	await withFile(`<domainsnapshot><name>twice</name><state>shutoff</state><creationTime>1700000000</creationTime><memory snapshot='no'/><disks><disk name='vda' snapshot='internal'/></disks>${(await virsh('dumpxml', '--domain', domain.uuid)).trim()}</domainsnapshot>`, async file => virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', file, '--redefine', '--current'));
	await markOffline(domain, 3);
	const twice = await refused(t, domain, back(domain, 'twice'), 'deletes the older one.');
	const [list, copy, remove] = [/qemu-img snapshot -l \S+/, /qemu-img convert -l .* COPY/, /qemu-img snapshot -d .*(?= deletes)/].map(part => part.exec(twice)![0]) as [string, string, string];
	const numbers = [...(await runAsTold(list)).matchAll(/^(\d+) +twice/gm)].map(([, number]) => number!);
	t.is(numbers.length, 2);
	await runAsTold(copy.replace('NUMBER', numbers[1]!).replace('COPY', `${image}.copy`));
	t.is(await digestImage(`${image}.copy`, 'qcow2'), right.vda!);
	await runAsTold(remove);
	await succeeds(t, domain, back(domain, 'twice'));
	t.deepEqual(await digestHeads(domain), right);
});

test.serial('internal snapshots of a running guest', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await takeInternalSnapshot(domain, 'i2');
	await followAll(t, domain, [
		{asked: on(domain, 'delete', 'i2', '--children-only'), remedy: 'Leave --children-only out to delete the snapshot itself.', followed: on(domain, 'delete', 'i2')},
	]);
	await takeInternalSnapshot(domain, 'i2');
	await takeInternalSnapshot(domain, 'i3');
	await takeDiskSnapshot(domain, 'e1');
	await start(domain);
	await refused(t, domain, on(domain, 'delete', 'i3'), 'Shut the domain down first.');
	await virsh('destroy', '--domain', domain.uuid);
	await succeeds(t, domain, on(domain, 'delete', 'i3'));
	await start(domain);
	await refused(t, domain, on(domain, 'delete', 'i1', '--children'), 'Shut the domain down first, or delete them one by one.');
	for (const name of ['e1', 'i2', 'i1']) {
		await succeeds(t, domain, on(domain, 'delete', name));
	}

	await stop(domain);
});

test.serial('an internal snapshot keeps its name, and its description says what it is for', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await refused(t, domain, ['rename', '--yes', '--json', '--', domain.name, 'i1', 'release'], 'Keep the name; what the snapshot is for can stand in its description (virsh snapshot-edit).');
	await edit(domain, 'i1', '"s#<name>i1</name>#&<description>the release</description>#"');
	t.regex(await succeeds(t, domain, ['tree', '--json', '--', domain.name]), /the release/);
});

test.serial('checkpoints that stand in the way go with the commands that are named, running and off', async t => {
	for (const isRunning of [true, false]) {
		const domain = await makeDomain(t);
		await takeInternalSnapshot(domain, 'i1');
		await start(domain);
		for (const name of ['c1', 'c2']) {
			await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', name);
		}

		if (!isRunning) {
			await stop(domain);
		}

		const advice = await refused(t, domain, back(domain, 'i1'), 'Delete them: virsh checkpoint-delete');
		await runAsTold(/Delete them: (.*)\. The next/.exec(advice)![1]!);
		await succeeds(t, domain, back(domain, 'i1'));
		await stop(domain);
	}
});

test.serial('beside overlays without a record another such is refused, and one with a record is made', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await succeeds(t, domain, createArgs(domain, 's3', '--disk-only'));
	await refused(t, domain, createArgs(domain, 's4', '--disk-only', '--no-metadata'), 'Leave --no-metadata out: the new snapshot then gets its own record.');
	await succeeds(t, domain, createArgs(domain, 's4', '--disk-only'));
	await stop(domain);
});

test.serial('a transient domain, and a managed save: each of the commands that are named makes the revert possible', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const {name} = domain;
	for (const command of [`virsh start ${name}`, `virsh managedsave-remove ${name}`]) {
		await start(domain).catch(() => undefined);
		await virsh('managedsave', '--domain', domain.uuid);
		const advice = await refused(t, domain, back(domain, 's1'), `Start the domain from it (virsh start ${name}), or discard it (virsh managedsave-remove ${name}); then try again.`);
		t.true(advice.includes(command));
		await runAsTold(command);
		await succeeds(t, domain, back(domain, 's1', '--shutoff'));
	}

	await start(domain);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's1', '--metadata');
	await virsh('undefine', '--domain', domain.uuid);
	await takeDiskSnapshot(domain, 't1');
	const advice = await refused(t, domain, back(domain, 't1'), `Make it persistent first: virsh dumpxml ${name} > FILE, then virsh define FILE.`);
	const file = path.join(domain.statePath, 'defined.xml');
	for (const command of /first: (.*), then (.*)\.$/.exec(advice)!.slice(1)) {
		await runAsTold(command.replaceAll('FILE', file));
	}

	await succeeds(t, domain, back(domain, 't1', '--shutoff'));
});

test.serial('a revert without its memory: --shutoff, a file that is restored, and a snapshot that holds nothing', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	await rename(memoryPath, `${memoryPath}.away`);
	const remedy = 'Revert with --shutoff to restore only the disks, or restore the file.';
	await refused(t, domain, back(domain, 'm1'), remedy);
	await rename(`${memoryPath}.away`, memoryPath);
	await succeeds(t, domain, back(domain, 'm1'));
	await rm(memoryPath);
	await refused(t, domain, back(domain, 'm1'), remedy);
	await succeeds(t, domain, back(domain, 'm1', '--shutoff'));
});

test.serial('keeping: the memory of a domain that is off, a name that is taken, and an image that is frozen already', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await followAll(t, domain, [
		{asked: back(domain, 's1', '--keep', 'k1', '--memory'), remedy: 'Leave --memory out.', followed: back(domain, 's1', '--keep', 'k1')},
		{asked: back(domain, 's1', '--keep', 'k1'), remedy: 'Choose another name for the kept state.', followed: back(domain, 's1', '--keep', 'k2')},
	]);
	const inside = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(inside, 'i1');
	await run('qemu-img', ['snapshot', '-c', 'k1', inside.disks[0]!.path]);
	await followAll(t, inside, [
		{asked: back(inside, 'i1', '--keep', 'k1'), remedy: 'Choose another name for the kept state.', followed: back(inside, 'i1', '--keep', 'k2')},
	]);
});

test.serial('the mark of an action that nobody will finish is removed by the command that is named', async t => {
	const {domain} = await makeCrashed(t, 'create-vda', {diskCount: 1});
	const other = {...domain, statePath: `${domain.statePath}/other`};
	const advice = await refused(t, other, createArgs(other, 'x', '--disk-only'), 'removes the mark and touches nothing else.');
	await runAsTold(/virsh secret-undefine [\da-f-]{36}/.exec(advice)![0]);
	await succeeds(t, other, createArgs(other, 'x', '--disk-only'));
});

test.serial('memory is left out of what is kept where a disk goes on without it', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vdb,snapshot=no']);
	await start(domain);
	await followAll(t, domain, [
		{asked: back(domain, 's1', '--keep', 'k1', '--memory'), remedy: 'Leave --memory out: then the disks alone are kept.', followed: back(domain, 's1', '--keep', 'k1')},
	]);
	await stop(domain);
});

test.serial('bitmaps without a record, in the images of a running guest, go with the domain off as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await run('qemu-img', ['bitmap', '--add', domain.disks[0]!.path, 'left']);
	await start(domain);
	const advice = await refused(t, domain, back(domain, 'i1'), 'With the domain off, remove what has no record: ');
	await stop(domain);
	await runAsTold(/no record: (.*?)\. The next/.exec(advice)![1]!);
	await succeeds(t, domain, back(domain, 'i1'));
});

test.serial('a folder that may not be written to, and an image whose mode is read-only', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	await chmod(domain.disks[0]!.path, 0o444);
	await refused(t, domain, back(domain, 'i1'), 'Make it writable, unless it is a template.');
	await chmod(domain.disks[0]!.path, 0o644);
	await succeeds(t, domain, back(domain, 'i1'));
	await takeDiskSnapshot(domain, 'e1');
	await chmod(domain.disks[0]!.path, 0o444);
	await refused(t, domain, on(domain, 'delete', 'i1'), 'Delete only the record (--metadata); the state inside can be deleted when nothing else needs the image.');
	await succeeds(t, domain, on(domain, 'delete', 'i1', '--metadata'));
});
