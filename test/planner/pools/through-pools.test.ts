/** Plans for files that libvirt alone may touch: the folder /d is that of a pool. */
import test from 'ava';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Action} from '../../../source/model/plan/request.ts';
import type {Plan, ProgramCommand} from '../../../source/model/plan/plan.ts';
import {formatCommand} from '../../../source/model/text/format-command.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import {createAction, stepOf, twoDisks} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const domain = {uuid, name: 'web'};
const revert: Action = {kind: 'revert', domain, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined} as unknown as Action;
const drop = (snapshot: string): Action => ({kind: 'delete', domain, snapshot, scope: 'one', isMetadataOnly: false});

function pooled(world: Inventory): Inventory {
	world.folders.set('/d', {...world.folders.get('/d')!, pool: 'the pool'});
	return world;
}

const planned = (world: Inventory, action: Action) => planAction(action, pooled(world), {id: 'p1', now, workPath: '/w'});
const linesOf = ({steps}: Plan): string[] => steps.flatMap(({command, undo}) => [command, ...undo ?? []]).map(command => formatCommand(command));

function refusalOf(world: Inventory, action: Action): string {
	const result = planned(world, action);
	return !result.ok && result.failure.kind === 'refused' ? result.failure.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join('\n') : '';
}

test('an overlay is made as a volume, with the owner and mode of the disk, and undone as one; no program works on files', t => {
	const world = twoDisks();
	world.details.images[0]!.file = {...world.details.images[0]!.file!, uid: 64_055, gid: 108, mode: 0o660};
	const plan = unwrap(planned(world, createAction({isDiskOnly: true})));
	t.deepEqual([...new Set(plan.steps.map(({command}) => command.tool))], ['virsh']);
	const made = stepOf(plan, 'create-vda');
	const {files, argv} = made.command as ProgramCommand;
	t.deepEqual(argv.slice(4), ['vol-create', '--pool', 'the pool', '--file', '/w/create-vda.xml']);
	t.regex(files[0]!.text, /<mode>0660<\/mode>\s*<owner>64055<\/owner>\s*<group>108<\/group>/);
	t.regex(files[0]!.text, /<backingStore>\s*<path>\/d\/vda\.qcow2<\/path>\s*<format type='qcow2'\/>/);
	const [overlay] = plan.images.created;
	t.deepEqual(made.undo!.map(command => formatCommand(command)), [
		'virsh -q -c qemu:///system pool-refresh --pool \'the pool\'',
		`virsh -q -c qemu:///system vol-delete --pool 'the pool' --vol ${overlay!.path}`,
	]);
	t.like(made, {failureChangesNothing: true, doneWhen: {kind: 'file-exists', path: overlay!.path}, undoWhen: {kind: 'backed-by', path: overlay!.path, backing: '/d/vda.qcow2'}});
	// What somebody wrote to an overlay meanwhile is not thrown away: that is for whoever may merge.
	t.deepEqual(linesOf(plan).filter(line => !line.startsWith('virsh ') && !line.startsWith('qemu-img commit ')), []);
	t.is(formatCommand(plan.steps.at(-1)!.command), 'virsh -q -c qemu:///system pool-refresh --pool \'the pool\'');
});

test('what a revert leaves is deleted as volumes, after libvirt has looked, each with its guard', t => {
	const plan = unwrap(planned(threeSnapshots(), revert));
	t.true(linesOf(plan).every(line => line.startsWith('virsh ')));
	const removals = plan.steps.filter(({phase}) => phase === 'remove');
	t.is(removals[0]!.id, 'look-at-pool-1');
	t.deepEqual(removals.filter(({guard}) => guard !== undefined).map(({command}) => formatCommand(command)), ['a', 'b'].map(disk => `virsh -q -c qemu:///system vol-delete --pool 'the pool' --vol /d/vd${disk}.s3`));
});

test('a merge while the domain is off is refused with one reason, its remedy and the command for root', t => {
	const refused = refusalOf(threeSnapshots(), drop('s2'));
	t.regex(refused, /^Files are out of your reach\. libvirt creates and deletes them, as volumes of the pool "the pool", and does nothing else with them while the domain is off\. The plan would: .+ Start the domain: .+ As root: sudo vsnap-tui -c qemu:\/\/\/system delete -- web s2$/);
});

test('nothing is deleted while an image is out of reach and in no pool', t => {
	const world = threeSnapshots();
	world.details.images.push({...image('/other/x.qcow2'), problems: [{kind: 'unreadable', reason: 'Permission denied', cause: 'not-permitted'}]});
	t.regex(refusalOf(world, revert), /\/other\/x\.qcow2\. Make a pool of their folder/);
	t.is(refusalOf(world, createAction({snapshot: 's4', isDiskOnly: true})), '');
});

test('an overlay on an encrypted image is refused: it would be a plain one', t => {
	const world = twoDisks();
	world.details.images[0]!.isEncrypted = true;
	t.regex(refusalOf(world, createAction({isDiskOnly: true})), /is encrypted/);
});

test('without a pool the plan stays as it is', t => {
	const plan = unwrap(planAction(createAction({isDiskOnly: true}), twoDisks(), {id: 'p1', now, workPath: '/w'}));
	t.true(plan.steps.some(({command}) => command.tool === 'qemu-img'));
	t.false(linesOf(plan).some(line => line.includes('vol-create')));
});
