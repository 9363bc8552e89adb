/**
What is backed up is restored byte by byte: to a folder, under a new domain, and onto the domain itself.
*/
import {readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {backUp, makeBackups, makeTarget, readManifests} from './backups.ts';
import {startLab} from './daemons.ts';
import {readState} from './domains.ts';
import {readError, report, runProgram} from './program.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {digestAll, readHeads} from './slots.ts';

test.before(startLab);

const digestFolder = async (folder: string, format: 'qcow2' | 'raw') => digestAll(['vda', 'vdb'].map(disk => [disk, path.join(folder, `${disk}.${format}`)] as const));

test.serial('every point is restored to a folder, as qcow2 and as raw, and nothing there is overwritten', async t => {
	const {domain, folder, points, held} = await makeBackups(t, 3);
	const target = await makeTarget(t, domain, 'restored');
	for (const point of points) {
		const place = path.join(target, point);
		const restored = await runProgram(domain, ['restore', folder, '--at', point, '--to', place, '--yes', '--json']);
		t.is(restored.exitCode, 0, report(restored));
		t.deepEqual(await digestFolder(place, 'qcow2'), held.get(point));
		t.deepEqual((await readdir(place)).sort(), ['domain.xml', 'vda.qcow2', 'vdb.qcow2']);
		t.true((await readFile(path.join(place, 'domain.xml'), 'utf8')).includes(domain.uuid));
	}

	const raw = await runProgram(domain, ['restore', folder, '--format', 'raw', '--no-verify', '--to', path.join(target, 'raw'), '--yes']);
	t.is(raw.exitCode, 0, report(raw));
	t.deepEqual(await digestFolder(path.join(target, 'raw'), 'raw'), held.get(points.at(-1)!));
	const again = await runProgram(domain, ['restore', folder, '--to', path.join(target, points[0]!), '--yes', '--json']);
	t.is(again.exitCode, 3, report(again));
	t.deepEqual(readError(again).blockers!.map(({kind}) => kind), ['name-taken']);
	t.deepEqual(await digestFolder(path.join(target, points[0]!), 'qcow2'), held.get(points[0]!));
});

test.serial('a new domain is defined on a restored point, has a name, UUID and addresses of its own, and starts', async t => {
	const network = '<interface type=\'user\'><mac address=\'52:54:00:11:22:33\'/><model type=\'virtio\'/></interface>';
	const {domain, folder, points, held} = await makeBackups(t, 2, {devicesXml: network});
	const name = `${domain.name}-new`;
	t.teardown(async () => attemptVirsh(`destroy ${name}; undefine ${name}`));
	const restored = await runProgram(domain, ['restore', folder, '--at', points[0]!, '--as', name, '--yes', '--json']);
	t.is(restored.exitCode, 0, report(restored));
	const xml = await virsh('dumpxml', '--domain', name);
	const [, uuid] = /<uuid>([^<]+)/.exec(xml)!;
	t.not(uuid, domain.uuid);
	t.regex(xml, /<mac address=/);
	t.false(xml.includes('52:54:00:11:22:33'));
	const heads = await readHeads({uuid: uuid!});
	t.deepEqual([...heads.values()].sort(), ['vda', 'vdb'].map(disk => path.join(domain.folder, `${name}.${disk}.qcow2`)));
	t.deepEqual(await digestAll([...heads]), held.get(points[0]!));
	await virsh('start', '--domain', name);
	t.is(await readState({...domain, uuid: uuid!}), 'running');
	const taken = await runProgram(domain, ['restore', folder, '--as', name, '--yes', '--json']);
	t.is(taken.exitCode, 3, report(taken));
	t.deepEqual(readError(taken).blockers!.map(({kind}) => kind), ['name-taken']);
});

type Verdicts = {points: Array<{point: string; state: string; problems: string[]}>};

test.serial('verify says of each point whether it can be restored, and restore refuses what is damaged and leaves nothing', async t => {
	const {domain, folder, points} = await makeBackups(t, 3);
	const verify = async (...flags: string[]) => runProgram(domain, ['backup', 'verify', folder, '--json', ...flags]);
	const states = (stdout: string) => (JSON.parse(stdout) as Verdicts).points.map(({state}) => state);
	const good = await verify();
	t.is(good.exitCode, 0, report(good));
	t.deepEqual(states(good.stdout), ['good', 'good', 'good']);

	// One byte of the guest's data in the middle one: its header is whole, and so is all that qemu-img checks.
	const manifests = await readManifests(folder);
	const file = path.join(folder, manifests[1]!.disks[0]!.file);
	const bytes = await readFile(file);
	const kept = Uint8Array.from(bytes);
	const at = bytes.indexOf(Uint8Array.from({length: 512}, () => 18));
	t.true(at > 0);
	bytes[at] = 0;
	await writeFile(file, bytes);
	const damaged = await verify();
	t.is(damaged.exitCode, 10, report(damaged));
	t.deepEqual(states(damaged.stdout), ['good', 'damaged', 'unrestorable']);
	t.deepEqual(states((await verify('--quick')).stdout), ['good', 'good', 'good']);
	const target = `${folder}-none`;
	const refused = await runProgram(domain, ['restore', folder, '--to', target, '--yes', '--json']);
	t.is(refused.exitCode, 1, report(refused));
	await t.throwsAsync(async () => readdir(target), {code: 'ENOENT'});

	// A header that names another backing file: it is not opened.
	await writeFile(file, kept);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', '/etc/passwd', file]);
	const hostile = await verify();
	t.deepEqual(states(hostile.stdout), ['good', 'damaged', 'unrestorable']);
	t.regex(hostile.stdout, /names \\"\/etc\/passwd\\", and its manifest/);
	const quick = await runProgram(domain, ['restore', folder, '--no-verify', '--to', target, '--yes', '--json']);
	t.is(quick.exitCode, 1, report(quick));

	await rename(file, `${file}.away`);
	t.deepEqual(states((await verify()).stdout), ['good', 'damaged', 'unrestorable']);
	await rm(`${file}.away`);
	const listed = await runProgram(domain, ['backup', 'list', folder]);
	t.is(listed.exitCode, 0, report(listed));
	for (const point of points) {
		t.true(listed.stdout.includes(point));
	}
});

test.serial('list tells the tree, and what is no backup', async t => {
	const {domain, folder, points} = await makeBackups(t, 2);
	const full = await backUp(domain, folder, ['--full', '--description', 'before the upgrade']);
	t.is(full.exitCode, 0, report(full));
	await writeFile(path.join(folder, '20200101-000000.vda.qcow2'), 'half');
	await writeFile(path.join(folder, 'notes.json'), '{}');
	const listed = await runProgram(domain, ['backup', 'list', folder, '--json']);
	const told = JSON.parse(listed.stdout) as {points: Array<Record<string, unknown>>; leftovers: string[]; unreadable: Array<{name: string}>};
	t.deepEqual(told.points.map(({kind, parent, description}) => [kind, parent, description]), [['full', null, null], ['incremental', points[0]!, null], ['full', null, 'before the upgrade']]);
	t.deepEqual(told.leftovers, ['20200101-000000.vda.qcow2']);
	t.deepEqual(told.unreadable.map(({name}) => name), ['notes.json']);
	const text = await runProgram(domain, ['backup', 'list', folder]);
	t.regex(text.stdout, /before the upgrade/);
	t.regex(text.stdout, /Not part of a backup: 20200101-000000\.vda\.qcow2/);
});
