/** A new checkpoint: which disks take part, what makes their bitmaps, what is recorded, and what is refused. */
import test from 'ava';
import {planCreateCheckpoint} from '../../../source/actions/create-checkpoint/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {CreateCheckpointAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	given, imageWith, onWeb, refusedFor, threeCheckpoints, withCheckpoints,
} from '../../helpers/checkpoint-scene.ts';
import {textsOf} from '../../helpers/create-scene.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const plan = (world: Inventory, asked: Partial<CreateCheckpointAction> = {}) =>
	planCreateCheckpoint({kind: 'create-checkpoint', ...onWeb, checkpoint: 'new', description: undefined, disks: [], ...asked}, world, given);

const bitmapsOf = (world: Inventory, asked?: Partial<CreateCheckpointAction>) => unwrap(plan(world, asked)).targets[0].expected.bitmaps;

test('off: qemu-img adds a bitmap to each head, then the record comes after the youngest; all of it can be taken back', t => {
	const made = unwrap(plan(withCheckpoints({checkpoints: threeCheckpoints()})));
	const argvs = made.steps.map(step => argvOf(step.command).join(' '));
	t.is(argvs.filter(argv => argv.includes(' bitmap ')).length, 2, argvs.join('\n'));
	t.true(argvs.findIndex(argv => argv.includes(' bitmap ')) < argvs.findIndex(argv => argv.includes('checkpoint-create')));
	t.deepEqual(made.targets[0].expected.checkpoints?.at(-1), {name: 'new', parent: 'c3'});
	t.deepEqual(made.targets[0].expected.bitmaps, [{path: '/d/vda.qcow2', name: 'new'}, {path: '/d/vdb.qcow2', name: 'new'}]);
	t.true(made.steps.filter(({phase}) => phase !== 'check').every(({undo}) => undo !== null && undo !== undefined && undo.length > 0));
	t.deepEqual(made.images.written, ['/d/vda.qcow2', '/d/vdb.qcow2']);
});

test('running: libvirt is asked for all of it at one moment, and no image is touched by qemu-img', t => {
	const made = unwrap(plan(withCheckpoints({state: 'running'})));
	const argvs = made.steps.map(step => argvOf(step.command).join(' '));
	t.is(argvs.filter(argv => argv.includes('checkpoint-create')).length, 1);
	t.false(argvs.some(argv => argv.includes('qemu-img bitmap')));
});

test('a disk that is included leaves out the others, one that is left out leaves the others in', t => {
	t.deepEqual(bitmapsOf(withCheckpoints(), {disks: [{target: 'vdb', isIncluded: true}]}), [{path: '/d/vdb.qcow2', name: 'new'}]);
	t.deepEqual(bitmapsOf(withCheckpoints(), {disks: [{target: 'vdb', isIncluded: false}]}), [{path: '/d/vda.qcow2', name: 'new'}]);
});

test('a raw disk is left out with its reason, and refused where it is included; without any other there is no checkpoint', t => {
	const images = [imageWith('/d/vda.qcow2', []), imageWith('/d/vdb.qcow2', [], {format: 'raw'})];
	const world = withCheckpoints({images});
	t.deepEqual(bitmapsOf(world), [{path: '/d/vda.qcow2', name: 'new'}]);
	t.regex(textsOf(unwrap(plan(world))), /vdb.*raw/);
	t.regex(refusedFor(plan(world, {disks: [{target: 'vdb', isIncluded: true}]})), /vdb can have no checkpoint: its image is raw, and only qcow2 can hold a bitmap\. Leave it out: --disk vdb=no/);
	t.regex(refusedFor(plan(world, {disks: [{target: 'vda', isIncluded: false}]})), /No disk can have a checkpoint: vda is left out, vdb \(its image is raw/);
	t.regex(refusedFor(plan(withCheckpoints({images: images.map(image => ({...image, isVersion2: true}))}))), /compat 0\.10/);
});

test('names that are taken, by a checkpoint or by a bitmap that none accounts for, and disks that are not there are refused', t => {
	t.regex(refusedFor(plan(withCheckpoints({checkpoints: threeCheckpoints()}), {checkpoint: 'c2'})), /A checkpoint "c2" exists already/);
	t.regex(refusedFor(plan(withCheckpoints({images: [imageWith('/d/vda.qcow2', ['new']), imageWith('/d/vdb.qcow2', [])]}))), /vda\.qcow2 holds a bitmap "new" already/);
	t.regex(refusedFor(plan(withCheckpoints(), {disks: [{target: 'vdx', isIncluded: true}]})), /The domain has no disk "vdx"\. It has vda, vdb/);
	t.regex(refusedFor(plan(withCheckpoints(), {disks: [{target: 'vda', isIncluded: true, bitmap: 'other'}]})), /libvirt wants the bitmap of vda to be called like the checkpoint/);
});
