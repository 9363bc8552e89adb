/** A revert to a snapshot inside the images: what is done in which order, what leads back, and what is refused. */
import test from 'ava';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import type {RevertAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const disks = {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'};
const tagged = (path: string, ...tags: string[]) => image(path, undefined, {internalSnapshots: tags.map(tag => ({tag, memoryBytes: 0}))});

/** Two disks with the internal snapshots i1 and i2, which is current. */
const world = (more: Partial<Scene> = {}) => inventory({
	heads: disks,
	current: 'i2',
	snapshots: [
		{name: 'i1', state: 'shutoff', frozen: disks, overlays: {}, modes: {vda: 'internal', vdb: 'internal'}},
		{name: 'i2', parent: 'i1', state: 'shutoff', frozen: disks, overlays: {}, modes: {vda: 'internal', vdb: 'internal'}},
	],
	images: Object.values(disks).map(path => tagged(path, 'i1', 'i2')),
	...more,
});

const revert = (on: Inventory, more: Partial<RevertAction> = {}) =>
	planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 'i1', currentState: {kind: 'discard'}, endState: 'shutoff', ...more}, on, {id: 'p1', now, workPath: '/w'});
const plan = (on = world(), more: Partial<RevertAction> = {}) => unwrap(revert(on, more));
const ids = ({steps}: Plan) => steps.map(({id}) => id);
const lineOf = (made: Plan, id: string) => argvOf(made.steps.find(step => step.id === id)!.command).join(' ');

function refusal(on: Inventory, more: Partial<RevertAction> = {}): string {
	const result = revert(on, more);
	return result.ok || result.failure.kind !== 'refused' ? 'planned' : result.failure.blockers.map(({text}) => text).join(' ');
}

const safety = 'before-revert-20261121-100000';

test('the current state is held inside the images first, each disk is put back, and what held it goes last', t => {
	const made = plan();
	t.deepEqual(ids(made), ['keep-vda', 'keep-vdb', 'keep', 'apply-vda', 'apply-vdb', 'define', 'current', 'remove-safety']);
	t.is(lineOf(made, 'keep-vda'), `qemu-img snapshot -c ${safety} /d/vda.qcow2`);
	t.is(lineOf(made, 'apply-vdb'), 'qemu-img snapshot -a i1 /d/vdb.qcow2');
	t.true(made.steps.slice(0, -1).every(({undo}) => undo !== null), 'until the last step everything can be put back');
	t.is(made.steps.at(-1)!.undo, null);
	t.like(made.steps.at(-1), {phase: 'remove', doneWhen: {kind: 'snapshot-missing', uuid, name: safety}});
	t.like(made.images, {created: [], removed: []});
	t.true(made.consequences.some(({severity, text}) => severity === 'loss' && text.includes('vda, vdb')));
});

test('a disk that was put back is put forward from the held state, and only while that is there', t => {
	const step = plan().steps.find(({id}) => id === 'apply-vda')!;
	t.deepEqual(step.undo!.map(command => argvOf(command).join(' ')), [`qemu-img snapshot -a ${safety} /d/vda.qcow2`]);
	const held = {kind: 'image-has-tag', path: '/d/vda.qcow2', tag: safety};
	t.like(step.undo![0], {onlyIf: held});
	t.like(step.undoNeeds, {probe: {kind: 'all', of: [held]}});
	t.deepEqual(step.doneWhen, {kind: 'never'});
});

test('kept, the current state gets its name and its record, and stays', t => {
	const made = plan(world(), {currentState: {kind: 'keep', name: 'k'}});
	t.false(ids(made).includes('remove-safety'));
	t.is(lineOf(made, 'keep-vdb'), 'qemu-img snapshot -c k /d/vdb.qcow2');
	t.true(made.steps.every(({undo}) => undo !== null));
	t.deepEqual(made.targets[0].expected.snapshots.at(-1), {name: 'k', parent: 'i2'});
	t.deepEqual(made.targets[0].expected.kept?.map(({path, tag}) => ({path, tag})), Object.values(disks).map(path => ({path, tag: 'k'})));
	t.false(made.consequences.some(({severity}) => severity === 'loss'));
});

test('the snapshot becomes current, and undone the former one is current again', t => {
	const made = plan();
	t.regex(lineOf(made, 'current'), /snapshot-current .*--snapshotname i1$/u);
	t.deepEqual(made.steps.find(({id}) => id === 'current')!.undo!.map(command => argvOf(command).at(-1)), ['i2']);
	t.is(made.targets[0].expected.currentSnapshot, 'i1');
	t.deepEqual(plan(world({current: 'i1'})).steps.find(({id}) => id === 'current')!.undo, []);
});

test('a running domain is off before its images are written to, and is started at the very end', t => {
	const made = plan(world({state: 'running'}), {endState: 'running'});
	const order = ids(made);
	t.true(order.indexOf('stop') < order.indexOf('keep-vda'));
	t.true(order.indexOf('define') < order.indexOf('start') && order.indexOf('start') < order.indexOf('remove-safety'));
	t.is(made.targets[0].expected.endState, 'running');
});

test('what an image does not hold, or holds twice, is refused', t => {
	t.regex(refusal(world({images: [tagged('/d/vda.qcow2', 'i1'), tagged('/d/vdb.qcow2', 'i2')]})), /vdb\.qcow2 holds no internal snapshot "i1"/u);
	t.regex(refusal(world({images: [tagged('/d/vda.qcow2', 'i1', 'i1'), tagged('/d/vdb.qcow2', 'i1')]})), /vda\.qcow2 holds 2 internal snapshots "i1"/u);
});

test('a disk that writes to another image by now, or is gone, is refused', t => {
	t.regex(refusal(world({heads: {vda: '/d/vda.new', vdb: '/d/vdb.qcow2'}, images: [...world().details.images, image('/d/vda.new')]})), /inside \/d\/vda\.qcow2, but vda writes to \/d\/vda\.new/u);
	t.regex(refusal(world({heads: {vda: '/d/vda.qcow2'}})), /inside \/d\/vdb\.qcow2, but vdb is no longer in the domain/u);
});

test('bitmaps of forgotten checkpoints inside an image are refused', t => {
	const [vda, vdb] = world().details.images;
	t.regex(refusal(world({images: [{...vda!, bitmaps: [{name: 'c1', granularityBytes: 65_536, isUsable: true}]}, vdb!]})), /vda\.qcow2 holds bitmaps of checkpoints \(c1\)/u);
});

test('a snapshot without a disk of its own leads nowhere', t => {
	const on = world({snapshots: [{name: 'i1', state: 'shutoff', frozen: disks, overlays: {}, modes: {vda: 'no', vdb: 'no'}}], current: 'i1'});
	t.regex(refusal(on), /records no disk that could be reverted/u);
});
