/** Root's writes by qemu-img to images that exist, in a folder where somebody else may exchange them. */
import test from 'ava';
import {unwrap} from '../helpers/unwrap.ts';
import type {Action} from '../../source/model/plan/request.ts';
import type {FolderRisk} from '../../source/model/images/folder-risk.ts';
import type {Image} from '../../source/model/images/image.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import {formatCommand} from '../../source/model/text/format-command.ts';
import type {Command, Plan} from '../../source/model/plan/plan.ts';
import {planAction} from '../../source/actions/plan-action.ts';
import {
	createAction, stepOf, textsOf, twoDisks,
} from '../helpers/create-scene.ts';
import {image} from '../helpers/images.ts';
import {now, threeSnapshots, uuid, type Scene} from '../helpers/inventory.ts';

const user = {uid: 1000, gid: 1000, isNamed: true};
const theirs: FolderRisk = {
	folder: '/d', who: 'user 1000', buildIn: '/', inode: '1:9', sole: user,
};
const shared: FolderRisk = {
	folder: '/d', who: 'group 36', buildIn: '/', inode: '1:9',
};
const domain = {uuid, name: 'web'};
const drop = (snapshot: string): Action => ({kind: 'delete', domain, snapshot, scope: 'one', isMetadataOnly: false});
const tag: Action = createAction({snapshot: 'i1'});

/** The images of that user, but for those with other facts. */
function within(risk: FolderRisk | undefined, world: Inventory, others: Record<string, Partial<Image['file']>> = {}): Inventory {
	world.folders.set('/d', {...world.folders.get('/d')!, ...(risk && {risk})});
	for (const one of world.details.images) {
		one.file = {...one.file!, uid: 1000, gid: 1000, ...others[one.path]};
	}

	return world;
}

const planned = (world: Inventory, action: Action) => planAction(action, world, {id: 'p1', now, workPath: '/w'});
const planOf = (world: Inventory, action: Action) => unwrap(planned(world, action));

function refusalOf(world: Inventory, action: Action): string {
	const result = planned(world, action);
	return !result.ok && result.failure.kind === 'refused' ? result.failure.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join('\n') : '';
}

/** The top of each chain is small: it is committed. */
function smallTops(more?: Partial<Scene>): Inventory {
	const world = threeSnapshots(more);
	for (const top of world.details.images.filter(({path}) => path.endsWith('.s3'))) {
		top.allocatedBytes = 1000;
	}

	return world;
}

const line = (plan: Plan, id: string) => formatCommand(stepOf(plan, id).command);
const asUser = 'setpriv --reuid 1000 --regid 1000 --init-groups';
const commandsOf = (plan: Plan): Command[] => plan.steps.flatMap(({command, undo, instead}) => [command, ...undo ?? [], ...instead?.commands ?? []]);

test('a merge is done, and looked at beforehand, with the rights of the user whose folder it is; what is theirs is dated from inside it', t => {
	const pulled = planOf(within(theirs, threeSnapshots()), drop('s2'));
	t.is(line(pulled, 'pull-1'), `${asUser} qemu-img rebase -f qcow2 -F qcow2 -b /d/vda.qcow2 /d/vda.s2`);
	t.is(line(pulled, 'check-1'), `${asUser} qemu-img info --backing-chain --output=json -f qcow2 /d/vda.s2`);
	t.regex(formatCommand(stepOf(pulled, 'pull-1').undo![0]!), new RegExp(`^${asUser} qemu-img rebase -u `));
	const committed = planOf(within(theirs, smallTops()), drop('s3'));
	t.is(line(committed, 'commit-1'), `${asUser} qemu-img commit -q -f qcow2 -d -b /d/vda.s2 /d/vda.s3`);
	t.regex(line(committed, 'lock-1'), new RegExp(`^${asUser} qemu-io `));
	for (const plan of [pulled, committed]) {
		t.regex(textsOf(plan), /info: Images in \/d are written to with only the rights of user 1000/);
	}

	const dates = commandsOf(pulled).filter(command => command.tool === 'file' && command.argv[0] === 'touch');
	t.is(dates.length, 4, 'after the pull of each disk, and after its undo');
	t.true(dates.every(command => command.tool === 'file' && command.argv.includes('-h') && command.place?.inode === '1:9'));
});

test('where the folder is root\'s nothing is done otherwise', t => {
	for (const [world, action] of [[threeSnapshots(), drop('s2')], [smallTops(), drop('s3')], [twoDisks(), tag]] as const) {
		t.true(commandsOf(planOf(within(undefined, world), action)).every(command => command.tool === 'qmp' || (command.runAs ?? command.place) === undefined));
	}
});

test('states inside are made, and taken back, with those rights; a user that the host does not know has no groups', t => {
	const plan = planOf(within({...theirs, sole: {uid: 1234, gid: 65_534, isNamed: false}}, twoDisks(), {'/d/vda.qcow2': {uid: 1234}, '/d/vdb.qcow2': {uid: 1234}}), tag);
	const as1234 = 'setpriv --reuid 1234 --regid 65534 --clear-groups';
	t.is(line(plan, 'tag-vda'), `${as1234} qemu-img snapshot -c i1 /d/vda.qcow2`);
	t.is(formatCommand(stepOf(plan, 'tag-vda').undo![0]!), `${as1234} qemu-img snapshot -d i1 /d/vda.qcow2`);
});

test('what those rights are not enough for is refused, with the file and who should have it', t => {
	const root = {uid: 0, gid: 0};
	const refused = refusalOf(within(theirs, threeSnapshots(), {'/d/vda.s2': root}), drop('s2'));
	t.regex(refused, /^\/d can be written to by user 1000, .*vda\.s2 cannot be written to\. .*chown 1000 \/d\/vda\.s2.*chown root \/d; chmod go-w \/d/m);
	// Below what is pulled up: it only has to be read.
	t.regex(refusalOf(within(theirs, threeSnapshots(), {'/d/vdb.s1': root}), drop('s2')), /vdb\.s1 cannot be read/);
	t.is(refusalOf(within(theirs, threeSnapshots(), {'/d/vdb.s1': {...root, mode: 0o644}}), drop('s2')), '');
	t.is(refusalOf(within(theirs, threeSnapshots(), {'/d/vda.s2': {uid: 0, gid: 1000, mode: 0o660}}), drop('s2')), '');
	t.regex(refusalOf(within(theirs, smallTops(), {'/d/vda.s2': root, '/d/vda.s3': root}), drop('s3')), /vda\.s3 cannot be written to, \/d\/vda\.s2 cannot.*chown 1000 \/d\/vda\.s3 \/d\/vda\.s2/);
});

test('where several may exchange the images root is refused', t => {
	for (const [world, action] of [[threeSnapshots(), drop('s2')], [smallTops(), drop('s3')], [twoDisks(), tag]] as const) {
		t.regex(refusalOf(within(shared, world), action), /^\/d can be written to by group 36, .*chmod go-w/m);
	}

	t.regex(refusalOf(within({...theirs, sole: undefined}, twoDisks()), tag), /user 1000 and others/);
});

test('a state inside a file of root\'s is made in that very file, which names no other; not where its data are elsewhere', t => {
	const root = {uid: 0, gid: 0};
	const disks = {'/d/vda.qcow2': root, '/d/vdb.qcow2': root};
	for (const risk of [theirs, shared]) {
		const plan = planOf(within(risk, twoDisks(), disks), tag);
		for (const command of [stepOf(plan, 'tag-vda').command, stepOf(plan, 'tag-vda').undo![0]!]) {
			t.like(command, {place: {folder: '/d', inode: '1:9', entry: {name: 'vda.qcow2', is: '1:/d/vda.qcow2', isHeld: true}}});
			t.regex(formatCommand(command), /json:{"driver":"qcow2","file":{"driver":"file","filename":"\/proc\/self\/fd\/9"},"backing":null}/);
		}
	}

	t.is(refusalOf(within(theirs, twoDisks(), {...disks, '/d/vdb.qcow2': {...root, mode: 0o666}}), tag), '');
	t.regex(refusalOf(within(shared, twoDisks(), {...disks, '/d/vdb.qcow2': {...root, mode: 0o666}}), tag), /group 36/);
	const data = within(theirs, twoDisks({images: [image('/d/vda.qcow2', undefined, {dataFilePath: '/d/data'}), image('/d/vdb.qcow2')]}), disks);
	t.regex(refusalOf(data, tag), /vda\.qcow2 cannot be written to/);
});

test('what is only done after a failure, or when the power changes, refuses nothing: it waits until the folder is fit for it', t => {
	const create = createAction({isDiskOnly: true});
	const undoOf = (world: Inventory) => commandsOf(planOf(world, create)).find(command => command.tool === 'qemu-img' && command.argv[1] === 'commit');
	t.like(undoOf(within(theirs, twoDisks())), {runAs: user});
	t.like(undoOf(within(shared, twoDisks())), {place: {folder: '/d', unshared: '/d'}, argv: ['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', '-b', './vda.qcow2', './vda.s1']});
	const online = planOf(within(shared, smallTops({state: 'running'})), drop('s3'));
	t.like(stepOf(online, 'commit-1').instead!.commands[0], {place: {unshared: '/d'}});
});

test('an image that is a link counts by the folder that it leads to', t => {
	const world = (risk: FolderRisk) => ({...within(undefined, twoDisks()), linkedRisks: new Map([['/d/vdb.qcow2', {folder: '/e', risk: {...risk, folder: '/e'}}]])});
	const plan = planOf(world(theirs), tag);
	t.is(line(plan, 'tag-vda'), 'qemu-img snapshot -c i1 /d/vda.qcow2');
	t.is(line(plan, 'tag-vdb'), `${asUser} qemu-img snapshot -c i1 /d/vdb.qcow2`);
	t.regex(refusalOf(world(shared), tag), /^\/e can be written to by group 36, who could replace the images that root writes to in \/e/);
});
