import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {RevertAction} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Checkpoint} from '../../../source/model/domain/snapshot.ts';
import {parseCheckpointXml} from '../../../source/model/xml/parse-checkpoint.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const revert = (world: Inventory, more: Partial<RevertAction> = {}) =>
	planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined, ...more}, world, given);
const blockersOf = (world: Inventory, more: Partial<RevertAction> = {}) => {
	const result = revert(world, more);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(blocker => blocker.kind);
};

test('a disk that only the running domain has is named beforehand: a stop would lose it', t => {
	const world = threeSnapshots({state: 'running'});
	const {domain} = world.details;
	domain.liveDefinition = {...domain.definition, disks: [...domain.definition.disks, {...domain.definition.disks[0]!, target: 'vdz', sourcePath: '/d/vdz.qcow2'}]};
	t.deepEqual(blockersOf(world), ['domain-state']);
});

test('a head that another process has open is refused', t => {
	const world = threeSnapshots();
	world.details.images.find(({path}) => path === '/d/vda.s3')!.problems.push({kind: 'locked', processes: ['pid 811 (qemu-nbd)']});
	t.deepEqual(blockersOf(world), ['image-in-use']);
});

test('a frozen image that somebody merged by hand is refused (L8)', t => {
	const world = threeSnapshots();
	const frozen = world.details.images.find(({path}) => path === '/d/vda.s1')!;
	frozen.file!.modifiedAt = String(world.details.snapshots[1]!.createdAt + 60);
	world.details.images.find(({path}) => path === '/d/vda.s3')!.backingPath = '/d/vda.s1';
	t.deepEqual(blockersOf(world, {snapshot: 's2'}), ['image-changed']);
	t.deepEqual(blockersOf(world), [], 'what lies below is untouched');
});

test('an image that was merged into within the second of its snapshot is refused, and one that the guest wrote to in that second is not (L8)', t => {
	const world = threeSnapshots();
	const [base, middle] = ['/d/vda.qcow2', '/d/vda.s1'].map(path => world.details.images.find(image => image.path === path)!);
	base!.file!.modifiedAt = `${world.details.snapshots[0]!.createdAt}.400000000`;
	middle!.file!.modifiedAt = `${world.details.snapshots[1]!.createdAt}.900000000`;
	t.deepEqual(blockersOf(world, {snapshot: 's2'}), [], 'nothing was merged');
	world.details.images.find(({path}) => path === '/d/vda.s3')!.backingPath = '/d/vda.s1';
	t.deepEqual(blockersOf(world, {snapshot: 's2'}), ['image-changed']);
	t.deepEqual(blockersOf(world), [], 'nothing stood right on it');
	world.details.images.find(({path}) => path === '/d/vda.s2')!.file!.modifiedAt = `${world.details.snapshots[1]!.createdAt + 5}.000000000`;
	t.deepEqual(blockersOf(world, {snapshot: 's2'}), [], 'what is younger was pulled up, not merged down');
});

for (const flag of ['isEncrypted', 'hasSlices'] as const) {
	test(`a disk that ${flag} says an overlay would not do justice is refused`, t => {
		const world = threeSnapshots();
		world.details.snapshots[0]!.domain!.disks[0]![flag] = true;
		t.deepEqual(blockersOf(world), ['not-supported']);
	});
}

test('a record that cannot be read stands in the way only where an image would be removed', t => {
	const world = threeSnapshots();
	world.details.unreadableOthers.push({name: 'x of other', reason: 'torn', remedy: 'y'});
	t.deepEqual(blockersOf(world), ['not-supported']);
	t.deepEqual(blockersOf(world, {currentState: {kind: 'keep', name: 'k'}}), []);
});

const internal: Scene = {
	heads: {vda: '/d/vda.qcow2'},
	current: 'i1',
	snapshots: [{name: 'i1', state: 'shutoff', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}}],
	images: [image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})],
};

test('an internal revert is refused beside checkpoints, and on an image that another stands on (R11, R12)', t => {
	t.deepEqual(blockersOf(inventory(internal), {snapshot: 'i1'}), []);
	t.deepEqual(blockersOf(inventory({...internal, checkpoints: [checkpoint('c1')]}), {snapshot: 'i1'}), ['checkpoint']);
	t.deepEqual(blockersOf(inventory({...internal, images: [...internal.images, image('/d/stranger', '/d/vda.qcow2')]}), {snapshot: 'i1'}), ['image-needed']);
});

test('the way to an internal snapshot below external ones is named, where deleting them leads there', t => {
	const scene: Scene = {
		heads: {vda: '/d/vda.e2'},
		current: 'e2',
		snapshots: [
			internal.snapshots[0]!,
			{name: 'e1', parent: 'i1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.e1'}},
			{name: 'e2', parent: 'e1', frozen: {vda: '/d/vda.e1'}, overlays: {vda: '/d/vda.e2'}},
		],
		images: [...internal.images, image('/d/vda.e1', '/d/vda.qcow2'), image('/d/vda.e2', '/d/vda.e1')],
	};
	const remedyOf = (world: Inventory) => {
		const result = revert(world, {snapshot: 'i1'});
		return result.ok || result.failure.kind !== 'refused' ? undefined : result.failure.blockers.find(({text}) => text.includes('is inside'))?.remedy;
	};

	t.regex(remedyOf(inventory(scene))!, /Merge or delete "e2" and "e1" first: vsnap-tui delete -- web e2; vsnap-tui delete -- web e1\./);
	const quick = inventory(scene);
	for (const snapshot of quick.details.snapshots) {
		snapshot.createdAt = 1;
	}

	t.regex(remedyOf(quick)!, /delete "e2" and "e1" first/i, 'made within one second');
	// A state inside the overlay that was found there has no parent, and times have whole seconds.
	const inOverlay = inventory({
		...scene,
		heads: {vda: '/d/vda.e1'},
		current: 'e1',
		snapshots: [...scene.snapshots.slice(0, 2), {name: 'i2', state: 'shutoff', frozen: {vda: '/d/vda.e1'}, overlays: {}, modes: {vda: 'internal'}}],
		images: [...internal.images, image('/d/vda.e1', '/d/vda.qcow2', {internalSnapshots: [{tag: 'i2', memoryBytes: 0}]})],
	});
	for (const snapshot of inOverlay.details.snapshots) {
		snapshot.createdAt = 1;
	}

	t.regex(remedyOf(inOverlay)!, /Delete "i2" and "e1" first: vsnap-tui delete -- web i2; vsnap-tui delete -- web e1\./);
	t.is(remedyOf(inventory({...scene, images: [...scene.images, image('/d/stranger', '/d/vda.qcow2')]})), 'Copy its content out of the image: qemu-img convert -O qcow2 -l i1 /d/vda.qcow2 COPY.', 'somebody else stands on it, too');
});

test('what is kept when an external snapshot is reverted to is external, also beside an internal current one', t => {
	const world = inventory({
		heads: {vda: '/d/vda.e1'},
		current: 'i1',
		snapshots: [
			{name: 'e1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.e1'}},
			{name: 'i1', parent: 'e1', state: 'shutoff', frozen: {vda: '/d/vda.e1'}, overlays: {}, modes: {vda: 'internal'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.e1', '/d/vda.qcow2', {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})],
	});
	const plan = unwrap(revert(world, {snapshot: 'e1', currentState: {kind: 'keep', name: 'k'}}));
	t.regex(plan.steps.find(step => step.id === 'keep')!.command.files[0]!.text, /name=.vda. snapshot=.external./);
	t.deepEqual(unwrap(revert(world, {snapshot: 'e1'})).images.removed, [], 'the internal snapshot inside holds its image');
});

test('a disk that the snapshot left out keeps its file whatever is kept, and the kept record leaves it out', t => {
	const world = inventory({
		heads: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1'}, modes: {vdb: 'no'}}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vdb.qcow2')],
	});
	const kept = unwrap(revert(world, {currentState: {kind: 'keep', name: 'k'}}));
	t.is(createdPaths(kept).length, 1);
	t.regex(kept.steps.find(step => step.id === 'keep')!.command.files[0]!.text, /name=.vdb. snapshot=.no./);
	t.is(unwrap(revert(world)).images.created.length, 1);
});

test('a disk that the target left out and the current snapshot holds is kept all the same', t => {
	const world = inventory({
		heads: {vda: '/d/vda.s2', vdb: '/d/vdb.s2'},
		current: 's2',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1'}, modes: {vdb: 'no'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s2', vdb: '/d/vdb.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1'), image('/d/vdb.qcow2'), image('/d/vdb.s2', '/d/vdb.qcow2')],
	});
	const kept = unwrap(revert(world, {currentState: {kind: 'keep', name: 'k'}}));
	t.is(createdPaths(kept).length, 2);
	t.regex(kept.steps.find(step => step.id === 'keep')!.command.files[0]!.text, /name=.vdb. snapshot=.external./);
	t.is(unwrap(revert(world)).images.created.length, 1);
});

function checkpoint(name: string, parent?: string): Checkpoint {
	return unwrap(parseCheckpointXml(`<domaincheckpoint><name>${name}</name>${parent === undefined ? '' : `<parent><name>${parent}</name></parent>`}`
		+ `<creationTime>1789999999</creationTime><disks><disk name='vda' checkpoint='bitmap' bitmap='${name}'/></disks></domaincheckpoint>`));
}

test('a checkpoint whose parent is forgotten is put back after the nearest one that stays', t => {
	const world = threeSnapshots({checkpoints: [checkpoint('c1'), checkpoint('c2', 'c1'), checkpoint('c3', 'c2')]});
	world.details.images.find(({path}) => path === '/d/vda.qcow2')!.bitmaps.push(
		{name: 'c1', isUsable: true, granularityBytes: 65_536},
		{name: 'c3', isUsable: true, granularityBytes: 65_536},
	);
	const {steps} = unwrap(revert(world));
	t.deepEqual(steps.filter(step => step.id.startsWith('bitmap-')).map(step => step.id), ['bitmap-vda-c1', 'bitmap-vda-c3']);
	t.deepEqual(steps.filter(step => step.id.startsWith('delete-checkpoint-record-')).map(step => step.id), ['delete-checkpoint-record-c3', 'delete-checkpoint-record-c2', 'delete-checkpoint-record-c1']);
	const [, third] = steps.filter(step => step.id.startsWith('redefine-'));
	t.regex(third!.command.files[0]!.text, /<parent>\s*<name>c1<\/name>/);
});
