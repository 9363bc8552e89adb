/** What a backup builds on, and of each disk whether all of it or the changes alone are copied, with the reason. */
import test from 'ava';
import {chooseBase, chooseTargets, type Base} from '../../../source/actions/backup/choose.ts';
import type {BackupFolder, Inventory} from '../../../source/model/domain/inventory.ts';
import type {Manifest} from '../../../source/model/backup/manifest.ts';
import type {BackupAction} from '../../../source/model/plan/request.ts';
import {planContext} from '../../../source/planner/plan-context.ts';
import {makePoint} from '../../helpers/backup-points.ts';
import {
	given, imageWith, onWeb, threeCheckpoints, withCheckpoints,
} from '../../helpers/checkpoint-scene.ts';
import {uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const action = (asked: Partial<BackupAction> = {}): BackupAction => ({
	kind: 'backup', ...onWeb, to: '/b', since: {kind: 'latest'}, checkpoint: 'new', description: undefined, disks: [], isQuiesced: false, rateBytes: undefined, ...asked,
});

/** Of the domain, with a file of vda, made with this checkpoint. */
function pointWith(checkpoint: string | null, name = 'p1'): Manifest {
	const point = makePoint(name, null);
	return {...point, checkpoint, domain: {...point.domain, uuid}};
}

const folderWith = (points: Manifest[], names = points.flatMap(({disks}) => disks.map(({file}) => file))): BackupFolder => ({
	path: '/b', folder: {path: '/b', isWritable: true, freeBytes: 1e9, device: '1', names: new Set(names)}, points, unreadable: [],
});

function baseFor(asked: Partial<BackupAction>, points: Manifest[]) {
	const context = planContext(withCheckpoints({checkpoints: threeCheckpoints()}), given);
	const base = chooseBase(context, action(asked), folderWith(points));
	return {base, refused: context.blockers.map(({text}) => text).join(' ')};
}

test('it builds on the last point of this domain whose checkpoint is there; else it is full, and says why', t => {
	t.like(unwrap(baseFor({}, [pointWith('c1'), pointWith('c2', 'p2')]).base), {base: {point: {point: 'p2'}, checkpoint: {name: 'c2'}}, whyFull: undefined});
	t.is(unwrap(baseFor({}, []).base).whyFull, 'the folder has none of this domain yet');
	t.is(unwrap(baseFor({}, [{...pointWith('c1'), domain: {...pointWith('c1').domain, uuid: 'another'}}]).base).whyFull, 'the folder has none of this domain yet');
	t.regex(unwrap(baseFor({}, [pointWith('c1'), pointWith(null, 'p2')]).base).whyFull!, /the last one, p2, was made without a checkpoint/);
	t.regex(unwrap(baseFor({}, [pointWith('c9')]).base).whyFull!, /"c9", has gone/);
	t.deepEqual(unwrap(baseFor({since: {kind: 'full'}}, [pointWith('c1')]).base), {base: undefined, whyFull: undefined});
});

test('changes since a checkpoint that no point was made with would restore nothing, and are refused', t => {
	t.like(unwrap(baseFor({since: {kind: 'checkpoint', name: 'c1'}}, [pointWith('c1'), pointWith('c2', 'p2')]).base), {base: {point: {point: 'p1'}}});
	t.regex(baseFor({since: {kind: 'checkpoint', name: 'c3'}}, [pointWith('c1')]).refused, /no backup that was made with the checkpoint "c3"/);
	t.like(baseFor({since: {kind: 'checkpoint', name: 'c9'}}, []).base, {ok: false, failure: {kind: 'checkpoint-not-found'}});
});

const images = (bitmaps = ['c1']) => [imageWith('/d/vda.qcow2', bitmaps, {virtualSizeBytes: 1_000_000, allocatedBytes: 400_000}), imageWith('/d/vdb.qcow2', [], {virtualSizeBytes: 1_000_000})];

function targets(asked: Partial<BackupAction> = {}, {world = withCheckpoints({checkpoints: threeCheckpoints().slice(0, 1), images: images()}), folder = folderWith([pointWith('c1')])}: {world?: Inventory; folder?: BackupFolder} = {}) {
	const context = planContext(world, given);
	const base: Base = {checkpoint: world.details.checkpoints[0] ?? threeCheckpoints()[0]!, point: folder.points[0]!};
	const {disks, notes} = chooseTargets(context, action({disks: ['vda'], ...asked}), {base, folder, fileOf: target => `/b/new.${target}.qcow2`});
	return {disks, notes: notes.join(' '), refused: context.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join(' ')};
}

test('of a disk with a good bitmap and a whole file in that point the changes alone are copied, on that file', t => {
	t.like(targets().disks, [{target: 'vda', headPath: '/d/vda.qcow2', path: '/b/new.vda.qcow2', since: 'c1', backing: 'p1.vda.qcow2', isUncounted: true, atMostBytes: 400_000}]);
});

test('a disk is copied whole where the changes alone would restore nothing, and the reason is told', t => {
	const whole = (more: Parameters<typeof targets>[1]) => {
		const {disks: [disk], notes} = targets({}, more);
		t.is(disk!.since, undefined);
		t.is(disk!.backing, undefined);
		return notes;
	};

	const checkpoints = threeCheckpoints().slice(0, 1);
	t.regex(whole({world: withCheckpoints({checkpoints, images: images([])})}), /vda is copied whole: its bitmap is not there/);
	const broken = imageWith('/d/vda.qcow2', [], {virtualSizeBytes: 1_000_000, bitmaps: [{name: 'c1', granularityBytes: 65_536, isUsable: false}]});
	t.regex(whole({world: withCheckpoints({checkpoints, images: [broken]})}), /its bitmap is broken/);
	t.regex(whole({folder: folderWith([pointWith('c1')], [])}), /the backup p1 has no whole file of it/);
	t.regex(whole({world: withCheckpoints({checkpoints, images: images().map(image => ({...image, virtualSizeBytes: 2_000_000}))})}), /its size has changed since/);
	const [first] = checkpoints;
	t.regex(whole({world: withCheckpoints({checkpoints: [{...first!, disks: []}], images: images()})}), /the checkpoint "c1" does not include it/);
});

test('a disk that is left out is told of; one that is not there, or cannot be copied, is refused with what can be', t => {
	t.regex(targets().notes, /vdb is left out: this point cannot restore it/);
	t.regex(targets({disks: ['vdx']}).refused, /The domain writes to no disk "vdx" that can be copied\. It writes to vda, vdb/);
	t.regex(targets({disks: []}, {world: withCheckpoints({images: images().slice(0, 1)})}).refused, /vdb cannot be copied: its image is not a file on this host\. Name the other disks: --disk vda/);
});
