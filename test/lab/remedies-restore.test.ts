/** What is refused of a folder of backups, `restore` and `backup prune`: what is advised is done, and the points are then restored or removed. */
import {
	chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {
	backUp, makeBackups, makeTarget, readManifests,
} from './backups.ts';
import {doBare, startBare, runBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, stop} from './domains.ts';
import {fill, mountSmall} from './file-systems.ts';
import {makeOtherUser} from './other-user.ts';
import {report, runProgram} from './program.ts';
import {followAll, refused, runAsTold, succeeds} from './remedies.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {labEnvironment, labUri, programPath} from './settings.ts';
import {digestAll, digestHeads} from './slots.ts';
import type {Digests} from './snapshots.ts';

test.before(startLab);

const restore = (folder: string, ...options: string[]) => ['restore', folder, ...options, '--yes', '--json'];
const prune = (folder: string, ...options: string[]) => ['backup', 'prune', folder, ...(options.length === 0 ? ['--keep', '1'] : options), '--yes', '--json'];
const digestRestored = async (folder: string): Promise<Digests> => digestAll(['vda', 'vdb'].map(disk => [disk, path.join(folder, `${disk}.qcow2`)] as const));

/** A prune that is killed when it is about to remove the first file that it does not need. */
async function interruptPrune(t: ExecutionContext, domain: {statePath: string}, folder: string): Promise<void> {
	const here = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-killer-'));
	t.teardown(async () => rm(here, {recursive: true, force: true}));
	const {PATH} = labEnvironment();
	await writeFile(path.join(here, 'rm'), `#!/bin/sh\nPATH='${PATH}'\ncase "$*" in *'${folder}'/*.json) kill -9 "$(cat '${here}/pid')"; exit 1 ;; esac\nexec rm "$@"\n`);
	await chmod(path.join(here, 'rm'), 0o755);
	const killed = await runProgram(domain, prune(folder), {env: {PATH: `${here}:${PATH}`}, onStart: async pid => writeFile(path.join(here, 'pid'), `${pid}`)});
	t.is(killed.signal, 'SIGKILL', report(killed));
}

test.serial('the folder, the point, the disks and the place of a restore onto the domain are chosen as advised', async t => {
	const small = await mountSmall(t, 48);
	const {domain, folder, points, held} = await makeBackups(t, 2, {folder: small});
	await stop(domain);
	const onto = (from: string, ...options: string[]) => restore(from, '--onto', domain.name, '--discard', ...options);
	const empty = await makeTarget(t, domain, 'empty');
	const out = await makeTarget(t, domain, 'out');
	await followAll(t, domain, [
		{asked: onto(empty), remedy: 'Name the folder that vsnap-tui backup create wrote to.', followed: onto(folder)},
		{asked: onto(folder, '--at', 'never'), remedy: `Choose one of these: ${points.join(', ')}.`, followed: onto(folder, '--at', points[0]!)},
	]);
	t.deepEqual(await digestHeads(domain), held.get(points[0]!));
	await fill(small);
	await followAll(t, domain, [
		{asked: onto(folder), remedy: 'Free some space there, or restore elsewhere: --to FOLDER.', followed: restore(folder, '--to', path.join(out, 'full'))},
		{asked: onto(folder), remedy: 'Free some space there, or restore elsewhere: --to FOLDER.', follow: async () => rm(path.join(small, 'filler'))},
	]);
	await virsh('detach-disk', '--domain', domain.uuid, '--target', 'vdb', '--config');
	const name = `${domain.name}-new`;
	t.teardown(async () => attemptVirsh(`undefine ${name}`));
	const advice = 'Restore the backup as a new domain (--as NAME), or its images alone (--to FOLDER).';
	await followAll(t, domain, [
		{asked: onto(folder), remedy: advice, followed: restore(folder, '--as', name)},
		{asked: onto(folder), remedy: advice, followed: restore(folder, '--to', path.join(out, 'alone'))},
		{asked: restore(folder, '--as', name), remedy: 'Choose another name.', async follow() {
			await virsh('undefine', name);
			await rm(path.join(small, `${name}.vda.qcow2`));
			await rm(path.join(small, `${name}.vdb.qcow2`));
		}},
		{asked: restore(folder, '--as', 'a/b'), remedy: 'Choose another name.', followed: restore(folder, '--to', path.join(out, 'named'), '--as', `${name}2`)},
	]);
	t.teardown(async () => attemptVirsh(`undefine ${name}2`));
	t.deepEqual(await digestRestored(path.join(out, 'alone')), held.get(points[1]!));
});

test.serial('the folder that a restore writes to: open to others, full, taken, and with what an interrupted one left', async t => {
	const small = await mountSmall(t, 24);
	const {domain, folder, points, held} = await makeBackups(t, 1);
	await stop(domain);
	const out = await makeTarget(t, domain, 'out');
	const to = (place: string) => restore(folder, '--to', place);
	const at = (name: string) => path.join(out, name);
	await mkdir(at('open'));
	await chmod(at('open'), 0o777);
	await mkdir(at('left'));
	await writeFile(path.join(at('left'), 'vda.qcow2.partial'), 'x');
	await fill(small);
	const advice = 'Choose another folder, or remove what an interrupted restore left: vda.qcow2.partial.';
	await followAll(t, domain, [
		{asked: to(at('open')), remedy: 'Choose a folder that only root can write to, in folders that only root can write to.', followed: to(at('1'))},
		{asked: to(small), remedy: 'Free some space there, or choose another folder.', followed: to(at('2'))},
		{asked: to(small), remedy: 'Free some space there, or choose another folder.', follow: async () => rm(path.join(small, 'filler'))},
		{asked: to(at('1')), remedy: 'Choose another folder.', followed: to(at('3'))},
		{asked: to(at('left')), remedy: advice, followed: to(at('4'))},
		{asked: to(at('left')), remedy: advice, follow: async () => rm(path.join(at('left'), 'vda.qcow2.partial'))},
	]);
	for (const name of ['1', '2', '3', '4', 'left']) {
		t.deepEqual(await digestRestored(at(name)), held.get(points[0]!), name);
	}

	await chmod(folder, 0o777);
	const safe = at('safe');
	const copied = 'Copy the backups to a folder that only root can write to, in folders that only root can write to.';
	await refused(t, domain, to(at('5')), copied);
	await cp(folder, safe, {recursive: true});
	await chmod(safe, 0o711);
	await succeeds(t, domain, restore(safe, '--to', at('5')));
	await followAll(t, domain, [{asked: prune(folder), remedy: 'Let only root write to that folder, and to those above it.', follow: async () => chmod(folder, 0o711)}]);
});

test.serial('a folder of several domains, with a file that is no backup, and without room for a copy', async t => {
	const small = await mountSmall(t, 40);
	const {domain, folder, points, held} = await makeBackups(t, 2);
	const other = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	for (const flags of [[], []]) {
		const made = await backUp(other, folder, flags);
		t.is(made.exitCode, 0, report(made));
	}

	const apart = await makeTarget(t, other, 'apart');
	await writeFile(path.join(folder, 'notes.json'), '{}');
	const giveFolder = async () => {
		for (const {point, domain: {uuid}} of await readManifests(folder)) {
			if (uuid === other.uuid) {
				await run('sh', ['-c', 'mv "$1/$2".* "$3"', 'sh', folder, point, apart]);
			}
		}
	};

	await refused(t, domain, prune(folder), 'Give each domain a folder: all files of a point begin with its name, and can be moved with those that it is built on.');
	await followAll(t, domain, [
		{asked: prune(folder), remedy: 'If it is no backup, move it to another folder.', follow: async () => rename(path.join(folder, 'notes.json'), path.join(apart, '../notes.json')), followed: ['backup', 'list', folder]},
		{asked: prune(folder), remedy: 'Give each domain a folder', follow: giveFolder, followed: ['backup', 'verify', apart]},
	]);
	await rm(path.join(apart, '../notes.json'), {force: true});
	await cp(folder, path.join(small, 'backups'), {recursive: true});
	await run('chmod', ['711', path.join(small, 'backups')]);
	const moved = path.join(small, 'backups');
	await fill(small);
	const advice = 'Free some space there, or keep only points from a full backup on, which need no copy.';
	await followAll(t, domain, [
		{asked: prune(moved), remedy: advice, follow: async () => rm(path.join(small, 'filler'))},
	]);
	const full = await backUp(domain, moved, ['--full']);
	t.is(full.exitCode, 0, report(full));
	const later = await backUp(domain, moved);
	t.is(later.exitCode, 0, report(later));
	await fill(small);
	await run('truncate', ['-s', '-256K', path.join(small, 'filler')]);
	const [kept] = (await readManifests(moved)).slice(1);
	await refused(t, domain, prune(moved), advice);
	await succeeds(t, domain, prune(moved, '--keep', '2'));
	t.is((await readManifests(moved))[0]!.point, kept!.point);
	await succeeds(t, domain, prune(folder));
	const out = path.join(apart, 'out');
	await succeeds(t, domain, restore(folder, '--to', out));
	t.deepEqual(await digestRestored(out), held.get(points[1]!));
});

test.serial('an interrupted removal is finished first; a point that came back meanwhile and needs what goes is saved first', async t => {
	const {domain, folder} = await makeBackups(t, 3);
	const create = ['backup', 'create', `--to=${folder}`, '--yes', '--json', '--', domain.name];
	const finish = `Finish it first: vsnap-tui backup prune ${folder} --yes.`;
	await interruptPrune(t, domain, folder);
	await refused(t, domain, create, finish);
	await succeeds(t, domain, prune(folder, '--keep', '9'));
	await succeeds(t, domain, create);

	const again = await makeBackups(t, 2);
	const full = await backUp(again.domain, again.folder, ['--full']);
	t.is(full.exitCode, 0, report(full));
	const away = await makeTarget(t, again.domain, 'away');
	const [, second] = again.points;
	await run('sh', ['-c', 'mv "$1/$2".* "$3"', 'sh', again.folder, second!, away]);
	await interruptPrune(t, again.domain, again.folder);
	await run('sh', ['-c', 'mv "$3/$2".* "$1"', 'sh', again.folder, second!, away]);
	const out = path.join(away, 'out');
	const stay = (await readManifests(again.folder)).at(-1)!.point;
	await refused(t, again.domain, restore(again.folder, '--at', again.points[0]!, '--to', out), 'Finish it first');
	const advice = await refused(t, again.domain, prune(again.folder), 'Restore it elsewhere first');
	await runAsTold(`VSNAP_TUI_STATE='${again.domain.statePath}' '${process.execPath}' '${programPath}' --connect '${labUri}' ${/\(vsnap-tui (restore .* FOLDER)\)/.exec(advice)![1]!.replace('FOLDER', out)} --yes`);
	t.deepEqual(await digestRestored(out), again.held.get(second!));
	await run('sh', ['-c', 'rm "$1/$2"*', 'sh', again.folder, second!]);
	await succeeds(t, again.domain, prune(again.folder));
	t.deepEqual((await readdir(again.folder)).sort(), [`${stay}.json`, `${stay}.vda.qcow2`, `${stay}.vdb.qcow2`]);
});

test.serial('without the right to write to a folder, another user or another folder does it', async t => {
	const {domain, folder, points, held} = await makeBackups(t, 2);
	await stop(domain);
	await run('chmod', ['-R', 'o+rX', folder]);
	const user = await makeOtherUser(t);
	const asUser = async (...words: string[]) => user.runProgram(['--image', `x=${path.join(user.home, 'x.qcow2')}`, ...words]);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', path.join(user.home, 'x.qcow2'), '1M']);
	await chown(path.join(user.home, 'x.qcow2'), user.uid, -1);
	const closed = await makeTarget(t, domain, 'closed');
	await chmod(closed, 0o755);
	const refusedPrune = await asUser(...prune(folder));
	t.true(refusedPrune.stderr.includes('Run as a user who may write there.'), refusedPrune.stderr);
	const refusedRestore = await asUser(...restore(folder, '--to', closed));
	t.true(refusedRestore.stderr.includes('Run as a user who may write there, or choose another folder.'), refusedRestore.stderr);
	const made = await asUser(...restore(folder, '--to', path.join(user.home, 'out')));
	t.is(made.exitCode, 0, made.stderr);
	await succeeds(t, domain, restore(folder, '--to', closed));
	await succeeds(t, domain, prune(folder));
	t.deepEqual(await digestRestored(closed), held.get(points[1]!));
});

test.serial('a standalone domain has no definition to be made anew: its images are restored to a folder', async t => {
	const bare = await startBare(t);
	const folder = await makeTarget(t, bare);
	await doBare(bare, 'backup', 'create', `--to=${folder}`, '--yes', bare.name);
	const result = await runBare(bare, ['restore', folder, '--as', 'new', '--to', path.join(folder, '../x'), '--yes']);
	t.is(result.exitCode, 3, result.stderr);
	t.true(result.stderr.includes('Restore the images with --to FOLDER.'), result.stderr);
	const out = path.join(folder, 'out');
	await doBare(bare, 'restore', folder, '--to', out, '--yes');
	t.is((await readdir(out)).length, 3);
});
