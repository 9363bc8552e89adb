import test from 'ava';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {Image} from '../../../source/model/images/image.ts';
import {planOf} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const tagged: Partial<Image> = {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]};

/** s1, and the head on its overlay. */
function afterS1(head: Partial<Image>, more: Partial<Scene> = {}) {
	return inventory({
		heads: {vda: '/d/vda.s1'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2', head)],
		...more,
	});
}

const warningsOf = (plan: ReturnType<typeof planOf>) => plan.consequences.filter(({severity}) => severity === 'warning').map(({text}) => text);
const revert = {kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: undefined} as const;
const keep = (world: ReturnType<typeof afterS1>) => unwrap(planRevert(revert, world, {id: 'p1', now, workPath: '/w'}));

test('an external snapshot over an internal one says what goes out of reach, off and running, and what leads back', t => {
	for (const state of ['shutoff', 'running'] as const) {
		const [warning, ...others] = warningsOf(planOf(afterS1(tagged, {state}), {snapshot: 's2', isDiskOnly: true})).filter(text => text.includes('out of reach'));
		t.deepEqual(others, []);
		t.regex(warning!, /"i1" is inside \/d\/vda\.s1, .*vsnap-tui delete web s2/);
	}

	t.deepEqual(warningsOf(planOf(afterS1({}), {snapshot: 's2', isDiskOnly: true})).filter(text => text.includes('out of reach')), []);
});

test('a kept state over an internal snapshot says it too', t => {
	t.regex(warningsOf(keep(afterS1(tagged))).join('\n'), /"i1" is inside \/d\/vda\.s1, .*revert to "k", then vsnap-tui delete web k/);
});

test('a qcow2 image that is used as raw is told of before it is frozen, by create and by keep', t => {
	const raw: Partial<Image> = {format: 'raw', problems: [{kind: 'begins-like-qcow2'}]};
	const world = afterS1(raw);
	world.details.domain.definition.disks[0]!.format = 'raw';
	t.regex(warningsOf(planOf(world, {snapshot: 's2', isDiskOnly: true})).join('\n'), /vda is used as raw, but \/d\/vda\.s1 begins like a qcow2 image/);
	t.regex(warningsOf(keep(world)).join('\n'), /vda is used as raw, but \/d\/vda\.s1 begins like a qcow2 image/);
});
