/** Which point is restored, which disks of the domain it replaces, and what there has to be room for. */
import test from 'ava';
import {planAction} from '../../../source/actions/plan-action.ts';
import {choosePoint} from '../../../source/actions/restore/choose-point.ts';
import {chooseDisks, refuseFolders} from '../../../source/actions/restore/disks.ts';
import type {Manifest} from '../../../source/model/backup/manifest.ts';
import type {BackupFolder, Inventory} from '../../../source/model/domain/inventory.ts';
import {planContext} from '../../../source/planner/plan-context.ts';
import {makePoint, makePoints} from '../../helpers/backup-points.ts';
import {given, withCheckpoints} from '../../helpers/checkpoint-scene.ts';
import {now} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const folderWith = (points: Manifest[]): BackupFolder => ({
	path: '/b', folder: {path: '/b', isWritable: true, freeBytes: 1e9, device: '1', names: new Set()}, points, unreadable: [],
});

function choose(point: Manifest, world: Inventory = withCheckpoints()) {
	const context = planContext(world, given);
	const backups = folderWith([point]);
	const chosen = unwrap(chooseDisks(context, {backups, point, now}));
	refuseFolders(context, {backups, point}, chosen.disks);
	return {...chosen, refused: context.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join('\n')};
}

test('the newest point, or the one that is named; another is refused with those that are there', t => {
	t.is(unwrap(choosePoint(folderWith(makePoints(3)), undefined)).point, 'p3');
	t.is(unwrap(choosePoint(folderWith(makePoints(3)), 'p2')).point, 'p2');
	t.like(choosePoint(folderWith(makePoints(3)), 'p9'), {failure: {blockers: [{text: 'There is no point "p9" in /b.', remedy: 'Choose one of these: p1, p2, p3.'}]}});
	t.like(choosePoint(folderWith([]), undefined), {failure: {blockers: [{text: 'There are no backups in /b.'}]}});
});

test('each disk of the point goes into a new image beside the one it replaces, built on nothing and as large as in the backup; the others stay', t => {
	const {disks, revert, refused} = choose(makePoint('p1', null));
	t.is(refused, '');
	t.deepEqual(disks.map(({overlaid: {target, headPath, hasNoBacking, sizeBytes}}) => ({target, headPath, hasNoBacking, sizeBytes})), [{target: 'vda', headPath: '/d/vda.qcow2', hasNoBacking: true, sizeBytes: 1_000_000}]);
	t.regex(disks[0]!.overlaid.overlayPath, /^\/d\/vda\.\d+/);
	t.deepEqual(revert.untouched.map(({target}) => target), ['vdb']);
});

test('a disk that the domain does not have, or that is no image file of its own, is refused with the other ways', t => {
	const point = makePoint('p1', null);
	const of = (target: string) => ({...point, disks: point.disks.map(disk => ({...disk, disk: target}))});
	t.regex(choose(of('vdx')).refused, /The domain has no disk vdx, and the backup has one\. Restore the backup as a new domain \(--as NAME\)/);
	const more = '<disk type=\'network\' device=\'disk\'><driver name=\'qemu\' type=\'raw\'/><source protocol=\'nbd\' name=\'x\'/><target dev=\'vdc\'/></disk>';
	t.regex(choose(of('vdc'), withCheckpoints({more})).refused, /vdc is not on an image file of its own that could be replaced/);
});

test('room for all that the point holds of a disk, with what it is built on, has to be there', t => {
	const world = withCheckpoints();
	world.folders.set('/d', {...world.folders.get('/d')!, freeBytes: 500});
	t.regex(choose(makePoint('p1', null), world).refused, /Not enough room in \/d: 500 B free, and the restored images may need .*--to FOLDER/);
});

test('a restore beside the domain, and the folder of a backup, are counted with what they take and what is free there', t => {
	const world: Inventory = {...withCheckpoints(), backups: folderWith([makePoint('p1', null)])};
	const {domain} = world.details;
	const base = {uri: 'u', uuid: domain.uuid, name: domain.name};
	const target = {path: '/new', facts: {path: '/', isWritable: true, freeBytes: 5e9, device: '7', names: new Set<string>()}, isMade: true};
	const elsewhere = unwrap(planAction({
		kind: 'restore', domain: base, from: '/b', at: undefined, isVerified: true, currentState: {kind: 'discard'}, endState: 'shutoff', elsewhere: {kind: 'folder', path: '/new'},
	}, {...world, restorePlace: {target, identity: undefined}}, given));
	t.deepEqual(elsewhere.images.created.map(({path, bytes}) => [path, bytes!.atMost > 1000]), [['/new/vda.qcow2', true]]);
	t.like(elsewhere.space, {leftBytes: 5e9});
	t.regex(elsewhere.consequences.map(({text}) => text).join('\n'), /Disk space: takes up to .* more in all; 4\.7 GiB free now\./);
});
