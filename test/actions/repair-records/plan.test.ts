import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planRepairRecords} from '../../../source/actions/repair-records/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, snapshot, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/w'};
const repair = (world: Inventory) => planRepairRecords({kind: 'repair-records', domain: {uuid, name: 'web'}}, world, given);
const newer = 9_009_000;

function blockersOf(world: Inventory): string[] {
	const result = repair(world);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);
}

/** s1 → s2, the head on a fresh overlay on what s1 froze. */
function afterRevert(more: Partial<Scene> = {}): Inventory {
	return inventory({
		heads: {vda: '/d/vda.new'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.new', '/d/vda.qcow2')],
		...more,
	});
}

function disksIn(xml: string): string[] {
	return [.../<disks>.*?<\/disks>/su.exec(xml)![0].matchAll(/file=["']([^"']*)/gu)].map(([, path]) => path!);
}

test('the current snapshot becomes the one that the disks stand on', t => {
	const plan = unwrap(repair(threeSnapshots({current: 's1'})));
	t.deepEqual(plan.steps.map(({phase}) => phase), ['switch']);
	const [step] = plan.steps;
	t.true(argvOf(step!.command).includes('--current'));
	t.regex(step!.command.files[0]!.text, /<name>s3<\/name>/);
	t.is(plan.targets[0].expected.currentSnapshot, 's3');
	t.deepEqual(plan.images, {created: [], removed: [], written: [], kept: plan.images.kept});
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s3'}, {target: 'vdb', path: '/d/vdb.s3'}]);
});

test('where none is current, one becomes it (R3)', t => {
	const world = threeSnapshots();
	world.details.currentSnapshot = undefined;
	t.is(unwrap(repair(world)).targets[0].expected.currentSnapshot, 's3');
});

test('since 9.9 the record names what the domain writes to, also with children (R1)', t => {
	const plan = unwrap(repair(afterRevert({libvirtVersion: newer})));
	t.deepEqual(disksIn(plan.steps[0]!.command.files[0]!.text), ['/d/vda.new']);
});

test('before 9.9 a record with children is left alone', t => {
	t.deepEqual(blockersOf(afterRevert()), ['not-supported']);
});

test('with partial snapshots the youngest is the current one, whichever disk stands on which', t => {
	const world = inventory({
		heads: {vda: '/d/vda.s2', vdb: '/d/vdb.s1'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}, overlays: {vda: '/d/vda.s2'}, modes: {vdb: 'no'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1'), image('/d/vdb.qcow2'), image('/d/vdb.s1', '/d/vdb.qcow2')],
	});
	t.is(unwrap(repair(world)).targets[0].expected.currentSnapshot, 's2');
});

test('a snapshot whose parent has no record is hung on the one whose image it stands on', t => {
	const world = threeSnapshots();
	world.details.snapshots = world.details.snapshots.map((each, index) => each.name === 's2'
		? snapshot({name: 's2', parent: 'gone', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}, overlays: {vda: '/d/vda.s2', vdb: '/d/vdb.s2'}}, index)
		: each);
	const plan = unwrap(repair(world));
	t.regex(plan.steps[0]!.command.files[0]!.text, /<parent>\s*<name>s1<\/name>/);
	t.deepEqual(plan.targets[0].expected.snapshots.find(({name}) => name === 's2'), {name: 's2', parent: 's1'});
});

test('images that were merged by hand are not declared right (L8)', t => {
	const world = threeSnapshots();
	for (const disk of ['vda', 'vdb']) {
		world.details.images.find(({path}) => path === `/d/${disk}.s3`)!.backingPath = `/d/${disk}.s1`;
	}

	t.deepEqual(blockersOf(world), ['not-supported']);
});

test('records that agree with the disks are not touched', t => {
	t.deepEqual(blockersOf(threeSnapshots()), ['not-supported']);
	t.deepEqual(blockersOf(threeSnapshots({libvirtVersion: newer})), ['not-supported']);
});

test('refused beside a job, and read-only', t => {
	const world = threeSnapshots({current: 's1'});
	world.jobs.push({text: 'a backup', remedy: 'Wait.'});
	world.host.isReadOnly = true;
	t.deepEqual(blockersOf(world), ['job-running', 'not-permitted']);
});
