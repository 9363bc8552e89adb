/** New files for root in a folder that others may write to. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import type {FolderRisk} from '../../../source/model/images/folder-risk.ts';
import {digest} from '../../../source/model/plan/fingerprint.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, twoDisks,
} from '../../helpers/create-scene.ts';
import {now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';

const disksOnly = {isDiskOnly: true, disks: [{target: 'vdb', mode: 'no' as const}]};
const beside: FolderRisk = {
	folder: '/d', who: 'user 1000', buildIn: '/', inode: '1:9',
};
const place = {folder: '/d', inode: '1:9'};
/** The private folder for new files in /d. */
const made = `/.vsnap-tui-w-new-${digest('/d').slice(0, 8)}`;

function world(risk: FolderRisk | undefined, more: Partial<Scene> = {}) {
	const scene = twoDisks(more);
	scene.folders.set('/d', {...scene.folders.get('/d')!, ...(risk && {risk})});
	return scene;
}

test('a file is made in a private folder beside, linked into place, proven, and its other name taken away', t => {
	const plan = planOf(world(beside), disksOnly);
	t.is(idsOf(plan), 'check-vda build-folder-1 reserve-vda create-vda open-vda sync publish-vda sync-folders prove-vda define record close-1 close-folder-1');
	const argv = (id: string) => argvOf(stepOf(plan, id).command).join(' ');
	t.is(argv('build-folder-1'), `mkdir -m 0700 -- ${made}`);
	t.is(argv('create-vda').slice(argv('create-vda').indexOf(' -b ')), ` -b /d/vda.qcow2 ${made}/vda.s1`);
	const publish = stepOf(plan, 'publish-vda');
	t.like(publish.command, {argv: ['ln', '-T', '--', `${made}/vda.s1`, './vda.s1'], place});
	const other = `${made}/vda.s1`;
	t.like(publish.undo![0], {argv: ['rm', '--', './vda.s1'], place: {...place, entry: {name: 'vda.s1', is: other}}, onlyIf: {kind: 'same-file', path: '/d/vda.s1', other}});
	t.like(stepOf(plan, 'prove-vda').command, {argv: ['test', './vda.s1', '-ef', `${made}/vda.s1`], place});
	t.deepEqual(plan.steps.slice(-2).map(({phase}) => phase), ['remove', 'remove']);
	t.deepEqual(createdPaths(plan), ['/d/vda.s1']);
	t.is(plan.targets[0].expected.heads[0]!.path, '/d/vda.s1');
});

test('in a folder of root\'s everything is made in place', t => {
	t.is(idsOf(planOf(world(undefined), disksOnly)), 'check-vda reserve-vda create-vda open-vda sync define record');
});

test('root is refused where no private folder can lie beside, and where somebody else writes to the files by their names', t => {
	t.regex(refusalOf(world({...beside, buildIn: undefined}), disksOnly), /\/d can be written to by user 1000, .*root writes to in \/d.*chown root \/d.*sudo -u '#1000'/);
	t.is(refusalOf(world(beside, {state: 'running'}), disksOnly), '');
	t.regex(refusalOf(world(beside, {state: 'running'}), {memory: {mode: 'external'}}), /replace the files that libvirt writes to/);
});

test('a revert and a branch do the same for each overlay, and nothing touches a public name before the definition does', t => {
	const risky = threeSnapshots();
	risky.folders.set('/d', {...risky.folders.get('/d')!, risk: beside});
	for (const action of [
		{kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: undefined},
		{kind: 'branch', domain: {uuid, name: 'web'}, snapshot: 's1', name: 'b', currentState: {kind: 'keep', name: 'k'}},
	] as const) {
		const plan = unwrap(planAction(action, risky, {id: 'plan-1', now, workPath: '/w'}));
		const created = createdPaths(plan);
		const naming = plan.steps.slice(0, plan.steps.findIndex(({id}) => id === 'define')).filter(({command}) => created.some(path => argvOf(command).includes(path)));
		// The overlay of a branch's upper layer is backed by the lower one; links are made and proven from inside the folder.
		t.deepEqual([...new Set(naming.map(({command}) => argvOf(command).slice(0, 2).join(' ')))].filter(start => start !== 'qemu-img create'), [], action.kind);
		t.is(plan.steps.filter(({id}) => id.startsWith('build-folder')).length, 1);
		t.is(plan.steps.filter(({id}) => id.startsWith('close-')).length, created.length + 1);
		t.is(new Set(plan.steps.map(({id}) => id)).size, plan.steps.length, 'no two steps of one name');
	}
});
