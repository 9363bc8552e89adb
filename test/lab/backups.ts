/**
Backups as a person without a terminal would make them, and what a folder of them holds.
*/
import {mkdir, readdir, readFile, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Manifest} from '../../source/model/backup/manifest.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import {makeDomain, start, type DomainOptions, type LabDomain} from './domains.ts';
import {report, runProgram, type ProgramOptions, type ProgramResult} from './program.ts';
import {lines, virsh} from './run.ts';
import {digestImage} from './slots.ts';
import {markLive, type Digests} from './snapshots.ts';

/** Beside the folder of the images; QEMU's user may go into it. */
export async function makeTarget(t: ExecutionContext, domain: {folder: string}, name = 'backups'): Promise<string> {
	const folder = `${domain.folder}-${name}`;
	await mkdir(folder, {mode: 0o711});
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	return folder;
}

export const backUp = async (domain: LabDomain, folder: string, flags: string[] = [], options: ProgramOptions = {}): Promise<ProgramResult> =>
	runProgram(domain, ['backup', 'create', `--to=${folder}`, ...flags, '--yes', '--json', '--', domain.name], options);

export async function readBackupPlan(domain: LabDomain, folder: string, flags: string[] = []): Promise<Plan> {
	const result = await runProgram(domain, ['backup', 'create', `--to=${folder}`, ...flags, '--dry-run', '--json', '--', domain.name]);
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	return JSON.parse(result.stdout) as Plan;
}

export async function readManifests(folder: string): Promise<Manifest[]> {
	const names = (await readdir(folder)).filter(name => name.endsWith('.json') && name !== 'prune.json').sort();
	return Promise.all(names.map(async name => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Manifest));
}

/** What each disk of the point reads as, by qemu-img alone. */
export async function digestPoint(folder: string, {disks}: Manifest): Promise<Digests> {
	return Object.fromEntries(await Promise.all(disks.map(async ({disk, file}) => [disk, await digestImage(path.join(folder, file), 'qcow2')] as const)));
}

export async function readCheckpointNames({uuid}: {uuid: string}): Promise<string[]> {
	return lines(await virsh('checkpoint-list', '--domain', uuid, '--name')).filter(name => name !== '').sort();
}

/** Of the point's own files, in bytes. */
export async function sizesOf(folder: string, {disks}: Manifest): Promise<number[]> {
	return Promise.all(disks.map(async ({file}) => (await stat(path.join(folder, file))).size));
}

export type BackedUp = {domain: LabDomain; folder: string; points: string[]; /** What the disks held, by the point. */ held: Map<string, Digests>};

/** A running domain, and a folder with so many points of it: the first is full. */
export async function makeBackups(t: ExecutionContext, count: number, options: DomainOptions = {}): Promise<BackedUp> {
	const domain = await makeDomain(t, {sizeMiB: 8, ...options});
	const folder = await makeTarget(t, domain);
	await start(domain);
	const digests: Digests[] = [];
	for (let index = 0; index < count; index++) {
		digests.push(await markLive(domain, index + 1));
		const made = await backUp(domain, folder);
		t.is(made.exitCode, 0, report(made));
	}

	const points = (await readManifests(folder)).map(({point}) => point);
	return {domain, folder, points, held: new Map(points.map((point, index) => [point, digests[index]!]))};
}
