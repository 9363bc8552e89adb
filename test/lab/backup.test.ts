/**
Backups of running domains of libvirt's: every point is restored byte by byte by qemu-img alone, an increment holds little more than what was written, and what is
cancelled or out of room leaves nothing that looks whole.
*/
import {readdir, rename, rm, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {
	backUp, digestPoint, makeTarget, readBackupPlan, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {recover, report, runProgram} from './program.ts';
import {run, virsh, waitFor} from './run.ts';
import {makeShims} from './shims.ts';
import {digestHeads, writeOffline} from './slots.ts';
import {markLive, takeDiskSnapshot, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

test.serial('a full backup and five increments: each point is what the disks held, small, and the folder can be moved', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16});
	const folder = await makeTarget(t, domain);
	await start(domain);
	const held: Digests[] = [];
	for (const index of [0, 1, 2, 3, 4, 5]) {
		held.push(await markLive(domain, index + 1));
		const made = await backUp(domain, folder);
		t.is(made.exitCode, 0, report(made));
		if (index === 2) {
			await takeDiskSnapshot(domain, 's1');
		}
	}

	const manifests = await readManifests(folder);
	t.is(manifests.length, 6);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ...Array.from({length: 5}, () => ['incremental', 'incremental'])]);
	t.deepEqual(manifests.map(({parent}) => parent), [null, ...manifests.slice(0, -1).map(({point}) => point)]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	const moved = `${folder}-moved`;
	t.teardown(async () => rm(moved, {recursive: true, force: true}));
	await rename(folder, moved);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(moved, manifest))), held);
	for (const {disks} of manifests.slice(1)) {
		for (const {file, sha256, sizeBytes} of disks) {
			const {size, mode} = await stat(path.join(moved, file));
			t.true(size <= 65_536 + 262_144 + 65_536, `${file}: ${size}`);
			t.is(mode & 0o777, 0o600);
			t.is(size, sizeBytes);
			t.is((await run('sha256sum', [path.join(moved, file)])).slice(0, 64), sha256);
		}
	}

	t.is((await readCheckpointNames(domain)).length, 6);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('a disk that the checkpoint lacks, and one whose bitmap has gone, are copied whole and named; the other is not', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, formats: {vdb: 'raw'}});
	const folder = await makeTarget(t, domain);
	await start(domain);
	await markLive(domain, 1);
	const first = await backUp(domain, folder, ['--checkpoint=c1']);
	t.is(first.exitCode, 0, report(first));
	const held = await markLive(domain, 2);
	const plan = await readBackupPlan(domain, folder, ['--since=c1']);
	t.true(plan.consequences.some(({severity, text}) => severity === 'warning' && text.startsWith('vdb is copied whole: the checkpoint "c1" does not include it')));
	t.is((await backUp(domain, folder, ['--since=c1', '--no-checkpoint'])).exitCode, 0);
	const [, second] = await readManifests(folder);
	t.deepEqual(second!.disks.map(({kind}) => kind), ['incremental', 'full']);
	t.is(second!.checkpoint, null);
	t.deepEqual(await digestPoint(folder, second!), held);
	t.deepEqual(await readCheckpointNames(domain), ['c1']);
	await run('pkill', ['-KILL', '-f', `guest=${domain.name},`]);
	await waitFor('libvirt sees the end of QEMU', async () => await readState(domain) === 'shut off');
	await start(domain);
	const broken = await readBackupPlan(domain, folder, ['--since=c1']);
	t.true(broken.consequences.some(({text}) => text.startsWith('vda is copied whole: its bitmap is broken')));
	const refused = await runProgram(domain, ['backup', 'create', `--to=${folder}`, '--since=c9', '--dry-run', '--', domain.name]);
	t.is(refused.exitCode, 3, report(refused));
});

test.serial('no room, seen before and in the midst; a killed QEMU; Ctrl-C: no file, no checkpoint and no job stay, and the next increment is right', async t => {
	const domain = await makeDomain(t, {sizeMiB: 64, diskCount: 1});
	const small = await mountSmall(t, 48);
	const folder = await makeTarget(t, domain);
	const random = path.join(domain.folder, 'random');
	await run('dd', ['if=/dev/urandom', `of=${random}`, 'bs=1M', 'count=30', 'status=none']);
	await run('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'qcow2', '--target-is-zero', random, domain.disks[0]!.path]).catch(async () =>
		run('qemu-io', ['-f', 'qcow2', '-c', `write -q -s ${random} 4M 30M`, domain.disks[0]!.path]));
	await rm(random);
	await writeOffline(domain.disks[0]!.path, 1, 40);
	await start(domain);
	const leftIn = async (place: string) => (await readdir(place)).filter(name => name !== 'filler');
	const before = {checkpoints: await readCheckpointNames(domain), digests: await digestHeads(domain)};
	const plan = await readBackupPlan(domain, small);
	const begin = plan.steps.findIndex(({id}) => id === 'backup');
	for (const [what, mischief, exitCode] of [
		['the target fills up', {at: begin, script: `dd if=/dev/zero of='${small}/filler' bs=1M count=36 status=none; "$name" "$@"; exit`}, 1],
		['Ctrl-C', {at: begin, script: '"$name" "$@" || exit; kill -INT "$program"; exit 0'}, 130],
	] as const) {
		const shims = await makeShims(t, plan, mischief);
		const failed = await backUp(domain, small, [], shims.options);
		await shims.settle();
		t.true(failed.exitCode === exitCode || (what === 'Ctrl-C' && failed.exitCode === 9), `${what}\n${report(failed)}`);
		t.deepEqual(await leftIn(small), [], what);
		await rm(path.join(small, 'filler'), {force: true});
		t.deepEqual(await readCheckpointNames(domain), before.checkpoints, what);
		t.true((await virsh('domjobinfo', domain.uuid)).includes('None'), what);
		t.is(await readState(domain), 'running');
	}

	await writeFile(path.join(small, 'filler'), '');
	await run('dd', ['if=/dev/zero', `of=${path.join(small, 'filler')}`, 'bs=1M', 'count=40', 'status=none']);
	const refused = await backUp(domain, small);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /Not enough room/);
	t.is((await backUp(domain, folder)).exitCode, 0);
	const held = await markLive(domain, 50);
	const killed = await makeShims(t, await readBackupPlan(domain, folder), {at: begin, script: `"$name" "$@" || exit; pkill -KILL -f 'guest=${domain.name},'; exit 0`});
	const failed = await backUp(domain, folder, [], killed.options);
	await killed.settle();
	t.not(failed.exitCode, 0, report(failed));
	await recover(domain, '--roll-back');
	t.is((await readManifests(folder)).length, 1);
	t.is((await readdir(folder)).length, 2);
	t.is((await readCheckpointNames(domain)).length, 1);
	await start(domain);
	const after = await backUp(domain, folder);
	t.is(after.exitCode, 0, report(after));
	t.deepEqual(await digestPoint(folder, (await readManifests(folder))[1]!), held);
});
