/**
Whether an incremental backup from a checkpoint restores what the disk holds: by libvirt's own backup, laid over a copy that was made when the checkpoint was.
*/
import {copyFile, mkdir, rm} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {withFile, type LabDomain} from './domains.ts';
import {attemptVirsh, run, virsh, waitFor} from './run.ts';
import {digestAll, digestHeads, readHeads} from './slots.ts';

const pointsFolder = (domain: LabDomain) => `${domain.folder}-points`;
const pointPath = (domain: LabDomain, name: string, target: string) => path.join(pointsFolder(domain), `${name}.${target}.raw`);

/** What the disks hold at this moment, for increments since then. Goes with the test. */
export async function rememberPoint(t: ExecutionContext, domain: LabDomain, name: string): Promise<void> {
	await mkdir(pointsFolder(domain), {recursive: true, mode: 0o711});
	t.teardown(async () => rm(pointsFolder(domain), {recursive: true, force: true}));
	for (const [target, head] of await readHeads(domain)) {
		await run('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', head, pointPath(domain, name, target)]);
	}
}

export type Increment = {
	/** Why libvirt refused it; undefined: it was made. */
	refusal: string | undefined;
	isExact: boolean;
	/** Clusters of 64 KiB in all disks that it holds. */
	clusters: number;
};

type Extent = {start: number; length: number; depth: number; data: boolean; zero: boolean; present?: boolean};

/** Of the running domain, all disks. */
export async function readIncrement(domain: LabDomain, name: string): Promise<Increment> {
	const heads = await readHeads(domain);
	const targets = [...heads.keys()];
	const fileOf = (target: string) => path.join(pointsFolder(domain), `${name}.${target}.increment`);
	const disks = targets.map(target => `<disk name='${target}' type='file'><target file='${fileOf(target)}'/><driver type='qcow2'/></disk>`);
	const begun = await withFile(`<domainbackup mode='push'><incremental>${name}</incremental><disks>${disks.join('')}</disks></domainbackup>`, async backup =>
		attemptVirsh('backup-begin', domain.uuid, '--backupxml', backup));
	if (begun.exitCode !== 0) {
		return {refusal: begun.stderr.trim(), isExact: false, clusters: 0};
	}

	await waitFor('the backup is complete', async () => (await virsh('domjobinfo', domain.uuid)).includes('None'));
	let clusters = 0;
	const restored: Array<[string, string]> = [];
	for (const target of targets) {
		const file = fileOf(target);
		await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-b', '', file]);
		const map = JSON.parse(await run('qemu-img', ['map', '-U', '--output=json', '-f', 'qcow2', file])) as Extent[];
		clusters += map.filter(({data, present}) => data || present === true).reduce((sum, {length}) => sum + Math.ceil(length / 65_536), 0);
		const base = `${file}.base.raw`;
		await copyFile(pointPath(domain, name, target), base);
		await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', base, file]);
		restored.push([target, file]);
	}

	const digests = await digestAll(restored);
	const now = await digestHeads(domain);
	await Promise.all(targets.flatMap(target => [rm(fileOf(target)), rm(`${fileOf(target)}.base.raw`)]));
	return {refusal: undefined, isExact: targets.every(target => digests[target] === now[target]), clusters};
}
