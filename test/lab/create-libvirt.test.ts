/** Snapshots made by the program on real libvirt: each way of the table, its bytes and its memory, and what virsh says of it. */
import {
	chmod, mkdir, readdir, rename, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {
	recover, report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {attempt, run, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {
	digestHeads, digestImage, readHeads, readTags,
} from './slots.ts';
import {
	markLive, markOffline, readCurrent, readParents, readTree, takeDiskSnapshot,
} from './snapshots.ts';
import {readStrays, readWorld} from './world.ts';

test.before(startLab);

async function create(domain: LabDomain, name: string, ...flags: string[]): Promise<ProgramResult> {
	return runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, name]);
}

/** The snapshot is there for virsh, current, with a record that libvirt's own schema takes, and the domain goes on as it was. */
async function expectCreated(t: ExecutionContext, domain: LabDomain, result: ProgramResult, wanted: {name: string; state?: string; heads?: string[]}): Promise<string> {
	t.is(result.exitCode, 0, report(result));
	t.is(await readState(domain), wanted.state ?? 'shut off');
	t.is(await readCurrent(domain), wanted.name);
	t.deepEqual(await readHeads(domain, {inactive: true}), await readHeads(domain), 'the next start uses the same disks');
	if (wanted.heads) {
		const heads = await readHeads(domain);
		t.deepEqual([...heads.values()].map(head => path.basename(head)), wanted.heads);
	}

	t.deepEqual(await readStrays(domain), [], 'files that nothing needs');
	const xml = await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', wanted.name);
	await withFile(xml, async filePath => {
		const validated = await attempt('virt-xml-validate', [filePath, 'domainsnapshot']);
		t.is(validated.exitCode, 0, `${validated.stdout}${validated.stderr}\n${xml}`);
	});
	t.regex(await virsh('snapshot-info', '--domain', domain.uuid, '--snapshotname', wanted.name), /Current: +yes/);
	return xml;
}

/** The memory of a paused domain is one that was saved between the two numbers, and it counts on from there. */
async function expectGoesOn(t: ExecutionContext, domain: LabDomain, low: number, high: number): Promise<void> {
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
	await virsh('resume', '--domain', domain.uuid);
	await waitForCounter(domain, counter + 5);
}

test.serial('rows 1 and 4, offline, inside the images: all disks have it, virsh sees it, and a revert brings the bytes back', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	const result = await create(domain, 'i 1', '--description', 'before <b>');
	const xml = await expectCreated(t, domain, result, {name: 'i 1', heads: ['vda.qcow2', 'vdb.qcow2']});
	t.regex(xml, /<description>before &lt;b&gt;<\/description>/);
	for (const disk of domain.disks) {
		t.deepEqual(await readTags(disk.path), ['i 1']);
	}

	await markOffline(domain, 2);
	await expectCreated(t, domain, await create(domain, 'i2', '--disk', 'vda=internal'), {name: 'i2'});
	t.is(await readTree(domain), 'i 1\n  |\n  +- i2');
	await virsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', 'i 1');
	t.deepEqual(await digestHeads(domain), digests);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'i2');
	t.deepEqual(await readTags(domain.disks[1]!.path), ['i 1']);
});

test.serial('row 5, offline, external: new overlays on frozen images, in a chain with what virsh made, and every state comes back', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	const frozen = await digestImage(domain.disks[0]!.path);
	await expectCreated(t, domain, await create(domain, 'e1', '--disk', 'vda=external'), {name: 'e1', heads: ['vda.e1', 'vdb.e1']});
	const later = await markOffline(domain, 2);
	t.is(await digestImage(domain.disks[0]!.path), frozen);
	await takeDiskSnapshot(domain, 'by-virsh');
	await expectCreated(t, domain, await create(domain, 'e3', '--disk-only'), {name: 'e3', heads: ['vda.e3', 'vdb.e3']});
	t.deepEqual(await readParents(domain), {e1: undefined, 'by-virsh': 'e1', e3: 'by-virsh'});
	await markOffline(domain, 3);
	await expectReverted(t, domain, await revert(domain, 'e1', {flags: ['--keep', 'left']}), {digests, current: 'e1'});
	await expectReverted(t, domain, await revert(domain, 'by-virsh'), {digests: later, current: 'by-virsh'});
	await start(domain);
	t.is(await readState(domain), 'running');
});

test.serial('rows 7 and 19, online, inside the images: the memory is saved with the disks', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 5);
	const low = await readCounter(domain);
	await expectCreated(t, domain, await create(domain, 'm1'), {name: 'm1', state: 'running', heads: ['vda.qcow2', 'vdb.qcow2']});
	const high = await readCounter(domain);
	await expectCreated(t, domain, await create(domain, 'm2', '--memory', 'internal'), {name: 'm2', state: 'running'});
	const higher = await readCounter(domain);
	await markLive(domain, 2);
	await waitForCounter(domain, higher + 10);
	await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--paused']}), {digests, current: 'm1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
	await expectReverted(t, domain, await revert(domain, 'm2', {flags: ['--paused']}), {digests, current: 'm2', state: 'paused'});
	await expectGoesOn(t, domain, high, higher);
});

test.serial('rows 8, 11 and 14, online, disks only: one disk left out, files named, and the guest goes on', async t => {
	const domain = await makeDomain(t, {diskCount: 3});
	await start(domain);
	const digests = await markLive(domain, 1);
	const named = path.join(domain.folder, 'named one.img');
	const shown = await runProgram(domain, ['create', domain.name, 'd1', '--disk-only', '--dry-run']);
	t.regex(shown.stdout, /"execute":"transaction"(?:.*blockdev-snapshot){2}/);
	await expectCreated(t, domain, await create(domain, 'd1', '--disk-only', '--disk', `vda=external:${named}`, '--disk', 'vdc=no'), {
		name: 'd1', state: 'running', heads: ['named one.img', 'vdb.d1', 'vdc.qcow2'],
	});
	await markLive(domain, 2);
	await expectCreated(t, domain, await create(domain, 'd2', '--memory', 'no'), {name: 'd2', state: 'running', heads: ['named one.d2', 'vdb.d2', 'vdc.d2']});
	await stop(domain);
	const result = await revert(domain, 'd1');
	t.is(result.exitCode, 0, report(result));
	const {vda, vdb} = await digestHeads(domain);
	t.deepEqual([vda, vdb], [digests.vda, digests.vdb]);
});

test.serial('rows 22 and 25, online, memory in a file: live and paused, and the domain goes on from it', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 5);
	const low = await readCounter(domain);
	await expectCreated(t, domain, await create(domain, 'x1', '--memory', 'external'), {name: 'x1', state: 'running', heads: ['vda.x1', 'vdb.x1']});
	const high = await readCounter(domain);
	t.true((await stat(path.join(domain.folder, 'vda.x1.mem'))).size > 100_000);
	const memoryPath = path.join(domain.folder, 'x 2.mem');
	await expectCreated(t, domain, await create(domain, 'x2', '--memory', `external:${memoryPath}`, '--live', '--disk', 'vda=external', '--disk', 'vdb=external'), {name: 'x2', state: 'running'});
	const higher = await readCounter(domain);
	await markLive(domain, 2);
	await waitForCounter(domain, higher + 10);
	await expectReverted(t, domain, await revert(domain, 'x1', {flags: ['--paused', '--keep', 'left']}), {digests, current: 'x1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
	await expectReverted(t, domain, await revert(domain, 'x2', {flags: ['--paused']}), {digests, current: 'x2', state: 'paused'});
	await expectGoesOn(t, domain, high, higher);
});

test.serial('row 23, online, memory alone: the disks stay as they are, and virsh restores the guest from the file', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 5);
	const low = await readCounter(domain);
	await expectCreated(t, domain, await create(domain, 'alone', '--memory', 'external', '--disk', 'vda=no'), {name: 'alone', state: 'running', heads: ['vda.qcow2']});
	t.true((await stat(path.join(domain.folder, 'vda.alone.mem'))).size > 100_000);
	await expectRefused(t, domain, async () => create(domain, 'again', '--memory', `external:${path.join(domain.folder, 'vda.alone.mem')}`, '--disk', 'vda=no'), /already.*overwrite/);
	const high = await readCounter(domain);
	await waitForCounter(domain, high + 10);
	await stop(domain);
	await withFile(await virsh('dumpxml', '--domain', domain.uuid, '--inactive', '--security-info'), async filePath => {
		await virsh('restore', '--file', path.join(domain.folder, 'vda.alone.mem'), '--xml', filePath, '--paused');
	});
	t.deepEqual(await digestHeads(domain), digests);
	await expectGoesOn(t, domain, low, high);
});

test.serial('the third of three disks cannot be made: offline and online nothing has happened, and no file is left', async t => {
	const domain = await makeDomain(t, {diskCount: 3});
	const target = path.join(domain.folder, 'gone', 'vdc.img');
	await mkdir(path.dirname(target));
	await markOffline(domain, 1);
	const flags = ['--disk-only', '--disk', `vdc=external:${target}`];
	// The folder goes away between the plan and the deed: by then nobody can refuse any more.
	const vanish = async () => {
		const before = await readWorld(domain);
		const result = await runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, 's1'], {env: {PATH: await shimThatRemoves(domain, path.dirname(target))}});
		t.is(result.exitCode, 1, report(result));
		const after = await readWorld(domain);
		delete before.files.gone;
		t.deepEqual(after, before);
		await mkdir(path.dirname(target));
	};

	await vanish();
	await start(domain);
	await waitForCounter(domain, 2);
	const before = await readWorld(domain);
	const result = await runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, 's1'], {env: {PATH: await shimThatRemoves(domain, path.dirname(target))}});
	t.is(result.exitCode, 1, report(result));
	const after = await readWorld(domain);
	t.deepEqual([after.state, after.definitionXml, after.snapshots, Object.keys(after.files).sort()], [
		'running', before.definitionXml, {}, Object.keys(before.files).filter(name => name !== 'gone').sort(),
	]);
	await markLive(domain, 2);
});

/** A PATH on which the command that changes something first loses the folder: reserving offline, virsh's creation online. */
async function shimThatRemoves(domain: LabDomain, folder: string): Promise<string> {
	const shims = path.join(domain.statePath, 'shims');
	await mkdir(shims, {recursive: true});
	for (const [name, word] of [['dd', 'vdc'], ['virsh', 'snapshot-create']]) {
		const shimPath = path.join(shims, name!);
		await writeFile(shimPath, `#!/bin/sh\ncase "$*" in *${word}*) rmdir '${folder}' 2>/dev/null;; esac\nPATH='${process.env.PATH}'\nexec ${name} "$@"\n`);
		await chmod(shimPath, 0o755);
	}

	return `${shims}:${process.env.PATH}`;
}

test.serial('libvirt says that it failed after it has switched: the overlays are merged back into the heads alone, and the record goes', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const digests = await markLive(domain, 2);
	const base = await digestImage(domain.disks[0]!.path);
	const names = await readdir(domain.folder);
	const heads = await readHeads(domain);
	const shims = path.join(domain.statePath, 'shims');
	await mkdir(shims);
	await writeFile(path.join(shims, 'virsh'), `#!/bin/sh\nPATH='${process.env.PATH}'\nvirsh "$@" || exit\ncase "$*" in *snapshot-create*) exit 1;; esac\n`);
	await chmod(path.join(shims, 'virsh'), 0o755);
	const result = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's2'], {env: {PATH: `${shims}:${process.env.PATH}`}});
	t.is(result.exitCode, 1, report(result));
	t.deepEqual(await readHeads(domain), heads);
	t.deepEqual(await readParents(domain), {s1: undefined});
	t.is(await readCurrent(domain), 's1');
	t.deepEqual(await readdir(domain.folder), names);
	t.deepEqual(await digestHeads(domain), digests);
	t.is(await digestImage(domain.disks[0]!.path), base);
	t.is(await readState(domain), 'running');
});

test.serial('killed when libvirt has made it, and nobody was told: put back while the guest runs, and finished', async t => {
	for (const direction of ['--roll-back', '--roll-forward'] as const) {
		const domain = await makeDomain(t, {diskCount: 1});
		await start(domain);
		const digests = await markLive(domain, 1);
		const names = await readdir(domain.folder);
		const shown = await runProgram(domain, ['create', '--disk-only', '--dry-run', '--json', '--', domain.name, 's1']);
		const shims = await makeShims(t, JSON.parse(shown.stdout) as Plan, {at: 0, script: killMoments.after});
		const killed = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1'], shims.options);
		t.is(killed.signal, 'SIGKILL', report(killed));
		const recovered = await recover(domain, direction);
		t.is(recovered.exitCode, 0, report(recovered));
		t.is(await readState(domain), 'running');
		t.deepEqual(await digestHeads(domain), digests);
		t.deepEqual(await readdir(domain.folder), direction === '--roll-back' ? names : [...names, 'vda.s1'].sort());
		t.deepEqual(await readParents(domain), direction === '--roll-back' ? {} : {s1: undefined});
	}
});

test.serial('prepared overlays with relative names: checked, kept relative, and the folder opens where it is moved to', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	const prepare = async (target: string, ...more: string[]) => {
		const overlay = path.join(domain.folder, `${target}.prepared`);
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', `${target}.qcow2`, overlay, ...more]);
		return overlay;
	};

	const [vda, vdb] = [await prepare('vda'), await prepare('vdb', overlaySize)];
	const flags = [vda, vdb].flatMap((overlay, index) => ['--disk', `vd${'ab'[index]!}=external:${overlay}`, '--reuse', `vd${'ab'[index]!}=existing`]);
	await expectRefused(t, domain, async () => create(domain, 'r1', ...flags), /vdb\.prepared.* in size/);
	await prepare('vdb');
	await expectCreated(t, domain, await create(domain, 'r1', ...flags), {name: 'r1', heads: ['vda.prepared', 'vdb.prepared']});
	t.deepEqual(await digestHeads(domain), digests);
	const moved = `${domain.folder}.moved`;
	await rename(domain.folder, moved);
	try {
		const info = JSON.parse(await run('qemu-img', ['info', '--backing-chain', '--output=json', '-f', 'qcow2', path.join(moved, 'vda.prepared')])) as Array<{filename: string; 'backing-filename'?: string}>;
		t.deepEqual(info.map(image => image.filename), [path.join(moved, 'vda.prepared'), path.join(moved, 'vda.qcow2')]);
		t.is(info[0]!['backing-filename'], 'vda.qcow2');
		t.is(await digestImage(path.join(moved, 'vda.prepared')), digests.vda!);
	} finally {
		await rename(moved, domain.folder);
	}

	await start(domain);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'vda.prepared', '-u', path.join(domain.folder, 'vda.live'), '16M']);
	const live = path.join(domain.folder, 'vda.live');
	await expectRefusedLive(t, domain, ['--disk-only', '--disk', `vda=external:${live}`, '--reuse', 'vda=existing'], /all disks or for none.*vdb/);
	await expectCreated(t, domain, await create(domain, 'r2', '--disk-only', '--disk', `vda=external:${live}`, '--reuse', 'vda=existing', '--disk', 'vdb=no'), {
		name: 'r2', state: 'running', heads: ['vda.live', 'vdb.prepared'],
	});
});

/** Larger than the disk. */
const overlaySize = '32M';

/** Of a running domain the bytes may go on; its records and heads may not. */
async function expectRefusedLive(t: ExecutionContext, domain: LabDomain, flags: string[], reason: RegExp): Promise<void> {
	const heads = await readHeads(domain);
	const names = await readdir(domain.folder);
	const result = await create(domain, 'never', ...flags);
	t.is(result.exitCode, 3, report(result));
	t.regex(result.stderr, reason);
	t.deepEqual(await readHeads(domain), heads);
	t.deepEqual(await readdir(domain.folder), names);
}

test.serial('what cannot be is refused beforehand, with the reason, and nothing is touched', async t => {
	const domain = await makeDomain(t, {formats: {vdb: 'raw'}});
	await writeFile(path.join(domain.folder, 'there'), '');
	for (const [flags, reason] of [
		[['i1'], /vdb is raw/],
		[['a/b', '--disk-only'], /contains/],
		[['x'.repeat(248), '--disk-only'], /247 bytes/],
		[['e1', '--disk-only', '--disk', `vda=external:${path.join(domain.folder, 'there')}`], /there exists already/],
		[['e1', '--disk', `vda=external:${path.join(domain.folder, 'same')}`, '--disk', `vdb=external:${path.join(domain.folder, 'same')}`], /both get/],
		[['e1', '--memory', 'external'], /no memory to save/],
		[['e1', '--disk', 'vdz=no'], /no disk vdz/],
	] as const) {
		const [name, ...more] = flags;
		await expectRefused(t, domain, async () => create(domain, name, ...more), reason);
	}

	await start(domain);
	await expectRefusedLive(t, domain, ['--disk-only', '--quiesce'], /guest agent/);
	await expectRefusedLive(t, domain, ['--disk-only', '--memory', 'external'], /--disk-only leaves memory out/);
	const result = await runProgram(domain, ['create', '--yes', '--disk-only', '--no-metadata', '--', domain.name]);
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await readParents(domain), {});
	const heads = await readHeads(domain);
	t.regex(heads.get('vdb')!, /vdb\.at-\d{8}-\d{4}$/);
});

test.serial('a whole document by --xml, and --halt: the domain is off afterwards and both come back', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	await withFile('<domainsnapshot><name>doc</name><description>d</description><disks><disk name=\'vda\' snapshot=\'external\'/></disks></domainsnapshot>', async filePath => {
		const result = await runProgram(domain, ['create', '--yes', '--json', '--disk-only', '--halt', '--xml', filePath, '--', domain.name]);
		await expectCreated(t, domain, result, {name: 'doc', heads: ['vda.doc', 'vdb.doc']});
	});
	await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 'doc'), {digests, current: 'doc'});
});
