/** What no record tells of: the doctor names it, records it, and from then on it is merged and reverted to like any other snapshot. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {run, virsh} from './run.ts';
import {digestHeads} from './slots.ts';
import {markOffline, readCurrent, readParents, takeDiskSnapshot} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

type FindingLine = {kind: string; severity: string; text: string};

async function diagnose(domain: LabDomain): Promise<{exitCode: number | null; kinds: string[]; text: string}> {
	const result = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	const found = JSON.parse(result.stdout) as FindingLine[];
	return {exitCode: result.exitCode, kinds: found.map(({kind}) => kind), text: report(result)};
}

async function record(domain: LabDomain, kind: string) {
	return runProgram(domain, ['doctor', '--repair', kind, '--yes', '--', domain.name]);
}

test.serial('overlays that were made without a record are told, recorded, reverted to and folded', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const at = await markOffline(domain, 2);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'nightly', '--disk-only', '--no-metadata');
	const later = await markOffline(domain, 3);
	const sick = await diagnose(domain);
	t.is(sick.exitCode, 10, sick.text);
	t.true(sick.kinds.includes('unrecorded-layer'), sick.text);
	const recorded = await record(domain, 'unrecorded-layer');
	t.is(recorded.exitCode, 0, report(recorded));
	const found = await readCurrent(domain);
	t.regex(found, /^found-/);
	t.deepEqual(await readParents(domain), {s1: undefined, [found]: 's1'});
	t.deepEqual((await diagnose(domain)).kinds.filter(kind => kind !== 'native-revert'), []);
	const kept = await revert(domain, found, {flags: ['--keep', 'later']});
	t.is(kept.exitCode, 0, report(kept));
	t.deepEqual(await digestHeads(domain), at);
	const back = await revert(domain, 'later');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), later);
	const merged = await runProgram(domain, ['merge', '--yes', '--', domain.name, found]);
	t.is(merged.exitCode, 0, report(merged));
	t.deepEqual(await digestHeads(domain), later);
	t.deepEqual(await readStrays(domain), []);
	await start(domain);
	await stop(domain);
});

test.serial('an internal snapshot that only the image knows stands in the tree, is recorded, and is reverted to', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const clean = await markOffline(domain, 1);
	await run('qemu-img', ['snapshot', '-c', 'clean', domain.disks[0]!.path]);
	await markOffline(domain, 2);
	const tree = await runProgram(domain, ['tree', '--', domain.name]);
	t.regex(tree.stdout, /clean: inside vda since .*not recorded/);
	const healthy = await diagnose(domain);
	t.is(healthy.exitCode, 0, healthy.text);
	t.deepEqual(healthy.kinds, ['unrecorded-tag']);
	const recorded = await record(domain, 'unrecorded-tag');
	t.is(recorded.exitCode, 0, report(recorded));
	const reverted = await revert(domain, 'clean');
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await digestHeads(domain), clean);
	t.deepEqual((await diagnose(domain)).kinds, []);
});
