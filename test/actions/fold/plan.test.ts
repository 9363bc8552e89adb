import test from 'ava';
import {planFold} from '../../../source/actions/fold/plan.ts';
import type {Image} from '../../../source/model/images/image.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const fold = (world: ReturnType<typeof inventory>) => planFold({kind: 'fold', domain: {uuid, name: 'web'}}, world, {id: 'p1', now, workPath: '/w'});

/** s1 with its overlay, and on that a layer that no record tells of. */
function night(more: Partial<Scene> = {}, base: Partial<Image> = {}) {
	return inventory({
		heads: {vda: '/d/vda.night'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2', base), image('/d/vda.night', '/d/vda.s1')],
		...more,
	});
}

test('the layer becomes one with its base, no snapshot goes, and the record names what the domain writes to', t => {
	const plan = unwrap(fold(night()));
	t.is(plan.images.removed.length, 1);
	t.deepEqual(plan.consequences.flatMap(({severity, what}) => severity === 'loss' ? [what] : []), ['what the disks held when the overlays were made']);
	t.deepEqual(plan.steps.filter(({title}) => title.includes('"s1"')).map(({title}) => title), ['Prepare the record of "s1" for the merge', 'Correct the metadata of "s1"']);
	t.deepEqual(plan.targets[0].expected.snapshots, [{name: 's1', parent: undefined}]);
	const [head] = plan.targets[0].expected.heads;
	t.false(plan.images.removed.includes(head!.path));
	t.false(plan.images.removed.includes('/d/vda.qcow2'));
	const record = plan.steps.find(({id}) => id.startsWith('record-'));
	t.regex(record!.command.files[0]!.text, new RegExp(`file=["']${head!.path}`));
});

test('where the base holds an internal snapshot it stays, and takes the layer in', t => {
	const plan = unwrap(fold(night({}, {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})));
	t.deepEqual(plan.images.removed, ['/d/vda.night']);
	t.true(plan.steps.some(({command}) => argvOf(command).join(' ').includes('commit')));
});

test('refused where everything has its record, and where somebody else stands on the base', t => {
	const reasons = (world: ReturnType<typeof inventory>) => {
		const result = fold(world);
		return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);
	};

	t.deepEqual(reasons(night({heads: {vda: '/d/vda.s1'}})), ['not-supported']);
	const backup = image('/d/backup', '/d/vda.s1');
	t.deepEqual(reasons(night({images: [...night().details.images, backup]})), ['image-needed']);
});
