/**
What a domain has beside its disks is in a backup, and comes back with it: the variables of its firmware, in a file or a `<varstore>`, and the state of an emulated TPM.
*/
import {
	copyFile, open, readdir, readFile, rm, stat,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {backUp, makeTarget, readBackupPlan, readManifests} from './backups.ts';
import {doBare, quit, startBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, stop, type LabDomain} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {digestAll, digestHeads, readHeads} from './slots.ts';
import {markOffline} from './snapshots.ts';

test.before(startLab);

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const variables = '/usr/share/OVMF/OVMF_VARS_4M.fd';
const nvramOf = ({folder}: {folder: string}) => `${folder}-nvram.fd`;
const tpmOf = ({uuid}: {uuid: string}) => `/var/lib/libvirt/swtpm/${uuid}/tpm2/tpm2-00.permall`;

const ownerOf = ({uid, gid, mode}: {uid: number; gid: number; mode: number}) => ({uid, gid, mode: mode & 0o777});

/** As if the guest had set a variable. */
async function setVariable(file: string, text: string): Promise<string> {
	const opened = await open(file, 'r+');
	await opened.write(text, 64 * 1024);
	await opened.close();
	return run('sha256sum', [file]);
}

async function makeUefiDomain(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {
		diskCount: 1,
		osXml: folder => `<loader readonly='yes' type='pflash'>${firmware}</loader><nvram template='${variables}'>${nvramOf({folder})}</nvram>`,
		devicesXml: '<tpm model=\'tpm-tis\'><backend type=\'emulator\' version=\'2.0\'/></tpm>',
	});
	t.teardown(async () => rm(nvramOf(domain), {force: true}));
	await virsh('start', '--domain', domain.uuid, '--paused');
	return domain;
}

test.serial('NVRAM and TPM are in the backup of a domain that is off, and come back in a folder, in a new domain and in the domain itself', async t => {
	const domain = await makeUefiDomain(t);
	const folder = await makeTarget(t, domain);
	const whileRunning = await readBackupPlan(domain, folder);
	t.true(whileRunning.consequences.some(({severity, text}) => severity === 'warning' && text.startsWith('The state of the TPM is not in the backup: while the domain runs its emulator may be writing it')));
	await stop(domain);
	const held = await markOffline(domain, 1);
	await setVariable(nvramOf(domain), 'then');
	await run('chown', ['nobody', nvramOf(domain)]);
	await run('chmod', ['0640', nvramOf(domain)]);
	const then = {nvram: await readFile(nvramOf(domain)), tpm: await readFile(tpmOf(domain))};
	const made = await backUp(domain, folder);
	t.is(made.exitCode, 0, report(made));
	const [manifest] = await readManifests(folder);
	t.deepEqual(manifest!.extras.map(({kind, path: from}) => [kind, from]), [['nvram', nvramOf(domain)], ['tpm', tpmOf(domain)]]);
	t.deepEqual(manifest!.extras.map(({owner}) => owner), [ownerOf(await stat(nvramOf(domain))), ownerOf(await stat(tpmOf(domain)))]);
	for (const {file} of manifest!.extras) {
		t.is((await stat(path.join(folder, file))).mode & 0o777, 0o600);
	}

	const left = await markOffline(domain, 2);
	await setVariable(nvramOf(domain), 'later');
	const later = await readFile(nvramOf(domain));
	// Another state, which the emulator takes as well.
	await rm(tpmOf(domain));
	await virsh('start', '--domain', domain.uuid, '--paused');
	await stop(domain);
	const laterTpm = {bytes: await readFile(tpmOf(domain)), facts: await stat(tpmOf(domain))};
	t.false(laterTpm.bytes.equals(then.tpm));
	const place = path.join(await makeTarget(t, domain, 'restored'), 'place');
	const restored = await runProgram(domain, ['restore', folder, '--to', place, '--yes', '--json']);
	t.is(restored.exitCode, 0, report(restored));
	for (const [name, bytes] of Object.entries(then)) {
		t.true(bytes.equals(await readFile(path.join(place, name))), name);
		t.is((await stat(path.join(place, name))).mode & 0o777, 0o600);
	}

	const name = `${domain.name}-new`;
	t.teardown(async () => attemptVirsh(`destroy ${name}; undefine ${name} --nvram`));
	const anew = await runProgram(domain, ['restore', folder, '--as', name, '--yes', '--json']);
	t.is(anew.exitCode, 0, report(anew));
	const xml = await virsh('dumpxml', '--domain', name);
	const uuid = /<uuid>([^<]+)/.exec(xml)![1]!;
	const nvram = /<nvram[^>]*>([^<]+)</.exec(xml)![1]!;
	t.is(nvram, path.join(domain.folder, `${name}.nvram`));
	t.true(then.nvram.equals(await readFile(nvram)));
	t.deepEqual(ownerOf(await stat(nvram)), manifest!.extras[0]!.owner);
	t.true(then.tpm.equals(await readFile(tpmOf({uuid}))));
	t.deepEqual(await digestAll([...await readHeads({uuid})]), held);
	await virsh('start', '--domain', name, '--paused');
	t.true(then.tpm.equals(await readFile(tpmOf({uuid}))), 'the emulator took it, and made no new one');
	await virsh('destroy', '--domain', name);

	const onto = ['restore', folder, '--onto', domain.name, '--keep', 'before', '--json'];
	const shown = await runProgram(domain, [...onto, '--dry-run']);
	t.regex(shown.stdout, /The state of the TPM is put back too, from \S+\.tpm; that of now is kept with \\"before\\", in \S+\.vsnap-before\./);
	t.notRegex(shown.stdout, /overlay of vda|The state of the TPM stays/);
	const back = await runProgram(domain, [...onto, '--yes']);
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), held);
	t.true(then.nvram.equals(await readFile(nvramOf(domain))));
	t.true(then.tpm.equals(await readFile(tpmOf(domain))));
	const {uid, gid, mode} = await stat(tpmOf(domain));
	t.deepEqual({uid, gid, mode}, {uid: laterTpm.facts.uid, gid: laterTpm.facts.gid, mode: laterTpm.facts.mode});
	t.true(laterTpm.bytes.equals(await readFile(`${tpmOf(domain)}.vsnap-before`)));
	await virsh('start', '--domain', domain.uuid, '--paused');
	await stop(domain);
	const reverted = await revert(domain, 'before', {flags: ['--discard']});
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await digestHeads(domain), left);
	t.true(later.equals(await readFile(nvramOf(domain))));
	t.true(laterTpm.bytes.equals(await readFile(tpmOf(domain))));
	await virsh('start', '--domain', domain.uuid, '--paused');
	t.is(await readState(domain), 'paused');
	const running = await runProgram(domain, ['restore', folder, '--onto', domain.name, '--discard', '--shutoff', '--yes', '--json']);
	t.is(running.exitCode, 0, report(running));
	t.true(then.tpm.equals(await readFile(tpmOf(domain))));
	const deleted = await runProgram(domain, ['delete', '--yes', '--json', '--', domain.name, 'before']);
	t.is(deleted.exitCode, 0, report(deleted));
	t.deepEqual((await readdir(path.dirname(tpmOf(domain)))).filter(file => file.startsWith('tpm2-00.permall')), ['tpm2-00.permall']);
});

test.serial('NVRAM of a standalone QEMU is in its backups, and goes back with its disks', async t => {
	const file = path.join((await makeTarget(t, {folder: '/var/tmp/vsnaplab-vars'}, String(process.pid))), 'vars.fd');
	await copyFile(variables, file);
	const bare = await startBare(t, {more: ['-drive', `if=pflash,format=raw,readonly=on,file=${firmware}`, '-drive', `if=pflash,format=raw,file=${file}`]});
	const folder = await makeTarget(t, bare);
	await doBare(bare, 'backup', 'create', `--to=${folder}`, '--yes', bare.name);
	await quit(bare);
	await setVariable(file, 'then');
	const then = await readFile(file);
	await doBare(bare, 'backup', 'create', `--to=${folder}`, '--yes', bare.name);
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({extras}) => extras.map(({kind, path: from}) => [kind, from])), [[['nvram', file]], [['nvram', file]]]);
	await setVariable(file, 'later');
	await doBare(bare, 'restore', folder, '--onto', bare.name, '--keep', 'before', '--yes');
	t.true(then.equals(await readFile(file)));
	await doBare(bare, 'restore', folder, '--at', manifests[0]!.point, '--onto', bare.name, '--discard', '--yes');
	t.true((await readFile(variables)).equals(await readFile(file)));
});
