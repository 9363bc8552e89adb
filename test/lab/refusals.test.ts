/** What stands in the way is named beforehand, with exit code 3, and nothing is touched: not a byte, not a record, not the running domain. */
import {chmod, unlink} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, withFile,
} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {
	fill, makeReadOnly, makeWritable, mountSmall,
} from './file-systems.ts';
import {holdImage} from './image-holder.ts';
import {
	readError, report, revert, runProgram,
} from './program.ts';
import {virsh} from './run.ts';
import {readHeads, writeOffline} from './slots.ts';
import {
	markLive, markOffline, takeChain, takeDiskSnapshot,
} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

test.serial('a missing image below the snapshot is refused', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	await unlink(domain.disks[1]!.path);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /vdb\.qcow2/);
	await expectRefused(t, domain, async () => revert(domain, 's2'), /vdb\.qcow2/);
});

test.serial('all reasons are named at once', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	await unlink(domain.disks[0]!.path);
	await unlink(domain.disks[1]!.path);
	await expectRefused(t, domain, async () => revert(domain, 's1', {flags: ['--keep', 's1']}), /(?=.*vda\.qcow2)(?=.*vdb\.qcow2)(?=.*already)/s);
});

test.serial('a frozen image that another process writes to is refused', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const release = await holdImage(t, domain.disks[0]!.path);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /vda\.qcow2/);
	await release();
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('a head that another process has open is refused, whether it would be removed or kept', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const heads = await readHeads(domain);
	const release = await holdImage(t, heads.get('vdb')!);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /vdb\.s1/);
	await expectRefused(t, domain, async () => revert(domain, 's1', {flags: ['--keep', 'before']}), /vdb\.s1/);
	await release();
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('another domain that runs on a frozen image is named', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const other = await makeDomain(t, {diskCount: 1});
	await defineXml(domainXml({...other, disks: [{target: 'vda', path: domain.disks[0]!.path, format: 'qcow2'}]}));
	await start(other);
	await expectRefused(t, domain, async () => revert(domain, 's1'), new RegExp(other.name));
	await virsh('destroy', '--domain', other.uuid);
	await writeOffline(domain.disks[0]!.path, 0x99, 5);
	await expectRefused(t, domain, async () => revert(domain, 's1'), new RegExp(`${other.name}.*was written to since`));
});

test.serial('a full file system is refused', async t => {
	const folder = await mountSmall(t, 8);
	const domain = await makeDomain(t, {folder});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await fill(folder);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /room|space/i);
});

test.serial('a read-only file system is refused', async t => {
	const folder = await mountSmall(t, 8);
	const domain = await makeDomain(t, {folder});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await makeReadOnly(folder);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /writ/i);
	await makeWritable(folder);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('a backup that runs is refused, and goes on', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	// QEMU's user makes the socket.
	await chmod(domain.folder, 0o777);
	const backupXml = `<domainbackup mode='pull'><server transport='unix' socket='${path.join(domain.folder, 'backup.sock')}'/></domainbackup>`;
	await withFile(backupXml, async filePath => virsh('backup-begin', '--domain', domain.uuid, '--backupxml', filePath));
	await expectRefused(t, domain, async () => revert(domain, 's1'), /job|backup/i, 6);
	const job = await virsh('domjobinfo', '--domain', domain.uuid);
	t.regex(job, /Backup/);
	await virsh('domjobabort', '--domain', domain.uuid);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: digests.get('s1')!, current: 's1'});
});

test.serial('a block job that runs is refused, and goes on', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1']);
	await virsh('blockpull', '--domain', domain.uuid, '--path', 'vda', '--bandwidth', '1', '--bytes');
	const result = await revert(domain, 's1');
	t.is(result.exitCode, 6, report(result));
	t.regex(result.stderr, /job/i);
	const job = await virsh('blockjob', '--domain', domain.uuid, '--path', 'vda', '--raw');
	t.regex(job, /Block Pull/);
	await virsh('blockjob', '--domain', domain.uuid, '--path', 'vda', '--abort');
});

test.serial('a transient domain is refused', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await virsh('undefine', '--domain', domain.uuid);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	const heads = await readHeads(domain);
	const result = await revert(domain, 's1');
	t.is(result.exitCode, 3, report(result));
	t.regex(result.stderr, /transient/);
	t.deepEqual(await readHeads(domain), heads);
});

test.serial('unknown domains and snapshots are refused with the names that there are', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	const noSnapshot = await revert(domain, 'S1');
	t.is(noSnapshot.exitCode, 3, report(noSnapshot));
	t.is(readError(noSnapshot).kind, 'snapshot-not-found');
	t.regex(readError(noSnapshot).hint!, /s1/);
	const noDomain = await revert({...domain, name: `${domain.name}x`}, 's1');
	t.is(noDomain.exitCode, 3, report(noDomain));
	t.is(readError(noDomain).kind, 'domain-not-found');
	t.deepEqual(await readWorld(domain), before);
});

test.serial('without --yes, without a word about the current state, or with wishes that exclude each other, nothing happens', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	for (const flags of [['--yes'], ['--discard'], ['--keep', 'a', '--discard', '--yes'], ['--discard', '--running', '--paused', '--yes']]) {
		const result = await runProgram(domain, ['revert', ...flags, '--', domain.name, 's1']);
		t.is(result.exitCode, 2, `${flags.join(' ')}\n${report(result)}`);
	}

	const shown = await runProgram(domain, ['revert', '--dry-run', '--json', '--', domain.name, 's1']);
	t.like(JSON.parse(shown.stdout), {action: {currentState: {kind: 'keep'}}}, report(shown));
	t.deepEqual(await readWorld(domain), before);
});

test.serial('--read-only makes a revert impossible, and still shows the tree', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	await expectRefused(t, domain, async () => revert(domain, 's1', {flags: ['--read-only']}), /read-only/);
	const tree = await runProgram(domain, ['tree', '--read-only', '--json', '--', domain.name]);
	t.is(tree.exitCode, 0, report(tree));
	const without = await revert(domain, 's1');
	t.is(without.exitCode, 0, report(without));
});

test.serial('a host that is not there ends with exit code 5', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const result = await runProgram(domain, ['list', '--json', '-c', 'qemu+unix:///system?socket=/nowhere/sock']);
	t.is(result.exitCode, 5, report(result));
	t.is(readError(result).kind, 'host-unreachable');
});

test.serial('a private folder that cannot be written to is found before anything is changed', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	const folder = await mountSmall(t, 1);
	await makeReadOnly(folder);
	const result = await revert({...domain, statePath: folder}, 's1');
	t.is(result.exitCode, 1, report(result));
	t.is(readError(result).kind, 'state-folder');
	t.deepEqual(await readWorld(domain), before);
});
