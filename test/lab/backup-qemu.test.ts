/**
Backups of running standalone QEMUs: every point is restored byte by byte by qemu-img alone, with snapshots made between them.
*/
import {readdir} from 'node:fs/promises';
import test from 'ava';
import {digestPoint, makeTarget, readManifests, sizesOf} from './backups.ts';
import {doBare, markBareDisks, readRemains, startBare} from './bare-domain.ts';
import type {Digests} from './snapshots.ts';

/** What was written, the tables of an image, and a cluster. */
const smallBytes = 65_536 + 262_144 + 65_536;

test.serial('a full backup and five increments of a running QEMU, snapshots made between them: each point is what the disks held, and small', async t => {
	const domain = await startBare(t);
	const folder = await makeTarget(t, domain);
	const held: Digests[] = [];
	const steps: string[][] = [[], [], ['create', '--disk-only', domain.name, 's1'], ['create', '--disk-only', domain.name, 's2'], [], []];
	for (const [index, between] of steps.entries()) {
		if (between.length > 0) {
			await markBareDisks(domain, 20 + index);
			await doBare(domain, '--yes', ...between);
		}

		held.push(await markBareDisks(domain, index + 1));
		await doBare(domain, 'backup', 'create', `--to=${folder}`, '--yes', domain.name);
		t.deepEqual(await readRemains(domain), []);
	}

	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ...Array.from({length: 5}, () => ['incremental', 'incremental'])]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	for (const manifest of manifests.slice(1)) {
		t.deepEqual((await sizesOf(folder, manifest)).filter(size => size > smallBytes + 65_536), []);
	}

	t.is((await readdir(folder)).length, 18);
});
