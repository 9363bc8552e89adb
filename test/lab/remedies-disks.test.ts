/** What is advised about disks, jobs, folders and files that are not as they should be is done, and the action then works. */
import {
	chmod, copyFile, cp, rename, rm, stat, utimes,
} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {fill, mountSmall} from './file-systems.ts';
import {
	createArgs, followAll, refused, runAsTold, succeeds,
} from './remedies.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {markLive, markOffline, takeDiskSnapshot, takeInternalSnapshot, takeMemorySnapshot} from './snapshots.ts';

test.before(startLab);

const on = (domain: LabDomain, verb: string, snapshot: string, ...options: string[]) => [verb, ...options, '--yes', '--json', '--', domain.name, snapshot];
const back = (domain: LabDomain, snapshot: string, ...options: string[]) => on(domain, 'revert', snapshot, ...(options.some(option => /^--(?:keep|discard)/.test(option)) ? [] : ['--discard']), ...options);
const onDisk = async (domain: LabDomain, file: string) => defineXml(domainXml({...domain, disks: [{...domain.disks[0]!, path: file}]}));

test.serial('a disk of the definition alone: each of the ways that are named makes the revert possible', async t => {
	const ways: Array<(advice: string, domain: LabDomain) => Promise<unknown>> = [
		async advice => runAsTold(/definition \((.*?)\), add/.exec(advice)![1]!),
		async advice => runAsTold(/running domain \((.*?)\), or shut/.exec(advice)![1]!),
		async (_, domain) => stop(domain),
	];
	for (const follow of ways) {
		const domain = await makeDomain(t, {diskCount: 1});
		await takeDiskSnapshot(domain, 's1');
		await start(domain);
		const more = path.join(domain.folder, 'vdb.qcow2');
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', more, '8M']);
		await virsh('attach-disk', '--domain', domain.uuid, '--source', more, '--target', 'vdb', '--subdriver', 'qcow2', '--config');
		const advice = await refused(t, domain, back(domain, 's1', '--shutoff'), 'or shut the domain down.');
		await follow(advice, domain);
		await succeeds(t, domain, back(domain, 's1', '--shutoff'));
	}
});

test.serial('a disk with another source at the next start: both ways that are named make the revert possible', async t => {
	for (const isRunningRight of [true, false]) {
		const domain = await makeDomain(t);
		await takeDiskSnapshot(domain, 's1');
		await start(domain);
		const other = path.join(domain.folder, 'other.qcow2');
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M']);
		await virsh('detach-disk', '--domain', domain.uuid, '--target', 'vdb', '--config');
		await virsh('attach-disk', '--domain', domain.uuid, '--source', other, '--target', 'vdb', '--subdriver', 'qcow2', '--config');
		const advice = await refused(t, domain, back(domain, 's1', '--shutoff'), 'If the running one is right, add it to the VM definition (');
		await (isRunningRight ? runAsTold(/definition \((.*?)\); if the definition/.exec(advice)![1]!) : stop(domain));
		await succeeds(t, domain, back(domain, 's1', '--shutoff'));
	}
});

test.serial('another domain on a frozen image: shut down it is out of the way; once it has written, a backup or a delete of the record helps', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const base = domain.disks[0]!.path;
	const backup = path.join(domain.statePath, 'backup');
	await cp(base, backup, {preserveTimestamps: true});
	const other = await makeDomain(t, {diskCount: 1});
	await onDisk(other, base);
	await start(other);
	await refused(t, domain, back(domain, 's1'), 'Shut that domain down first; then give it its own overlay, or keep it off.');
	await virsh('destroy', '--domain', other.uuid);
	await rm(base);
	await cp(backup, base, {preserveTimestamps: true});
	await succeeds(t, domain, back(domain, 's1'));
	await writeOffline(base, 0x99, 5);
	const remedy = 'Restore it from a backup, or delete only the record of the snapshot (vsnap-tui delete DOMAIN SNAPSHOT --metadata).';
	await refused(t, domain, back(domain, 's1'), remedy);
	await cp(backup, base, {preserveTimestamps: true});
	await utimes(base, (await stat(backup)).atime, (await stat(backup)).mtime);
	await succeeds(t, domain, back(domain, 's1'));
	t.deepEqual(await digestHeads(domain), at);
	await writeOffline(base, 0x99, 5);
	await refused(t, domain, back(domain, 's1'), remedy);
	await succeeds(t, domain, ['delete', '--yes', '--metadata', '--', domain.name, 's1']);
});

test.serial('images committed without vsnap-tui: the image from a backup is reverted to, and else the record alone goes', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	const [head] = [...(await readHeads(domain)).values()] as [string];
	const base = domain.disks[0]!.path;
	const backup = path.join(domain.statePath, 'backup');
	await cp(base, backup, {preserveTimestamps: true});
	const middle = path.join(domain.folder, 'vda.s1');
	await new Promise(resolve => {
		setTimeout(resolve, 1100);
	});
	await run('qemu-img', ['commit', '-q', '-f', 'qcow2', middle]);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', base, head]);
	await rm(middle);
	await onDisk(domain, head);
	const remedy = `Restore that image from a backup, or delete only its record: vsnap-tui delete --metadata -- ${domain.name} s1`;
	await refused(t, domain, back(domain, 's1'), remedy);
	const left = await digestImage(head);
	await copyFile(base, `${base}.merged`);
	await cp(backup, base, {preserveTimestamps: true});
	await utimes(base, (await stat(backup)).atime, (await stat(backup)).mtime);
	await succeeds(t, domain, back(domain, 's1'));
	t.deepEqual(await digestHeads(domain), at);
	t.truthy(left);
});

test.serial('a missing image that a revert needs: moved back, or restored from a backup to the same path', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const base = domain.disks[0]!.path;
	const away = path.join(domain.statePath, 'away');
	const remedy = `If it was renamed or moved, move it back; vsnap-tui doctor ${domain.name} looks for it. Else restore it from a backup, to the same path.`;
	await run('mv', [base, away]);
	await refused(t, domain, back(domain, 's1'), remedy);
	await run('mv', [away, base]);
	await succeeds(t, domain, back(domain, 's1'));
	await run('cp', ['-p', base, away]);
	await rm(base);
	await refused(t, domain, back(domain, 's1'), remedy);
	await run('cp', ['-p', away, base]);
	await succeeds(t, domain, back(domain, 's1'));
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('a state that another snapshot needs, or that is frozen already, is kept as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const clean = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 'e1');
	const base = domain.disks[0]!.path;
	await onDisk(domain, base);
	await refused(t, domain, back(domain, 'i1'), 'Delete the snapshots that need it first.');
	await succeeds(t, domain, on(domain, 'delete', 'e1'));
	const left = await refused(t, domain, back(domain, 'i1'), 'If nothing of what they hold is needed, remove them: rm -- ');
	await runAsTold(/remove them: (.*)$/.exec(left)![1]!);
	await succeeds(t, domain, back(domain, 'i1'));
	t.deepEqual(await digestHeads(domain), clean);

	const frozen = await makeDomain(t, {diskCount: 1});
	await markOffline(frozen, 1);
	await takeDiskSnapshot(frozen, 's1');
	await onDisk(frozen, frozen.disks[0]!.path);
	const kept = await digestHeads(frozen);
	const advice = await refused(t, frozen, back(frozen, 's1', '--keep', 'k1'), 'Copy what is in it (');
	const copy = path.join(frozen.folder, 'copy');
	await runAsTold(/Copy what is in it \((.*?)\)/.exec(advice)![1]!.replace('COPY', copy));
	t.is(await digestImage(copy, 'qcow2'), kept.vda!);
	await succeeds(t, frozen, back(frozen, 's1'));
});

test.serial('jobs: a backup, a pull and a copy that is at work are aborted as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await chmod(domain.folder, 0o777);
	const backupXml = `<domainbackup mode='pull'><server transport='unix' socket='${path.join(domain.folder, 'backup.sock')}'/></domainbackup>`;
	await withFile(backupXml, async filePath => virsh('backup-begin', '--domain', domain.uuid, '--backupxml', filePath));
	const asked = createArgs(domain, 's2', '--disk-only');
	const backup = await refused(t, domain, asked, `Wait until it has ended, or end it (virsh domjobabort ${domain.name}): an export goes on until somebody does, also where its vsnap-tui was killed.`);
	await runAsTold(/end it \((.*)\):/.exec(backup)![1]!);
	await succeeds(t, domain, asked);
	await virsh('blockpull', '--domain', domain.uuid, '--path', 'vda', '--bandwidth', '1', '--bytes');
	const pull = await refused(t, domain, createArgs(domain, 's3', '--disk-only'), `Wait until it has ended, or abort it (virsh blockjob ${domain.name} vda --abort).`);
	await runAsTold(/abort it \((.*)\)/.exec(pull)![1]!);
	await succeeds(t, domain, createArgs(domain, 's3', '--disk-only'));
	await stop(domain);
});

test.serial('room and folders: what is advised makes room, or the folder', async t => {
	const folder = await mountSmall(t, 12);
	const domain = await makeDomain(t, {folder, diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await fill(folder);
	const asked = createArgs(domain, 's2', '--disk-only');
	await followAll(t, domain, [{asked, remedy: 'Free some space there, then try again.', follow: async () => rm(path.join(folder, 'filler'))}]);
	await markOffline(domain, 3);
	const write = async (range: string) => run('qemu-io', ['-f', 'qcow2', '-c', `write -q ${range}`, [...(await readHeads(domain)).values()][0]!]);
	await write('8M 2M');
	await succeeds(t, domain, createArgs(domain, 's3', '--disk-only'));
	await write('2M 2M');
	await fill(folder);
	await followAll(t, domain, [{asked: on(domain, 'merge', 's3'), remedy: 'Free some space there, then try again.', follow: async () => rm(path.join(folder, 'filler'))}]);

	const other = await makeDomain(t, {diskCount: 1});
	const absent = path.join(other.folder, 'not', 'there');
	const named = createArgs(other, 's1', '--disk-only', '--disk', `vda=external:${path.join(absent, 'vda')}`);
	const advice = await refused(t, other, named, 'mkdir -p ');
	await runAsTold(/mkdir -p [^\s)]+/.exec(advice)![0]);
	await succeeds(t, other, named);
});

test.serial('a medium that the memory inside an image needs: restored, or left out by --shutoff', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const iso = path.join(domain.folder, 'cd.iso');
	await run('truncate', ['-s', '1M', iso]);
	await defineXml(domainXml(domain, {devicesXml: `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${iso}'/><target dev='sda' bus='sata'/><readonly/></disk>`}));
	await start(domain);
	await takeInternalSnapshot(domain, 'm1');
	await stop(domain);
	await rename(iso, `${iso}.away`);
	const remedy = 'Restore it to the same path, or revert with --shutoff: then only the disks are reverted, and the drive is left empty.';
	await refused(t, domain, back(domain, 'm1'), remedy);
	await rename(`${iso}.away`, iso);
	await succeeds(t, domain, back(domain, 'm1'));
	await stop(domain);
	await rename(iso, `${iso}.away`);
	await refused(t, domain, back(domain, 'm1'), remedy);
	await succeeds(t, domain, back(domain, 'm1', '--shutoff'));
	// The drive is empty now, and had a medium then: libvirt compares the two when it deletes what was left.
	await rename(`${iso}.away`, iso);
	await succeeds(t, domain, back(domain, 'm1'));
});

test.serial('memory alone, and a record without a disk, are deleted as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'memory', '--memspec', `file=${path.join(domain.folder, 'm.mem')}`, '--diskspec', 'vda,snapshot=no');
	const only = await refused(t, domain, back(domain, 'memory'), 'Nothing of it can be restored safely. Delete it: ');
	const [, ...words] = /Delete it: (.*)$/.exec(only)![1]!.split(' ');
	await succeeds(t, domain, [words[0]!, '--yes', ...words.slice(1)]);
	await refused(t, domain, ['branch', '--discard', '--yes', '--json', '--', domain.name, 'memory', 'b'], /./).catch(() => undefined);
	await stop(domain);
	t.is((await attemptVirsh('snapshot-list', '--domain', domain.uuid, '--name')).stdout.trim(), '');
	await start(domain);
	await takeMemorySnapshot(domain, 'whole');
	await stop(domain);
});
