/**
What a definition names besides its disks is gone: the drive is left empty, or it is refused before a guest is powered off. Each remedy is followed, and helps.
*/
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, readState, start, stop, withFile,
} from './domains.ts';
import {createEncrypted} from './encrypted.ts';
import {expectRefused, expectReverted, expectStarts} from './expect.ts';
import {
	report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {attemptVirsh, virsh} from './run.ts';
import {imagesPath} from './settings.ts';
import {makeShims, readPlan} from './shims.ts';
import {digestHeads} from './slots.ts';
import {
	markLive, markOffline, takeDiskSnapshot, takeMemorySnapshot,
} from './snapshots.ts';

test.before(startLab);

/** Follows the command that the program advises. */
async function eject(result: ProgramResult): Promise<void> {
	const words = /virsh (?<words>change-media [^.;]*)/.exec(result.stderr)!.groups!.words!;
	await virsh(...words.split(' ').map(word => word.replaceAll('\'', '')));
}

test.serial('without its ISO and its floppy a domain goes back, off, running, with memory and to a branch, with empty drives', async t => {
	const isoPath = path.join(imagesPath, `${process.pid}-gone.iso`);
	const floppyPath = path.join(imagesPath, `${process.pid}-gone.raw`);
	const insert = async () => Promise.all([isoPath, floppyPath].map(async file => writeFile(file, Buffer.alloc(1_474_560, 7), {mode: 0o644})));
	const remove = async () => Promise.all([isoPath, floppyPath].map(async file => rm(file, {force: true})));
	t.teardown(remove);
	await insert();
	const drives = `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${isoPath}'/><target dev='hdc' bus='ide'/><readonly/></disk>
<disk type='file' device='floppy' snapshot='no'><driver name='qemu' type='raw'/><source file='${floppyPath}'/><target dev='fda' bus='fdc'/></disk>`;
	const domain = await makeDomain(t, {diskCount: 1, devicesXml: drives});
	await start(domain);
	const first = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const second = await markLive(domain, 2);
	await takeMemorySnapshot(domain, 'm1');
	const left = await markLive(domain, 3);
	await remove();

	await expectRefused(t, domain, async () => revert(domain, 's1', {flags: ['--keep', 'k', '--running']}), /hdc is missing[\s\S]*--eject[\s\S]*fda is missing/);
	for (const round of ['hdc', 'fda']) {
		const refused = await revert(domain, 's1', {flags: ['--keep', 'k', '--running']});
		t.is(refused.exitCode, 3, `${round}\n${report(refused)}`);
		await eject(refused);
	}

	// The records name media that are gone, so the files are looked at one by one.
	const expectBack = async (result: ProgramResult, vda: string, state: string) => {
		t.is(result.exitCode, 0, report(result));
		t.deepEqual(await digestHeads(domain), {vda}, 'bytes of the disk, and empty drives');
		t.is(await readState(domain), state);
	};

	await expectBack(await revert(domain, 's1', {flags: ['--keep', 'k', '--running']}), first.vda!, 'running');
	await expectBack(await revert(domain, 'm1'), second.vda!, 'running');
	const plan = await readPlan(domain, 's1');
	t.true(plan.consequences.some(({severity, text}) => severity === 'warning' && text.includes('hdc') && text.includes('left empty')));
	await expectBack(await revert(domain, 'k'), left.vda!, 'shut off');
	await expectStarts(t, domain);
	await expectBack(await runProgram(domain, ['branch', '--discard', '--shutoff', '--yes', '--', domain.name, 's1', 'b1']), first.vda!, 'shut off');
	await expectStarts(t, domain);
});

test.serial('an ISO that goes while a revert is at work: everything is put back, the domain is off, and what is told makes it start', async t => {
	const isoPath = path.join(imagesPath, `${process.pid}-going.iso`);
	t.teardown(async () => rm(isoPath, {force: true}));
	await writeFile(isoPath, Buffer.alloc(1024 * 1024, 7), {mode: 0o644});
	const domain = await makeDomain(t, {diskCount: 1, devicesXml: `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${isoPath}'/>
<target dev='hdc' bus='ide'/><readonly/></disk>`});
	await takeDiskSnapshot(domain, 's1');
	await start(domain);
	const left = await markLive(domain, 2);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'define'), script: `rm ${isoPath}; exit 1`});
	const failed = await revert(domain, 's1', shims.options);
	t.is(failed.exitCode, 1, report(failed));
	t.regex(failed.stderr, /the domain is off/);
	t.regex(failed.stderr, /--path hdc --eject --config/);
	const doctor = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.regex(doctor.stdout, /"cannot-start"/);
	await eject(failed);
	await start(domain);
	t.is(await readState(domain), 'running');
	t.deepEqual({vda: (await digestHeads(domain)).vda}, {vda: left.vda});
});

test.serial('a kernel that the snapshot was booted with and that is gone is refused before the domain is stopped', async t => {
	const kernelPath = path.join(imagesPath, `${process.pid}-kernel`);
	t.teardown(async () => rm(kernelPath, {force: true}));
	await writeFile(kernelPath, Buffer.alloc(4096, 7), {mode: 0o644});
	const domain = await makeDomain(t, {diskCount: 1, osXml: () => `<kernel>${kernelPath}</kernel>`});
	const then = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await defineXml(domainXml({...domain, disks: [{target: 'vda', path: path.join(domain.folder, 'vda.s1'), format: 'qcow2'}]}));
	await start(domain);
	await rm(kernelPath);
	await expectRefused(t, domain, async () => revert(domain, 's1'), /kernel is missing/);
	t.is(await readState(domain), 'running');
	await stop(domain);
	await writeFile(kernelPath, Buffer.alloc(4096, 7), {mode: 0o644});
	await expectReverted(t, domain, await revert(domain, 's1'), {digests: then, current: 's1'});
});

test.serial('a secret that is defined and has no value keeps a running domain from being stopped, and once it has its value the revert works', async t => {
	const domain = await makeDomain(t);
	const uuid = randomUUID();
	const [, vdb] = domain.disks;
	const define = async () => withFile(`<secret ephemeral='no' private='no'><uuid>${uuid}</uuid><usage type='volume'><volume>${domain.name}</volume></usage></secret>`, async file => virsh('secret-define', file));
	const setValue = async () => attemptVirsh('secret-set-value', uuid, Buffer.from('secret').toString('base64'));
	await define();
	t.teardown(async () => attemptVirsh('secret-undefine', uuid));
	await setValue();
	await rm(vdb!.path);
	await createEncrypted(vdb!.path, 'luks');
	await defineXml(domainXml(domain).replace(new RegExp(`type='${vdb!.format}'/>\\s*<source file='${vdb!.path}'/>`), `type='raw'/><source file='${vdb!.path}'><encryption format='luks'><secret type='passphrase' uuid='${uuid}'/></encryption></source>`));
	t.regex(await virsh('dumpxml', domain.name), /type='raw'\/>\s*<source file='[^']*vdb[^']*'>\s*<encryption/);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vdb,snapshot=no']);
	await start(domain);
	await virsh('secret-undefine', uuid);
	const act = async () => revert(domain, 's1', {flags: ['--running', '--keep', 'k']});
	await expectRefused(t, domain, act, /Define it \(virsh secret-define\), give it its value \(virsh secret-set-value\)/);
	await define();
	await expectRefused(t, domain, act, new RegExp(`the secret ${uuid} has no value.*secret-set-value`, 's'));
	t.is(await readState(domain), 'running');
	await setValue();
	const done = await act();
	t.is(done.exitCode, 0, report(done));
	t.is(await readState(domain), 'running');
});
