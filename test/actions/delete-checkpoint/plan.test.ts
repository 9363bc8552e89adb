/** A checkpoint goes: its record first, then its bitmaps in every layer; the others are reparented and lose nothing. */
import test from 'ava';
import {planDeleteCheckpoint} from '../../../source/actions/delete-checkpoint/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {DeleteCheckpointAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	given, imageWith, onWeb, refusedFor, threeCheckpoints, withCheckpoints,
} from '../../helpers/checkpoint-scene.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const plan = (world: Inventory, asked: Partial<DeleteCheckpointAction> = {}) =>
	planDeleteCheckpoint({kind: 'delete-checkpoint', ...onWeb, checkpoint: 'c2', scope: 'one', isMetadataOnly: false, ...asked}, world, given);

const off = (more = {}) => withCheckpoints({checkpoints: threeCheckpoints(), ...more});
const argvs = (world: Inventory, asked?: Partial<DeleteCheckpointAction>) => unwrap(plan(world, asked)).steps.map(step => argvOf(step.command).join(' '));

test('off: the record goes before the bitmaps, which go from each disk, and who came after it comes after the one before', t => {
	const made = unwrap(plan(off()));
	const commands = made.steps.map(step => argvOf(step.command).join(' '));
	const [record, ...bitmaps] = commands.slice(commands.findIndex(argv => argv.includes('checkpoint-delete')));
	t.regex(record!, /checkpoint-delete .*c2 --metadata/);
	t.deepEqual(bitmaps.map(argv => /bitmap --remove .*/.exec(argv)?.[0].includes('c2')), [true, true], commands.join('\n'));
	t.deepEqual(made.targets[0].expected.checkpoints, [{name: 'c1', parent: undefined}, {name: 'c3', parent: 'c1'}]);
	t.deepEqual(made.targets[0].expected.goneCheckpoints, ['c2']);
	t.true(made.steps.filter(({phase}) => phase === 'remove').every(({needsOff}) => needsOff));
});

test('a bitmap goes from every layer that has it', t => {
	const images = [imageWith('/d/vda.s1', ['c2'], {backingPath: '/d/vda.qcow2', backingFormat: 'qcow2'}), imageWith('/d/vda.qcow2', ['c1', 'c2']), imageWith('/d/vdb.qcow2', ['c1'])];
	const commands = argvs(off({heads: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'}, images}));
	t.deepEqual(commands.filter(argv => argv.includes('bitmap --remove')).map(argv => /\/d\/[\w.]+/.exec(argv)![0]), ['/d/vda.s1', '/d/vda.qcow2']);
});

test('those that come after it go too where that is asked, the youngest first, with it or without', t => {
	const names = (scope: DeleteCheckpointAction['scope'], checkpoint = 'c2') => argvs(off(), {scope, checkpoint, isMetadataOnly: true}).map(argv => /\bc\d\b/.exec(argv)![0]);
	t.deepEqual(names('one'), ['c2']);
	t.deepEqual(names('with-children'), ['c3', 'c2']);
	t.deepEqual(names('children-only'), ['c3']);
	t.regex(refusedFor(plan(off(), {checkpoint: 'c3', scope: 'children-only'})), /No checkpoint comes after "c3"/);
	t.is(refusedFor(plan(off(), {checkpoint: 'c9'})), 'checkpoint-not-found');
});

test('the record alone: no bitmap is touched, and it can be put back', t => {
	const made = unwrap(plan(off(), {isMetadataOnly: true}));
	t.is(made.steps.length, 1);
	t.like(made.steps[0]!.undo![0], {onlyIf: {kind: 'checkpoint-missing', name: 'c2'}});
	t.deepEqual(made.images.written ?? [], []);
});

test('running: libvirt removes bitmaps and record, but of one whose bitmap is broken only the record goes', t => {
	t.true(argvs(off({state: 'running'})).some(argv => argv.includes('checkpoint-delete') && !argv.includes('--metadata')));
	const broken = threeCheckpoints().map(checkpoint => ({...checkpoint, isMeasured: true, disks: checkpoint.disks.map(disk => ({...disk, ...(checkpoint.name !== 'c2' && {sizeBytes: 0})}))}));
	t.deepEqual(argvs(off({state: 'running', checkpoints: broken})).map(argv => argv.includes('--metadata')), [true]);
});
