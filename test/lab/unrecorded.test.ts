/** What no record tells of: the doctor names it, records it, and from then on it is merged and reverted to like any other snapshot. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {run, virsh} from './run.ts';
import {digestHeads, readHeads} from './slots.ts';
import {
	markLive, markOffline, readCurrent, readParents, takeDiskSnapshot,
} from './snapshots.ts';
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

test.serial('one with memory, by savevm, is recorded and resumed from; where the machine is another one, all is rolled back', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	const clean = await markLive(domain, 1);
	await virsh('qemu-monitor-command', '--domain', domain.uuid, '--hmp', '--cmd', 'savevm clean');
	const later = await markLive(domain, 2);
	const tree = await runProgram(domain, ['tree', '--', domain.name]);
	t.regex(tree.stdout, /clean: inside vda, vdb since .*, with memory, not recorded \(vsnap-tui doctor can record it\)/);
	const shown = await runProgram(domain, ['doctor', '--repair', 'unrecorded-tag', '--dry-run', '--', domain.name]);
	t.regex(shown.stdout, /"clean" holds the memory of a guest/);
	t.is((await record(domain, 'unrecorded-tag')).exitCode, 0);
	const reverted = await revert(domain, 'clean', {flags: ['--keep', 'later']});
	t.is(reverted.exitCode, 0, report(reverted));
	t.is(await readState(domain), 'running');
	await stop(domain);
	t.deepEqual(await digestHeads(domain), clean);
	t.is((await revert(domain, 'later', {flags: ['--discard', '--shutoff']})).exitCode, 0);
	t.deepEqual(await digestHeads(domain), later);

	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 'clean', '--metadata');
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replaceAll('65536', '98304'));
	t.is((await record(domain, 'unrecorded-tag')).exitCode, 0);
	const refused = await revert(domain, 'clean', {flags: ['--discard']});
	t.is(refused.exitCode, 1, report(refused));
	t.regex(refused.stderr, /Everything is as before/);
	t.is(await readState(domain), 'shut off');
	t.deepEqual(await digestHeads(domain), later);
});

test.serial('overlays that were made without a record are folded into their base, running and off, whatever their files are called', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const asked = domain.disks.flatMap(({target}) => ['--diskspec', `${target},snapshot=external,file=${domain.folder}/tmp-${target}`]);
	const fold = async () => {
		t.true((await diagnose(domain)).kinds.includes('unrecorded-layer'));
		const folded = await runProgram(domain, ['doctor', '--repair', 'unrecorded-layer', '--fold', '--yes', '--', domain.name]);
		t.is(folded.exitCode, 0, report(folded));
		t.deepEqual(await readStrays(domain), []);
		t.deepEqual(await readParents(domain), {s1: undefined});
	};

	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'backup', '--disk-only', '--no-metadata', ...asked);
	const later = await markOffline(domain, 3);
	await fold();
	t.deepEqual(await digestHeads(domain), later);
	t.deepEqual((await diagnose(domain)).kinds, []);

	await start(domain);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'backup', '--disk-only', '--no-metadata', ...asked);
	await fold();
	await stop(domain);
	t.deepEqual(await digestHeads(domain), later);
	t.deepEqual((await diagnose(domain)).kinds, []);
});

test.serial('an internal snapshot below an external one is out of reach, as was said, and what was said leads back', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await markOffline(domain, 1);
	await run('qemu-img', ['snapshot', '-c', 'i1', domain.disks[0]!.path]);
	await record(domain, 'unrecorded-tag');
	const clean = await digestHeads(domain);
	await markOffline(domain, 2);
	const created = await runProgram(domain, ['create', '--disk-only', '--dry-run', '--', domain.name, 'e1']);
	t.regex(created.stdout.replaceAll(/\s+/g, ' '), new RegExp(`"i1" is inside .*vsnap-tui delete ${domain.name} e1`), report(created));
	t.is((await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 'e1'])).exitCode, 0);
	const later = await markOffline(domain, 3);
	t.is((await revert(domain, 'i1')).exitCode, 3);
	t.is((await runProgram(domain, ['delete', '--yes', '--', domain.name, 'e1'])).exitCode, 0);
	t.deepEqual(await digestHeads(domain), later);

	// The same of a state that is kept: e1 is made anew, and i2 lies in its overlay.
	t.is((await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 'e1'])).exitCode, 0);
	const [head] = [...(await readHeads(domain)).values()];
	await run('qemu-img', ['snapshot', '-c', 'i2', head!]);
	await record(domain, 'unrecorded-tag');
	const inOverlay = await digestHeads(domain);
	await markOffline(domain, 4);
	const kept = await revert(domain, 'e1', {flags: ['--keep', 'k']});
	t.is(kept.exitCode, 0, report(kept));
	t.is((await revert(domain, 'i2')).exitCode, 3);
	const back = await revert(domain, 'k');
	t.is(back.exitCode, 0, report(back));
	const deleted = await runProgram(domain, ['delete', '--yes', '--', domain.name, 'k']);
	t.is(deleted.exitCode, 0, report(deleted));
	const reverted = await revert(domain, 'i2');
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await digestHeads(domain), inOverlay);
	const refused = await revert(domain, 'i1');
	const commands = /first: (.*?)\. The disk then/.exec(refused.stderr)![1]!.split('; ');
	t.deepEqual(commands, [`vsnap-tui delete -- ${domain.name} i2`, `vsnap-tui delete -- ${domain.name} e1`]);
	for (const command of commands) {
		const [, ...args] = command.split(' ');
		t.is((await runProgram(domain, [args[0]!, '--yes', ...args.slice(1)])).exitCode, 0, command);
	}

	const first = await revert(domain, 'i1');
	t.is(first.exitCode, 0, report(first));
	t.deepEqual(await digestHeads(domain), clean);
});

test.serial('two domains on one image are a problem', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const other = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const xml = await virsh('dumpxml', '--domain', other.uuid, '--inactive');
	await defineXml(xml.replace(other.disks[0]!.path, domain.disks[0]!.path));
	const sick = await diagnose(domain);
	t.is(sick.exitCode, 10, sick.text);
	t.deepEqual(sick.kinds, ['two-writers'], sick.text);
});
