/**
What a folder of backups is refused for, and what the refusals advise: followed as it stands there.
*/
import {chmod, mkdir, readdir} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {backUp, digestPoint, makeTarget, readManifests} from './backups.ts';
import {doBare, markBareDisks, runBare, startBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {readError, report} from './program.ts';
import {runAsTold} from './remedies.ts';
import {virsh} from './run.ts';
import {markLive} from './snapshots.ts';

test.before(startLab);

/** In a folder that root alone can enter, as is the one above it. */
async function makeClosed(t: ExecutionContext, domain: {folder: string}): Promise<{above: string; folder: string}> {
	const above = await makeTarget(t, domain, 'closed');
	const folder = path.join(above, 'it\'s closed');
	await mkdir(folder, {mode: 0o700});
	await chmod(above, 0o700);
	return {above, folder};
}

const commandIn = (remedy: string | undefined): string => /Let others through it, who need not see what is in it: (chmod .*)\. Or choose/.exec(remedy ?? '')![1]!;

test.serial('a folder that QEMU\'s user cannot enter: refused beforehand, by the first that is closed, and taken once others may pass', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const {above, folder} = await makeClosed(t, domain);
	await start(domain);
	const held = await markLive(domain, 1);
	for (const closed of [above, folder]) {
		const refused = await backUp(domain, folder);
		t.is(refused.exitCode, 3, report(refused));
		const [blocker, ...others] = readError(refused).blockers!;
		t.deepEqual(others, []);
		t.regex(blocker!.text, /^QEMU, which runs as user \d+, cannot enter /);
		t.true(blocker!.text.includes(`cannot enter ${closed}, and`), blocker!.text);
		await runAsTold(commandIn(blocker!.remedy));
	}

	t.deepEqual(await readdir(folder), []);
	const made = await backUp(domain, folder);
	t.is(made.exitCode, 0, report(made));
	const manifests = await readManifests(folder);
	t.deepEqual(await digestPoint(folder, manifests[0]!), held);
});

test.serial('the same of a standalone QEMU that went to another user, and not of one that is root\'s', async t => {
	const domain = await startBare(t, {more: ['-runas', 'nobody']});
	const {above, folder} = await makeClosed(t, domain);
	const held = await markBareDisks(domain, 1);
	const create = ['backup', 'create', `--to=${folder}`, '--yes', domain.name];
	for (const closed of [above, folder]) {
		const refused = await runBare(domain, create);
		t.is(refused.exitCode, 3, refused.stderr);
		t.true(refused.stderr.includes(`cannot enter ${closed}, and`), refused.stderr);
		await runAsTold(commandIn(refused.stderr.replaceAll(/\s+/g, ' ')));
	}

	await doBare(domain, ...create);
	t.deepEqual(await digestPoint(folder, (await readManifests(folder))[0]!), held);

	const other = await startBare(t, {name: 'other'});
	const closed = await makeClosed(t, other);
	await doBare(other, 'backup', 'create', `--to=${closed.folder}`, '--yes', other.name);
	t.is((await readdir(closed.folder)).length, 3);
});

test.serial('a managed save is no reason to refuse: the backup says that it is as after a power failure, and the guest goes on from its memory with the checkpoint that was made', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	await start(domain);
	const held = [await markLive(domain, 1)];
	await virsh('managedsave', domain.uuid);
	const off = await backUp(domain, folder);
	t.is(off.exitCode, 0, report(off));
	await virsh('start', domain.uuid);
	held.push(await markLive(domain, 2));
	const next = await backUp(domain, folder);
	t.is(next.exitCode, 0, report(next));
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({consistency, disks}) => [consistency, ...disks.map(({kind}) => kind)]), [['crash-consistent', 'full', 'full'], ['crash-consistent', 'incremental', 'incremental']]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	await stop(domain);
});
