import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planRemoveOrphans} from '../../../source/actions/remove-orphans/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/w'};
const removeOrphans = (world: Inventory, ...paths: string[]) => planRemoveOrphans({kind: 'remove-orphans', domain: {uuid, name: 'web'}, paths}, world, given);

function withImages(...more: Array<ReturnType<typeof image>>): Inventory {
	const world = threeSnapshots({state: 'running'});
	world.details.images.push(...more);
	return world;
}

function blockersOf(world: Inventory, ...paths: string[]): string[] {
	const result = removeOrphans(world, ...paths);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);
}

test('leftovers are removed from the top down, each proven unused once more, beside a running domain', t => {
	const world = withImages(image('/d/vda.x', '/d/vda.qcow2'), image('/d/vda.y', '/d/vda.x'));
	const plan = unwrap(removeOrphans(world, '/d/vda.x', '/d/vda.y'));
	t.deepEqual(plan.steps.map(({command}) => argvOf(command).join(' ')), ['rm -- /d/vda.y', 'rm -- /d/vda.x']);
	t.deepEqual(plan.steps.map(({guard, phase, undo}) => [guard?.path, phase, undo]), [['/d/vda.y', 'remove', null], ['/d/vda.x', 'remove', null]]);
	t.deepEqual(plan.images.removed, ['/d/vda.y', '/d/vda.x']);
	t.is(plan.consequences.filter(({severity}) => severity === 'loss').length, 2);
});

test('an image that anything needs is never removed', t => {
	for (const {path} of threeSnapshots().details.images) {
		t.true(blockersOf(threeSnapshots(), path).length > 0, path);
	}

	t.deepEqual(blockersOf(withImages(image('/d/vda.x', '/d/vda.qcow2'), image('/d/clone', '/d/vda.x')), '/d/vda.x'), ['image-needed']);
	t.deepEqual(blockersOf(withImages(image('/d/vda.x', '/d/vda.qcow2', {internalSnapshots: [{tag: 'i', memoryBytes: 0}]})), '/d/vda.x'), ['image-needed']);
});

test('what is no overlay, is open, or was not found is not removed', t => {
	t.deepEqual(blockersOf(withImages(image('/d/free')), '/d/free'), ['not-supported']);
	t.deepEqual(blockersOf(withImages(image('/d/vda.x', '/d/vda.qcow2', {problems: [{kind: 'locked', processes: []}]})), '/d/vda.x'), ['image-in-use']);
	t.deepEqual(blockersOf(threeSnapshots(), '/d/nothing'), ['image-missing']);
});

test('nothing is removed while a record cannot be read', t => {
	const world = withImages(image('/d/vda.x', '/d/vda.qcow2'));
	world.details.unreadable.push({name: 's9', reason: 'x', remedy: 'y'});
	t.deepEqual(blockersOf(world, '/d/vda.x'), ['not-supported']);
});
