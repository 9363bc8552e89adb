/**
Old points go, and those that stay are restored byte by byte: also where the program is killed at any moment on the way, and called again.
*/
import {chmod, cp, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {backUp, digestPoint, makeBackups, makeTarget, readManifests, type BackedUp} from './backups.ts';
import {startLab} from './daemons.ts';
import {readError, report, runProgram, type ProgramOptions} from './program.ts';
import {digestAll} from './slots.ts';
import {markLive, type Digests} from './snapshots.ts';
import {killMoments, type KillMoment} from './shims.ts';

test.before(startLab);

const prune = async ({domain}: Pick<BackedUp, 'domain'>, folder: string, flags: string[], options: ProgramOptions = {}) =>
	runProgram(domain, ['backup', 'prune', folder, ...flags, '--yes', '--json'], options);

async function digestAllPoints(folder: string): Promise<Map<string, Digests>> {
	const manifests = await readManifests(folder);
	return new Map(await Promise.all(manifests.map(async manifest => [manifest.point, await digestPoint(folder, manifest)] as const)));
}

/** Of a point that stays, through `restore`. */
async function restorePoint(t: ExecutionContext, {domain}: BackedUp, folder: string, point: string): Promise<Digests> {
	const target = `${folder}-out`;
	await rm(target, {recursive: true, force: true});
	t.teardown(async () => rm(target, {recursive: true, force: true}));
	const restored = await runProgram(domain, ['restore', folder, '--at', point, '--to', target, '--yes', '--json']);
	t.is(restored.exitCode, 0, report(restored));
	return digestAll(['vda', 'vdb'].map(disk => [disk, path.join(target, `${disk}.qcow2`)] as const));
}

test.serial('the newest points stay whole, what they were built on is gone, and the next backup is built on them', async t => {
	const made = await makeBackups(t, 5, {sizeMiB: 16});
	const {domain, folder, points, held} = made;
	const shown = await runProgram(domain, ['backup', 'prune', folder, '--keep', '2', '--dry-run']);
	t.is(shown.exitCode, 0, report(shown));
	t.regex(shown.stdout, /qemu-img convert -O qcow2/);
	t.is((await readManifests(folder)).length, 5);
	const pruned = await prune(made, folder, ['--keep', '2']);
	t.is(pruned.exitCode, 0, report(pruned));
	const kept = points.slice(3);
	t.deepEqual((await readdir(folder)).sort(), kept.flatMap(point => [`${point}.json`, `${point}.vda.qcow2`, `${point}.vdb.qcow2`]).sort());
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({parent, disks}) => [parent, ...disks.map(({kind}) => kind)]), [[null, 'full', 'full'], [kept[0]!, 'incremental', 'incremental']]);
	t.deepEqual(await digestAllPoints(folder), new Map(kept.map(point => [point, held.get(point)!])));
	const verified = await runProgram(domain, ['backup', 'verify', folder]);
	t.is(verified.exitCode, 0, report(verified));
	t.deepEqual(await restorePoint(t, made, folder, kept[1]!), held.get(kept[1]!));
	const now = await markLive(domain, 7);
	const next = await backUp(domain, folder);
	t.is(next.exitCode, 0, report(next));
	const newest = (await readManifests(folder)).at(-1)!;
	t.is(newest.parent, kept[1]!);
	t.deepEqual(await digestPoint(folder, newest), now);
	const again = await prune(made, folder, ['--keep', '3']);
	t.is(again.exitCode, 0, report(again));
	t.is((await readManifests(folder)).length, 3);
});

test.serial('what is damaged is not copied over what it is built on', async t => {
	const made = await makeBackups(t, 3);
	const manifests = await readManifests(made.folder);
	await writeFile(path.join(made.folder, manifests[0]!.disks[1]!.file), 'nothing');
	const before = (await readdir(made.folder)).sort();
	const refused = await prune(made, made.folder, ['--keep', '1']);
	t.is(refused.exitCode, 1, report(refused));
	t.regex(readError(refused).message, /cannot be read/);
	t.deepEqual((await readdir(made.folder)).sort(), before);
});

const commands = ['dd', 'qemu-img', 'chown', 'sync', 'mv', 'rm'];

/** Programs before the real ones that kill vsnap-tui at the so-manieth call of all of them that changes something in the folder. */
async function makeKiller(t: ExecutionContext, folder: string, at: number, moment: KillMoment): Promise<ProgramOptions & {called: () => Promise<number>}> {
	const here = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-killer-'));
	t.teardown(async () => rm(here, {recursive: true, force: true}));
	const script = `#!/bin/sh
PATH='${process.env.PATH!}'
name=\${0##*/}
case "$*" in
*'${folder}'*) ;;
*) exec "$name" "$@" ;;
esac
: >"${here}/called.$$"
if [ "$(ls "${here}" | grep -c called)" = ${at + 1} ]; then
	program=$(cat "${here}/pid")
	${killMoments[moment]}
fi
exec "$name" "$@"
`;
	for (const name of commands) {
		await writeFile(path.join(here, name), script);
		await chmod(path.join(here, name), 0o755);
	}

	return {
		env: {PATH: `${here}:${process.env.PATH!}`},
		onStart: async (pid: number) => writeFile(path.join(here, 'pid'), `${pid}`),
		called: async () => (await readdir(here)).filter(name => name.startsWith('called')).length,
	};
}

for (const moment of ['during', 'after'] as const) {
	test.serial(`killed ${moment} any of its commands, the points that stay can be restored at once, and another run ends it`, async t => {
		const made = await makeBackups(t, 3, {sizeMiB: 5});
		const {domain, points, held} = made;
		const base = await makeTarget(t, domain, 'copies');
		const kept = new Map(points.slice(1).map(point => [point, held.get(point)!]));
		let isKilled = true;
		for (let at = 0; isKilled; at++) {
			const folder = path.join(base, String(at));
			await cp(made.folder, folder, {recursive: true});
			const {called, ...killer} = await makeKiller(t, folder, at, moment);
			const killed = await prune(made, folder, ['--keep', '2'], killer);
			isKilled = killed.signal === 'SIGKILL';
			t.true(isKilled || killed.exitCode === 0, report(killed));
			// Whichever manifests there are: the files of those that stay read as they did.
			const now = await digestAllPoints(folder);
			for (const [point, digests] of kept) {
				t.deepEqual(now.get(point), digests, `at ${at}`);
			}

			const finished = isKilled ? await prune(made, folder, ['--keep', '2']) : killed;
			t.is(finished.exitCode, 0, `at ${at}: ${report(finished)}`);
			t.deepEqual(await digestAllPoints(folder), kept, `at ${at}`);
			t.deepEqual((await readdir(folder)).sort(), [...kept.keys()].flatMap(point => [`${point}.json`, `${point}.vda.qcow2`, `${point}.vdb.qcow2`]).sort(), `at ${at}`);
			const verified = await runProgram(domain, ['backup', 'verify', folder]);
			t.is(verified.exitCode, 0, report(verified));
			await rm(folder, {recursive: true});
			t.true(at < 80, String(await called()));
		}
	});
}
