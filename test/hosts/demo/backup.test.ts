/**
Checkpoints and backups on the demo host, by the real planner and executor: what is made, what goes, and what is left where a backup is stopped.
*/
import path from 'node:path';
import test from 'ava';
import {planExport} from '../../../source/commands/backup/export-plan.ts';
import {formatManifest, type Manifest} from '../../../source/model/backup/manifest.ts';
import {demoNow, openDemo} from '../../helpers/demo.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {openEngine, type Engine, type NamedRequest} from './engine.ts';

const backupOf = (to: string): NamedRequest => ({
	kind: 'backup', to, since: {kind: 'latest'}, checkpoint: 'today', description: undefined, disks: [], isQuiesced: false, rateBytes: undefined,
});

async function run(engine: Engine, domain: string, request: NamedRequest) {
	return (await engine.execute(unwrap(await engine.plan(domain, request)))).outcome.kind;
}

async function points({host}: Engine, folder: string): Promise<Manifest[]> {
	return unwrap(await host.readBackups(folder)).points;
}

const bitmapsOf = ({demo, named}: Engine, domain: string) => [...demo.world.files.values()].filter(({path}) => path.includes(`/${named(domain).name}`)).flatMap(({bitmaps}) => bitmaps);

test('the database has a backup for each of its checkpoints, each built on the one before', async t => {
	const found = await points(openEngine(), '/backup/db');
	t.deepEqual(found.map(({checkpoint, since, disks}) => [checkpoint, since, disks.map(({kind}) => kind)]), [
		['daily-1', null, ['full', 'full']],
		['daily-2', 'daily-1', ['incremental', 'incremental']],
		['daily-3', 'daily-2', ['incremental', 'incremental']],
	]);
});

test('a backup is built on the last one, and its files have the sums of its manifest', async t => {
	const engine = openEngine();
	t.is(await run(engine, 'db', backupOf('/backup/db')), 'done');
	const [before, last] = (await points(engine, '/backup/db')).slice(-2);
	t.like(last, {parent: before!.point, since: 'daily-3', checkpoint: 'today', consistency: 'crash-consistent'});
	for (const {file, sha256, backing, disk} of last!.disks) {
		t.is(backing, before!.disks.find(one => one.disk === disk)!.file);
		t.true((await engine.demo.run(['sha256sum', '-b', '--', `/backup/db/${file}`])).startsWith(sha256));
	}

	t.true(bitmapsOf(engine, 'db').includes('today'));
	t.is([...engine.named('db').checkpoints.keys()].at(-1), 'today');
});

test('the first backup of a domain is a full one', async t => {
	const engine = openEngine();
	t.is(await run(engine, 'web', backupOf('/backup/web')), 'done');
	t.like((await points(engine, '/backup/web'))[0], {parent: null, disks: [{kind: 'full'}, {kind: 'full'}]});
});

test('a backup that is stopped while it copies leaves no job, no file and no checkpoint', async t => {
	const engine = openEngine({changeMs: 10});
	const before = [...engine.demo.world.files.keys()].sort();
	const {outcome} = await engine.execute(unwrap(await engine.plan('web', backupOf('/backup/web'))), 'step-progress');
	t.is(outcome.kind, 'rolled-back');
	t.is(engine.named('web').job, undefined);
	t.is(engine.named('web').checkpoints.size, 0);
	t.deepEqual([...engine.demo.world.files.keys()].sort(), before);
	t.false(bitmapsOf(engine, 'web').includes('today'));
});

test('a checkpoint is made and deleted with its bitmaps; those that stay come after the one above it', async t => {
	const engine = openEngine();
	t.is(await run(engine, 'db', {kind: 'create-checkpoint', checkpoint: 'new', description: 'before the vacuum', disks: []}), 'done');
	t.true(bitmapsOf(engine, 'db').includes('new'));
	t.is(await run(engine, 'db', {kind: 'delete-checkpoint', checkpoint: 'daily-3', scope: 'one', isMetadataOnly: false}), 'done');
	t.false(bitmapsOf(engine, 'db').includes('daily-3'));
	const {checkpoints} = unwrap(await engine.host.readDetails(engine.named('db').uuid, {withForeignPins: false}));
	t.deepEqual(checkpoints.map(({name, parent}) => [name, parent]), [['daily-1', undefined], ['daily-2', 'daily-1'], ['new', 'daily-2']]);
});

test('what was written since grows as time goes by', async t => {
	const {world, virsh} = openDemo();
	const readSize = async () => Number(/ size='(\d+)'/.exec(await virsh('checkpoint-dumpxml', 'db', 'daily-3', '--no-domain', '--size'))?.[1]);
	const before = await readSize();
	t.true(before > 0);
	world.now = () => new Date(demoNow.getTime() + 600_000);
	t.true(await readSize() > before);
});

test('the doctor finds the checkpoint whose bitmaps a power failure took', async t => {
	const found = (await openEngine().findings('log')).filter(({kind}) => kind === 'checkpoint-broken');
	t.deepEqual(found.map(({text}) => text), ['The checkpoint "weekly-46" has no good bitmap on vda, vdb.']);
	t.regex(found[0]!.meaning, /^A backup since it copies vda, vdb whole/);
});

const refusals: Array<[string[], string]> = [
	[['checkpoint-delete', 'log', 'weekly-46'], 'error: Failed to delete checkpoint weekly-46\nerror: operation failed: bitmap \'weekly-46\' not found in backing chain of \'vda\'\n'],
	[['backup-dumpxml', 'db'], 'error: Domain backup job id not found: no domain backup job present\n'],
	[['domjobinfo', 'legacy'], 'error: Requested operation is not valid: domain is not running\n'],
];
for (const [words, complaint] of refusals) {
	test(`virsh ${words.join(' ')}`, async t => {
		t.is(await openDemo().failure(['virsh', ...words]), complaint);
	});
}

test('a manifest that is written can be read again', async t => {
	const engine = openEngine();
	const [first] = await points(engine, '/backup/db');
	t.is(engine.demo.world.files.get(`/backup/db/${first!.point}.json`)?.text, formatManifest(first!));
});

test('of a domain that is off what has changed is copied by a qemu-storage-daemon, which has gone afterwards; stopped, it leaves nothing', async t => {
	const engine = openEngine({changeMs: 5});
	await engine.demo.virsh('destroy', 'db');
	const before = [...engine.demo.world.files.keys()].sort();
	const stopped = await engine.execute(unwrap(await engine.plan('db', backupOf('/backup/db'))), 'step-progress');
	t.is(stopped.outcome.kind, 'rolled-back');
	t.deepEqual([...engine.demo.world.files.keys()].sort(), before);
	t.is(engine.demo.world.daemons.size, 0);
	t.is(await run(engine, 'db', backupOf('/backup/db')), 'done');
	const last = (await points(engine, '/backup/db')).at(-1)!;
	t.like(last, {since: 'daily-3', checkpoint: 'today', consistency: 'off', disks: [{kind: 'incremental'}, {kind: 'incremental'}]});
	t.is(engine.demo.world.daemons.size, 0);
});

test('disks are exported until that is aborted: then no job, no scratch file and no socket is left', async t => {
	const engine = openEngine();
	const {demo, named} = engine;
	const before = [...demo.world.files.keys()].sort();
	const inventory = unwrap(await engine.host.readInventory(named('db').uuid));
	const planned = unwrap(planExport(inventory, {
		domain: 'db', socket: '/run/db.sock', since: 'daily-3', checkpoint: 'read', disks: [], scratch: undefined, keepFreeBytes: 1, isEnding: false,
	}, {id: 'x', now: demoNow, workPath: '/w/x'}));
	t.deepEqual(planned.disks.map(({target, bitmap}) => [target, bitmap]), [['vda', 'backup-vda'], ['vdb', 'backup-vdb']]);
	for (const {command} of planned.openings) {
		unwrap(await engine.host.run(command));
	}

	const isActive = async () => unwrap(await engine.host.observe({kind: 'backup-active', uuid: named('db').uuid}));
	t.true(await isActive());
	t.deepEqual([...demo.world.files.keys()].filter(path => !before.includes(path)).sort(), [...planned.disks.map(({scratchPath}) => scratchPath), '/run/db.sock'].sort());
	for (const command of planned.openings.flatMap(({end = []}) => end)) {
		unwrap(await engine.host.run(command));
	}

	t.false(await isActive());
	t.deepEqual([...demo.world.files.keys()].sort(), before);
	t.is([...named('db').checkpoints.keys()].at(-1), 'read');
});

test('root exports into no folder in which somebody else could put a link under the name of a scratch file', async t => {
	const {host, named} = openEngine();
	const inventory = unwrap(await host.readInventory(named('db').uuid));
	const folder = path.posix.dirname(inventory.details.domain.definition.disks[0]!.sourcePath!);
	inventory.folders.set(folder, {...inventory.folders.get(folder)!, risk: {folder, who: 'user 1000', buildIn: '/', inode: '1:9', sole: undefined}});
	const request = {domain: 'db', socket: '/run/db.sock', since: undefined, checkpoint: undefined, disks: [], keepFreeBytes: 1, isEnding: false};
	const given = {id: 'x', now: demoNow, workPath: '/w/x'};
	const refused = planExport(inventory, {...request, scratch: undefined}, given);
	t.like(refused, {ok: false, failure: {kind: 'refused', blockers: [{kind: 'not-permitted'}]}});
	t.true(planExport(inventory, {...request, scratch: '/var/tmp'}, given).ok);
});
