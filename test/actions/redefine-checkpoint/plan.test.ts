/** A record for bitmaps that are there: libvirt believes the document, so the images are asked. */
import test from 'ava';
import {planRedefineCheckpoint} from '../../../source/actions/redefine-checkpoint/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	checkpointXml, given, imageWith, onWeb, refusedFor, threeCheckpoints, withCheckpoints,
} from '../../helpers/checkpoint-scene.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const plan = (world: Inventory, xml: string) => planRedefineCheckpoint({kind: 'redefine-checkpoint', ...onWeb, xml}, world, given);
const held = () => [imageWith('/d/vda.qcow2', ['c1']), imageWith('/d/vdb.qcow2', ['c1'])];

test('a checkpoint whose bitmaps are there is recorded, which is taken back by deleting the record, or by the former one', t => {
	const anew = unwrap(plan(withCheckpoints({images: held()}), checkpointXml('c1')));
	t.is(anew.steps.length, 1);
	t.like(anew.steps[0]!.undo![0], {onlyIf: {kind: 'checkpoint-exists', name: 'c1'}});
	t.deepEqual(anew.targets[0].expected.checkpoints, [{name: 'c1', parent: undefined}]);
	const again = unwrap(plan(withCheckpoints({checkpoints: threeCheckpoints().slice(0, 1)}), checkpointXml('c1')));
	t.is(again.steps[0]!.undo![0]!.onlyIf, undefined);
	t.deepEqual(again.targets[0].expected.checkpoints, [{name: 'c1', parent: undefined}]);
});

test('while it runs libvirt is asked to look for the bitmaps; off, the images are', t => {
	t.true(argvOf(unwrap(plan(withCheckpoints({state: 'running', images: held()}), checkpointXml('c1'))).steps[0]!.command).includes('--redefine-validate'));
	t.false(argvOf(unwrap(plan(withCheckpoints({images: held()}), checkpointXml('c1'))).steps[0]!.command).includes('--redefine-validate'));
	const [first] = held();
	t.regex(refusedFor(plan(withCheckpoints({images: [first!, imageWith('/d/vdb.qcow2', [])]}), checkpointXml('c1'))), /vdb\.qcow2 has no bitmap "c1"\. Take vdb out of the document/);
	const broken = imageWith('/d/vdb.qcow2', [], {bitmaps: [{name: 'c1', granularityBytes: 65_536, isUsable: false}]});
	t.regex(refusedFor(plan(withCheckpoints({images: [first!, broken]}), checkpointXml('c1'))), /vdb\.qcow2 has only a broken bitmap "c1"/);
});

test('what libvirt would take though it cannot be true is refused', t => {
	const refused = (xml: string) => refusedFor(plan(withCheckpoints({images: held()}), xml));
	t.regex(refused(checkpointXml('c1', {parent: 'c0'})), /Its parent "c0" is not there\. Redefine that one first/);
	t.regex(refused(checkpointXml('c1', {createdAt: 0})), /It has no <creationTime>/);
	t.regex(refused(checkpointXml('c1', {disks: []})), /It names no disk with a bitmap/);
	t.regex(refused(checkpointXml('c1', {disks: ['vdx']})), /The domain writes to no disk "vdx"/);
	t.is(refused('<domainsnapshot/>'), 'unreadable');
});
