/**
Backups of running domains of libvirt's: every point is restored byte by byte by qemu-img alone, an increment holds little more than what was written, and what is
killed, cancelled or out of room leaves nothing that looks whole.
*/
import {mkdir, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Manifest} from '../../source/model/backup/manifest.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {report, runProgram, type ProgramOptions, type ProgramResult} from './program.ts';
import {lines, virsh} from './run.ts';
import {digestImage} from './slots.ts';
import {markLive, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

/** Outside the folder of the images, which others may look through. */
async function makeTarget(t: ExecutionContext, domain: LabDomain): Promise<string> {
	const folder = `${domain.folder}-backups`;
	await mkdir(folder, {mode: 0o711});
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	return folder;
}

const backUp = async (domain: LabDomain, folder: string, flags: string[] = [], options: ProgramOptions = {}): Promise<ProgramResult> =>
	runProgram(domain, ['backup', 'create', `--to=${folder}`, ...flags, '--yes', '--json', '--', domain.name], options);

async function readManifests(folder: string): Promise<Manifest[]> {
	const names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort();
	return Promise.all(names.map(async name => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Manifest));
}

async function digestPoint(folder: string, {disks}: Manifest): Promise<Digests> {
	return Object.fromEntries(await Promise.all(disks.map(async ({disk, file}) => [disk, await digestImage(path.join(folder, file), 'qcow2')] as const)));
}

test.serial('a full backup and five increments: each point is what the disks held, small, and the folder can be moved', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16});
	const folder = await makeTarget(t, domain);
	await start(domain);
	const held: Digests[] = [];
	for (const index of [0, 1, 2, 3, 4, 5]) {
		held.push(await markLive(domain, index + 1));
		const made = await backUp(domain, folder);
		t.is(made.exitCode, 0, report(made));
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
		for (const {file} of disks) {
			const {size, mode} = await stat(path.join(moved, file));
			t.true(size <= 65_536 + 262_144 + 65_536, `${file}: ${size}`);
			t.is(mode & 0o777, 0o600);
		}
	}

	t.deepEqual(lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '').length, 6);
	t.deepEqual(await readStrays(domain), []);
});
