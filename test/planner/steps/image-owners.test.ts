/** Whose the new images are: the owner and mode of what they take the place of, and who sees to that where libvirt does not. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Plan} from '../../../source/model/plan/plan.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, textsOf, twoDisks,
} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';

type Owned = {uid?: number; gid?: number; mode?: number};

const owned = (path: string, backingPath: string | undefined, more: Owned) => {
	const made = image(path, backingPath);
	return {...made, file: {...made.file!, ...more}};
};

/** One disk: s1 froze `base`, and the domain is on `head`. */
function scene(base: Owned, head: Owned, more: Partial<Scene> = {}): Inventory {
	return inventory({
		heads: {vda: '/d/vda.s1'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}],
		images: [owned('/d/vda.qcow2', undefined, base), owned('/d/vda.s1', '/d/vda.qcow2', head)],
		...more,
	});
}

function revertTo(world: Inventory): Plan {
	return unwrap(planAction({
		kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: undefined,
	}, world, {id: 'plan-1', now, workPath: '/w'}));
}

const qemu = {uid: 64_055, gid: 64_055};
const person = {uid: 1000, gid: 1000};

test('of head and frozen image an overlay follows the one that is not root\'s, with its mode for the group', t => {
	const fromBase = revertTo(scene({...qemu, mode: 0o660}, {}));
	t.deepEqual(argvOf(stepOf(fromBase, 'own-vda').command).slice(0, 3), ['chown', '-h', '64055:64055']);
	t.is(argvOf(stepOf(fromBase, 'allow-vda').command)[1], '0660');
	t.is(argvOf(stepOf(revertTo(scene(qemu, person)), 'own-vda').command)[2], '1000:1000');
	t.notRegex(idsOf(revertTo(scene({}, {}))), /own-|allow-/);
});

test('the overlay of a running domain follows the head once libvirt has given that back, unless it is root\'s', t => {
	const plan = revertTo(scene({}, {...qemu, mode: 0o660}, {state: 'running'}));
	const ids = idsOf(plan).split(' ');
	t.false(ids.includes('own-vda'), 'while it runs, the head belongs to QEMU');
	t.true(ids.indexOf('stop') < ids.indexOf('own-vda-later') && ids.indexOf('own-vda-later') < ids.indexOf('define'));
	const {command} = stepOf(plan, 'own-vda-later');
	t.deepEqual(argvOf(command).slice(0, 3), ['chown', '-h', '--reference=/d/vda.s1']);
	t.deepEqual(command.onlyIf, {kind: 'not-owned-by-root', path: '/d/vda.s1'});
	t.is(argvOf(stepOf(plan, 'allow-vda-later').command)[1], '0660');
	t.notRegex(idsOf(revertTo(scene({}, qemu))), /later/);
});

const running = (more: Partial<Inventory> = {}): Inventory => ({
	...twoDisks({state: 'running', images: [owned('/d/vda.qcow2', undefined, {...qemu, mode: 0o640}), owned('/d/vdb.qcow2', undefined, {})]}), ...more,
});
const disksOnly = {isDiskOnly: true};

test('where libvirt changes no owners, the overlays of a running domain are made beforehand, and libvirt is given them', t => {
	const plan = planOf(running({keepsOwners: true}), disksOnly);
	t.is(idsOf(plan), 'reserve-vda own-vda allow-vda create-vda reserve-vdb create-vdb sync snapshot');
	t.deepEqual(argvOf(stepOf(plan, 'create-vda').command), ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', '/d/vda.qcow2', '-u', '/d/vda.s1', String(1024 ** 3)]);
	const {command, undo, qmpPreview} = stepOf(plan, 'snapshot');
	t.true(argvOf(command).includes('--reuse-external'));
	t.false(undo!.some(back => argvOf(back)[0] === 'rm'), 'the files go with the steps that made them');
	t.notRegex(qmpPreview!.join('\n'), /blockdev-create/);
	t.deepEqual(createdPaths(plan), ['/d/vda.s1', '/d/vdb.s1']);
	t.regex(textsOf(plan), /libvirt is configured not to change the owner of images/);
	t.is(refusalOf(running({keepsOwners: true}), {...disksOnly, disks: [{target: 'vda', mode: 'no'}]}), '');
});

test('libvirt makes the overlays by itself where it changes owners, and those of a domain that is off are made by us anyway', t => {
	t.is(idsOf(planOf(running(), disksOnly)), 'snapshot');
	t.is(idsOf(planOf({...twoDisks(), keepsOwners: true}, disksOnly)), idsOf(planOf(twoDisks(), disksOnly)));
});

test('a label of the domain that relabels nothing counts as well', t => {
	const world = running();
	world.details.domain.liveDefinition!.fileOwnership = {keepsOwners: true, uid: 107};
	t.regex(idsOf(planOf(world, disksOnly)), /^reserve-vda .*snapshot$/);
});

test('an image that can share no cluster is refused an internal snapshot, and external ones are proposed', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2', undefined, {hasNarrowRefcounts: true})];
	t.regex(refusalOf(twoDisks({images})), /vdb\.qcow2 was created with refcount_bits=1.*--disk-only/);
	t.regex(refusalOf(twoDisks({images, state: 'running'})), /refcount_bits=1/);
	t.is(refusalOf(twoDisks({images}), disksOnly), '');
});
