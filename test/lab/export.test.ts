/**
Exports of running domains: other programs read what the disks held when they began, whatever the guest writes meanwhile, and nothing is left when they end: by a signal, or
because the scratch files would run out of room, of which the guest sees nothing.
*/
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Finding} from '../../source/model/domain/finding.ts';
import {
	backUp, digestPoint, makeTarget, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {
	digestExport, exportDisks, makeSocket, readDirtyBytes,
} from './exports.ts';
import {mountSmall} from './file-systems.ts';
import {readError, report, runProgram} from './program.ts';
import {runAsTold} from './remedies.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {writeLive} from './slots.ts';
import {markLive, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const digestBoth = async (t: ExecutionContext, socket: string): Promise<Digests> => ({vda: await digestExport(t, socket, 'vda'), vdb: await digestExport(t, socket, 'vdb')});

async function expectNothingLeft(t: ExecutionContext, domain: LabDomain, before: string[]): Promise<void> {
	t.deepEqual((await readdir(domain.folder)).sort(), before);
	t.deepEqual(await readStrays(domain), []);
	t.regex((await attemptVirsh('backup-dumpxml', domain.uuid)).stderr, /no domain backup job present/);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	test.serial(`what is read is what the disks held when it began, and ${signal} ends it and leaves nothing`, async t => {
		const domain = await makeDomain(t, {sizeMiB: 8});
		await start(domain);
		const socket = await makeSocket(t, domain);
		const held = await markLive(domain, 1);
		const before = (await readdir(domain.folder)).sort();
		const exporting = exportDisks(domain, socket);
		const {disks} = await exporting.begun as unknown as {disks: Array<{uri: string; dirtyBitmap: null}>};
		t.deepEqual(disks.map(({uri, dirtyBitmap}) => [uri, dirtyBitmap]), ['vda', 'vdb'].map(target => [`nbd+unix:///${target}?socket=${socket}`, null]));
		t.notDeepEqual(await markLive(domain, 2), held);
		t.deepEqual(await digestBoth(t, socket), held);
		exporting.end(signal);
		const result = await exporting.ended;
		t.is(result.exitCode, 0, report(result));
		await expectNothingLeft(t, domain, before);
		t.deepEqual(await readCheckpointNames(domain), []);
	});
}

test.serial('since a checkpoint: the bitmap tells what was written, and the checkpoint that was asked for stays', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	await markLive(domain, 1);
	await virsh('checkpoint-create-as', domain.uuid, 'c1');
	const socket = await makeSocket(t, domain);
	const held = await markLive(domain, 2);
	const before = (await readdir(domain.folder)).sort();
	const exporting = exportDisks(domain, socket, ['--since=c1', '--checkpoint=c2']);
	const {disks} = await exporting.begun as unknown as {disks: Array<{dirtyBitmap: string}>};
	t.deepEqual(disks.map(({dirtyBitmap}) => dirtyBitmap), ['qemu:dirty-bitmap:backup-vda', 'qemu:dirty-bitmap:backup-vdb']);
	t.deepEqual(await digestBoth(t, socket), held);
	const dirtyBytes = await readDirtyBytes(socket, 'vda', disks[0]!.dirtyBitmap);
	t.true(dirtyBytes > 0 && dirtyBytes <= 4 * 65_536, `${dirtyBytes}`);
	exporting.end();
	const result = await exporting.ended;
	t.is(result.exitCode, 0, report(result));
	await expectNothingLeft(t, domain, before);
	t.deepEqual(await readCheckpointNames(domain), ['c1', 'c2']);
});

test.serial('it ends before its scratch files fill the file system, and no write of the guest fails', async t => {
	const scratch = await mountSmall(t, 48);
	await run('chmod', ['0777', scratch]);
	const domain = await makeDomain(t, {sizeMiB: 64, diskCount: 1});
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 1 1M 60M', domain.disks[0]!.path]);
	await start(domain);
	const before = (await readdir(domain.folder)).sort();
	const socket = await makeSocket(t, domain);
	const exporting = exportDisks(domain, socket, [`--scratch=${scratch}`, '--keep-free=24M']);
	await exporting.begun;
	const over = new Set<string>();
	void (async () => {
		await exporting.ended;
		over.add('export');
	})();

	for (let slot = 0; slot < 56 && over.size === 0; slot += 2) {
		// Throws where what was written is not on the disk.
		await writeLive(domain, [{target: 'vda', pattern: 9, slot, mebibytes: 2}]);
	}

	t.is(over.size, 1);

	const result = await exporting.ended;
	t.not(result.exitCode, 0);
	t.regex(result.stdout, /"kind":"ended","why":"no-space"/);
	t.deepEqual(await readdir(scratch), []);
	await expectNothingLeft(t, domain, before);
});

test.serial('refused with a reason: a domain that is off, a socket that is there, a folder without room or without the right to write, a checkpoint that lacks the disk', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const attemptExport = async (flags: string[], socket = path.join(domain.folder, 'export.sock')) => runProgram(domain, ['backup', 'export', `--socket=${socket}`, ...flags, '--', domain.name]);
	t.regex((await attemptExport([])).stderr, /The domain is off/);
	await start(domain);
	t.regex((await attemptExport([], domain.disks[0]!.path)).stderr, /is there already/);
	t.regex((await attemptExport(['--keep-free=900000G'])).stderr, /are to stay free/);
	t.regex((await attemptExport(['--disk=vdx'])).stderr, /no disk "vdx" that can be exported/);
	await virsh('checkpoint-create-as', domain.uuid, 'c1', '--diskspec', 'vda', '--diskspec', 'vdb,checkpoint=no');
	t.regex((await attemptExport(['--since=c1'])).stderr, /"c1" does not include vdb/);
	t.is((await attemptExport(['--since=c9'])).exitCode, 3);
	const before = (await readdir(domain.folder)).sort();
	t.regex((await attemptExport([])).stderr, /QEMU could not make the socket .*: Permission denied\./);
	t.deepEqual((await readdir(domain.folder)).sort(), before);
	t.regex((await attemptVirsh('backup-dumpxml', domain.uuid)).stderr, /no domain backup job present/);
});

test.serial('killed: the export goes on in QEMU; what the next backup and the doctor tell ends it, and then nothing is left', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	const socket = await makeSocket(t, domain);
	const held = await markLive(domain, 1);
	const before = (await readdir(domain.folder)).sort();
	const folder = await makeTarget(t, domain);
	const exporting = exportDisks(domain, socket);
	await exporting.begun;
	exporting.end('SIGKILL');
	t.is((await exporting.ended).signal, 'SIGKILL');
	await markLive(domain, 2);
	t.deepEqual(await digestBoth(t, socket), held);
	const refused = await backUp(domain, folder);
	t.is(refused.exitCode, 6, report(refused));
	t.deepEqual(readError(refused).blockers!.map(({text}) => text), ['A job is running: Backup (unbounded).']);
	const ways = [readError(refused).blockers![0]!.remedy!];
	const doctor = await runProgram(domain, ['doctor', domain.name, '--json']);
	const [found, ...others] = (JSON.parse(doctor.stdout) as Finding[]).filter(({kind}) => kind === 'block-job' || kind === 'unused-image');
	t.deepEqual([found?.kind, others], ['block-job', []], report(doctor));
	ways.push(found!.remedy!);
	const again = await runProgram(domain, ['backup', 'export', `--socket=${socket}2`, '--json', '--', domain.name]);
	t.is(again.exitCode, 6, report(again));
	ways.push(readError(again).blockers![0]!.remedy!);
	const ended = await runProgram(domain, ['backup', 'export', '--end', '--json', '--', domain.name]);
	t.is(ended.exitCode, 3, report(ended));
	ways.push(readError(ended).blockers![0]!.remedy!);
	const commands = ways.map(text => /virsh domjobabort [\w-]+/.exec(text)![0].replace(domain.uuid, domain.name));
	t.deepEqual(new Set(commands), new Set([`virsh domjobabort ${domain.name}`]));
	await runAsTold(commands[0]!);
	await waitFor('libvirt has removed the scratch files', async () => (await readdir(domain.folder)).length === before.length);
	t.deepEqual(await readdir(path.dirname(socket)), []);
	await expectNothingLeft(t, domain, before);
	const now = await markLive(domain, 3);
	const next = await backUp(domain, folder);
	t.is(next.exitCode, 0, report(next));
	t.deepEqual(await digestPoint(folder, (await readManifests(folder)).at(-1)!), now);
});
