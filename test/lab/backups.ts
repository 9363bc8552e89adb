/**
Backups as a person without a terminal would make them, and what a folder of them holds.
*/
import {mkdir, readdir, readFile, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Manifest} from '../../source/model/backup/manifest.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import type {LabDomain} from './domains.ts';
import {report, runProgram, type ProgramOptions, type ProgramResult} from './program.ts';
import {lines, virsh} from './run.ts';
import {digestImage} from './slots.ts';
import type {Digests} from './snapshots.ts';

/** Beside the folder of the images; QEMU's user may go into it. */
export async function makeTarget(t: ExecutionContext, domain: {folder: string}): Promise<string> {
	const folder = `${domain.folder}-backups`;
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
	const names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort();
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
