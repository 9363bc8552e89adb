/** What a refused `backup export` advises is done, and the disks can be read. */
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {makeTarget} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {exportDisks, makeSocket} from './exports.ts';
import {fill, mountSmall} from './file-systems.ts';
import {readError, report, runProgram} from './program.ts';
import {refused, runAsTold} from './remedies.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {labEnvironment} from './settings.ts';

test.before(startLab);

const asked = (domain: LabDomain, socket: string, flags: string[] = []) => ['backup', 'export', `--socket=${socket}`, '--json', ...flags, '--', domain.name];

/** It begins, and is ended at once. */
async function exports(t: ExecutionContext, domain: LabDomain, socket: string, flags: string[] = []): Promise<void> {
	const exporting = exportDisks(domain, socket, flags);
	await exporting.begun;
	exporting.end();
	const result = await exporting.ended;
	t.is(result.exitCode, 0, report(result));
}

test.serial('a domain that is off is started, and names, disks, the checkpoint and the socket are chosen as advised', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const socket = await makeSocket(t, domain);
	await refused(t, domain, asked(domain, socket), 'Start it; or read its images with qemu-nbd --read-only.');
	await start(domain);
	await exports(t, domain, socket);
	await virsh('checkpoint-create-as', domain.uuid, 'c1', '--diskspec', 'vda', '--diskspec', 'vdb,checkpoint=no');
	const since = 'Leave --since out to export the whole disks, or name the disks that it includes: --disk DISK.';
	const cases: Array<{flags: string[]; remedy: string; followed: string[]}> = [
		{flags: ['--since=c1'], remedy: since, followed: []},
		{flags: ['--since=c1'], remedy: since, followed: ['--since=c1', '--disk=vda']},
		{flags: ['--checkpoint=c1'], remedy: 'Choose another name.', followed: ['--checkpoint=c2']},
		{flags: ['--checkpoint=a/b'], remedy: 'Choose another name.', followed: ['--checkpoint=a.b']},
		{flags: ['--disk=vdz'], remedy: 'It writes to vda, vdb.', followed: ['--disk=vda']},
	];
	for (const {flags, remedy, followed} of cases) {
		await refused(t, domain, asked(domain, socket, flags), remedy);
		await exports(t, domain, socket, followed);
	}

	const closed = path.join(domain.folder, 'export.sock');
	await refused(t, domain, asked(domain, closed), 'Name a socket in a folder that QEMU\'s user may write to, such as one below /run that you give to it.');
	const own = await mkdtemp('/run/vsnaplab-export-');
	t.teardown(async () => rm(own, {recursive: true}));
	await run('chown', ['--reference=/var/lib/libvirt/qemu', own]);
	await exports(t, domain, path.join(own, 'export.sock'));

	await writeFile(closed, '');
	const taken = 'Choose another name for the socket, or remove it if nobody listens there.';
	await refused(t, domain, asked(domain, closed), taken);
	await writeFile(socket, '');
	await refused(t, domain, asked(domain, socket), taken);
	await rm(socket);
	await exports(t, domain, socket);
	await stop(domain);
});

test.serial('without room for what the guest writes over: another folder, and less that stays free', async t => {
	const small = await mountSmall(t, 16);
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1, folder: small});
	const socket = await makeSocket(t, domain);
	await start(domain);
	const advice = 'Name a folder with more room: --scratch FOLDER; or let less stay free: --keep-free BYTES.';
	await refused(t, domain, asked(domain, socket), advice);
	await exports(t, domain, socket, ['--keep-free=1M']);
	await fill(small);
	await refused(t, domain, asked(domain, socket, ['--keep-free=1M']), advice);
	await exports(t, domain, socket, [`--scratch=${await makeTarget(t, domain, 'scratch')}`]);
	await stop(domain);
});

test.serial('an export that is not ended though it was asked for: virsh tells of it, and ends it', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	const socket = await makeSocket(t, domain);
	await start(domain);
	const shims = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-shims-'));
	t.teardown(async () => rm(shims, {recursive: true}));
	const {PATH} = labEnvironment();
	await writeFile(path.join(shims, 'virsh'), `#!/bin/sh\nPATH='${PATH}'\ncase "$*" in *domjobabort*) exit 0 ;; esac\nexec virsh "$@"\n`);
	await chmod(path.join(shims, 'virsh'), 0o755);
	const exporting = exportDisks(domain, socket, [], {env: {PATH: `${shims}:${PATH}`}});
	await exporting.begun;
	exporting.end();
	const result = await exporting.ended;
	const {hint} = readError(result);
	t.is(hint, 'See "virsh domjobinfo"; "virsh domjobabort" ends it.', report(result));
	t.regex(await runAsTold(`virsh domjobinfo ${domain.name}`), /Operation: +Backup/);
	await runAsTold(`virsh domjobabort ${domain.name}`);
	t.regex((await attemptVirsh('backup-dumpxml', domain.uuid)).stderr, /no domain backup job present/);
	await exports(t, domain, socket);
	await stop(domain);
});

test.serial('a domain without a disk has nothing to export', async t => {
	const none = await makeDomain(t, {diskCount: 0});
	await start(none);
	const told = await runProgram(none, asked(none, await makeSocket(t, none)));
	t.deepEqual(readError(told).blockers, [{kind: 'not-supported', text: 'The domain writes to no disk that can be exported.'}]);
	await stop(none);
});
