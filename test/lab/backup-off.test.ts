/**
Backups of domains that are off: every point is restored byte by byte by qemu-img alone, an increment holds little more than what was written, and the images get
nothing but the bitmaps of checkpoints.
*/
import path from 'node:path';
import test from 'ava';
import {digestBare, doBare, markBareDisks, quit, startBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {backUp, digestPoint, makeTarget, readManifests, sizesOf} from './backups.ts';
import {report} from './program.ts';
import {run} from './run.ts';
import {digestImage, readHeads} from './slots.ts';
import {markLive, takeDiskSnapshot, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const smallBytes = 65_536 + 262_144 + 65_536;

/** Writes to each disk as the domain would have; what it then holds. */
async function markOff(domain: LabDomain, ...commands: string[]): Promise<Digests> {
	const heads = await readHeads(domain, {inactive: true});
	for (const head of heads.values()) {
		await run('qemu-io', ['-f', 'qcow2', ...commands.flatMap(command => ['-c', command]), head]);
	}

	return Object.fromEntries(await Promise.all([...heads].map(async ([target, head]) => [target, await digestImage(head, 'qcow2')] as const)));
}

test.serial('a full backup and five increments of a domain that is off, which ran and went on in overlays between them: each point is what the disks held, and small', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16});
	const folder = await makeTarget(t, domain);
	const held: Digests[] = [];
	for (const index of [0, 1, 2, 3, 4, 5]) {
		if (index === 2 || index === 4) {
			await start(domain);
			await markLive(domain, index + 7);
			await takeDiskSnapshot(domain, `s${index}`);
			await stop(domain);
		}

		held.push(await markOff(domain, `write -q -P ${index + 1} ${index}M 64k`));
		const made = await backUp(domain, folder);
		t.is(made.exitCode, 0, report(made));
	}

	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ...Array.from({length: 5}, () => ['incremental', 'incremental'])]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	for (const manifest of manifests.slice(1)) {
		t.deepEqual((await sizesOf(folder, manifest)).filter(size => size > smallBytes + 65_536), []);
		t.is(manifest.consistency, 'off');
	}

	t.deepEqual(await readStrays(domain), []);
});

test.serial('what was zeroed and what was discarded is zero in the increment as well', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16});
	const folder = await makeTarget(t, domain);
	await markOff(domain, 'write -q -P 9 0 4M');
	await backUp(domain, folder);
	const held = await markOff(domain, 'write -q -z 1M 64k', 'discard -q 2M 128k', 'write -q -P 7 3M 64k');
	const made = await backUp(domain, folder);
	t.is(made.exitCode, 0, report(made));
	const [, second] = await readManifests(folder);
	t.deepEqual(second!.disks.map(({kind}) => kind), ['incremental', 'incremental']);
	t.deepEqual(await digestPoint(folder, second!), held);
});

test.serial('a standalone QEMU that has ended is backed up by its record, and goes on incrementally when it runs', async t => {
	const bare = await startBare(t);
	const folder = await makeTarget(t, bare);
	const held = [await markBareDisks(bare, 1)];
	const create = async () => doBare(bare, 'backup', 'create', `--to=${folder}`, '--yes', bare.name);
	await create();
	held.push(await markBareDisks(bare, 2));
	await quit(bare);
	await create();
	for (const [index, name] of ['sys, 1.qcow2', 'data.qcow2'].entries()) {
		await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${40 + index} 3M 64k`, '-c', 'write -q -z 64k 64k', path.join(bare.folder, name)]);
	}

	const digests = await digestBare(bare);
	held.push({vda: digests[1]!, vdb: digests[0]!});
	await create();
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({consistency, disks}) => [consistency, ...disks.map(({kind}) => kind)]), [['crash-consistent', 'full', 'full'], ['off', 'incremental', 'incremental'], ['off', 'incremental', 'incremental']]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
});
