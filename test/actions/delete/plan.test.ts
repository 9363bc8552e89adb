import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import type {DeleteAction} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import {describeTime} from '../../../source/model/duration/plan-time.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image, pin} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const action = (more: Partial<DeleteAction>): DeleteAction =>
	({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's2', scope: 'one', isMetadataOnly: false, ...more});
const plan = (world: Inventory, more: Partial<DeleteAction> = {}) => unwrap(planDelete(action(more), world, given));
const ids = (made: Plan) => made.steps.map(step => step.id);
const line = (made: Plan, id: string) => argvOf(made.steps.find(step => step.id === id)!.command).join(' ');
const xml = (made: Plan, id: string) => made.steps.find(step => step.id === id)!.command.files[0]!.text;

/** s1 → {s2, b1} on one disk, the head above b1. */
const fork = (more: Partial<Parameters<typeof inventory>[0]> = {}) => inventory({
	heads: {vda: '/d/vda.h'},
	current: 'b1',
	snapshots: [
		{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
		{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		{name: 'b1', parent: 's1', frozen: {vda: '/d/vda.r'}, overlays: {vda: '/d/vda.h'}},
	],
	images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.r', '/d/vda.qcow2'), image('/d/vda.h', '/d/vda.r')],
	...more,
});

test('a middle snapshot is pulled up, its record goes, its children come after its parent, and its image goes last', t => {
	const made = plan(threeSnapshots());
	t.is(line(made, 'pull-1'), 'qemu-img rebase -f qcow2 -F qcow2 -b /d/vda.qcow2 /d/vda.s2');
	t.deepEqual(made.targets[0].expected.snapshots, [{name: 's1', parent: undefined}, {name: 's3', parent: 's1'}]);
	t.deepEqual(made.images.removed, ['/d/vda.s1', '/d/vdb.s1']);
	t.true(ids(made).indexOf('pull-2') < ids(made).indexOf('delete-record-1') && ids(made).indexOf('delete-record-1') < ids(made).indexOf('remove-1'));
	t.regex(xml(made, 'record-1-after'), /<source file="\/d\/vda\.s2"/u, 'the parent names what took over from its overlay');
	t.true(made.steps.filter(step => step.phase === 'remove').every(step => step.guard?.kind === 'unused-image'));
});

test('a commit comes after the record is dropped, cannot be undone, and moves the head', t => {
	const world = threeSnapshots();
	for (const top of world.details.images.filter(({path}) => path.endsWith('.s3'))) {
		top.allocatedBytes = 1000;
	}

	const made = plan(world, {snapshot: 's3'});
	t.is(line(made, 'commit-1'), 'qemu-img commit -q -f qcow2 -d -b /d/vda.s2 /d/vda.s3');
	t.true(ids(made).indexOf('delete-record-1') < ids(made).indexOf('commit-1'));
	t.is(made.steps.find(step => step.id === 'commit-1')!.undo, null);
	t.deepEqual(made.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s2'}, {target: 'vdb', path: '/d/vdb.s2'}]);
	t.regex(xml(made, 'define'), /vda\.s2/u);
	t.is(made.targets[0].expected.currentSnapshot, 's2');
});

test('a fork point stays as shared base, with the reason, and is noted in the definition', t => {
	const made = plan(fork(), {snapshot: 's1'});
	t.deepEqual(made.images.removed, []);
	t.regex(made.images.staying![0]!.reason, /vda\.r \(snapshot b1 of web, head of web\) and vda\.s1 \(snapshot s2 of web\)/u);
	t.regex(xml(made, 'define'), /vsnap:image path="\/d\/vda\.qcow2"/u);
});

test('images that the user may not open are no reason to drop the record alone: it is refused, unless the record alone is asked for', t => {
	const world = threeSnapshots();
	for (const each of world.details.images) {
		// Nothing is known of what it is backed by.
		each.backingPath = undefined;
		each.problems = [{kind: 'unreadable', reason: 'Permission denied', cause: 'not-permitted'}];
	}

	const refused = planDelete(action({}), world, given);
	t.false(refused.ok);
	t.true(!refused.ok && refused.failure.kind === 'refused' && refused.failure.blockers.every(({kind}) => kind === 'not-permitted'));
	t.deepEqual(ids(plan(world, {isMetadataOnly: true})).filter(id => id.startsWith('remove')), []);
});

test('a base that was noted is collected when one image is left on it, and one that was not is taken for a template', t => {
	const scene = {
		snapshots: [
			{name: 's2', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
			{name: 'b1', frozen: {vda: '/d/vda.r'}, overlays: {vda: '/d/vda.h'}},
		],
	};
	const noted = fork({...scene, more: '</devices><metadata><vsnap:left xmlns:vsnap="urn:vsnap-tui:left-images:1"><vsnap:image path="/d/vda.qcow2"/></vsnap:left></metadata><devices>'});
	noted.details.domain.definition.leftImages = ['/d/vda.qcow2'];
	t.deepEqual(plan(noted).images.removed, ['/d/vda.s1', '/d/vda.qcow2']);
	t.deepEqual(plan(fork(scene)).images.removed, ['/d/vda.s1']);
});

test('what another domain stands on is neither merged nor removed', t => {
	const world = threeSnapshots({foreignPins: [pin('/d/clone', 'head', 'head of clone', 'other')]});
	world.details.images.push(image('/d/clone', '/d/vda.s1'));
	const made = plan(world);
	t.false([...made.images.removed, ...made.images.written!].some(path => path.startsWith('/d/vda.')));
	t.regex(made.images.staying!.find(({path}) => path === '/d/vda.s1')!.reason, /head of clone/u);
});

test('a read-only base and one with internal snapshots inside stay', t => {
	const world = fork();
	world.details.images.find(({path}) => path === '/d/vda.s1')!.file!.mode = 0o444;
	t.regex(plan(world, {snapshot: 's2'}).images.staying![0]!.reason, /read-only/u);
	const tagged = threeSnapshots();
	tagged.details.images.find(({path}) => path === '/d/vda.s2')!.internalSnapshots.push({tag: 'i1', memoryBytes: 0});
	t.false(plan(tagged).images.written!.includes('/d/vda.s2'), 'an internal snapshot inside reads from below, too');
});

test('what the guest does meanwhile is told of the state that it is in, once', t => {
	for (const [state, words] of [['running', 'The guest keeps running.'], ['paused', 'The guest stays paused.']] as const) {
		const made = plan(threeSnapshots({state}), {snapshot: 's1'});
		const said = [...made.consequences.map(({text}) => text), describeTime(made) ?? ''].join('\n');
		t.deepEqual(said.match(/the guest (?:keeps|stays) \w+\.?/gi), [words]);
	}
});

test('a frozen image whose header QEMU rewrites above a commit keeps its age', t => {
	const made = plan(threeSnapshots({state: 'running'}), {snapshot: 's1'});
	for (const disk of ['vda', 'vdb']) {
		const commit = made.steps.findIndex(({command}) => argvOf(command).includes(`/d/${disk}.s1`) && argvOf(command).includes('blockcommit'));
		const dates = made.steps.slice(commit).filter(({command}) => argvOf(command).includes('touch')).map(({command}) => argvOf(command).at(-1));
		t.true(commit !== -1 && dates.includes(`/d/${disk}.qcow2`) && dates.includes(`/d/${disk}.s2`), `${commit} ${dates.join(' ')}`);
	}
});

test('the running domain\'s own images are merged by its block jobs, and can be cancelled', t => {
	const made = plan(threeSnapshots({state: 'running'}), {snapshot: 's1'});
	const commit = made.steps.find(step => step.id === 'commit-1')!;
	t.regex(argvOf(commit.command).join(' '), /blockcommit .*--path vda --base \/d\/vda\.qcow2 --top \/d\/vda\.s1 --wait$/u);
	t.deepEqual(commit.progress, {kind: 'block-job', uuid, target: 'vda'});
	t.regex(argvOf(commit.cancel![0]!).join(' '), /blockjob .*--abort$/u);
});

test('the record alone goes with --metadata, and no file is touched', t => {
	const made = plan(threeSnapshots({state: 'running'}), {isMetadataOnly: true});
	t.deepEqual(made.images.removed, []);
	t.true(made.steps.every(step => step.command.tool === 'virsh'));
});

test('everything up to the first commit or removal can be put back', t => {
	for (const snapshot of ['s1', 's2', 's3']) {
		const made = plan(threeSnapshots(), {snapshot});
		t.true(made.steps.every(step => step.undo !== null || step.phase === 'remove'));
		t.true(made.steps.find(step => step.id === 'delete-record-1')!.undo!.length > 1);
	}
});

test('a plan for nothing and an unknown name are refused', t => {
	const refusal = (world: Inventory, more: Partial<DeleteAction>) => {
		const result = planDelete(action(more), world, given);
		return result.ok ? 'planned' : (result.failure.kind === 'refused' ? result.failure.blockers.map(({kind}) => kind).join(' ') : result.failure.kind);
	};

	t.is(refusal(threeSnapshots(), {snapshot: 's3', scope: 'children-only'}), 'not-supported');
	t.is(refusal(threeSnapshots(), {snapshot: 'nope'}), 'snapshot-not-found');
});

test('an image with the overlay of a detached disk on it, in a folder of its own, stays and is not noted as a leftover', t => {
	const made = plan(inventory({
		heads: {vda: '/d/vda.s2'},
		current: 's2',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}, overlays: {vda: '/d/vda.s2', vdb: '/parked/vdb.s2'}},
		],
		images: [
			image('/d/vda.qcow2'),
			image('/d/vda.s1', '/d/vda.qcow2'),
			image('/d/vda.s2', '/d/vda.s1'),
			image('/d/vdb.qcow2'),
			image('/d/vdb.s1', '/d/vdb.qcow2'),
			image('/parked/vdb.s2', '/d/vdb.s1'),
		],
	}));
	t.deepEqual(made.images.removed, ['/d/vda.s1']);
	t.false(made.steps.some(step => step.command.files.some(({text}) => text.includes('vsnap:image path="/d/vdb.s1"'))));
});

/** The head is on the base again, beside the branch b1. */
const besideBranch = (libvirtVersion: number) => {
	const world = inventory({
		heads: {vda: '/d/vda.h'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.h'}},
			{name: 'b1', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.b1'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.h', '/d/vda.qcow2')],
	});
	return {...world, host: {...world.host, libvirtVersion}};
};

test('a branch that the disks are not on does not become the current snapshot', t => {
	const made = plan(besideBranch(9_000_000), {snapshot: 's1'});
	t.is(made.targets[0].expected.currentSnapshot, undefined);
	t.false(ids(made).includes('current'));
});

test('a libvirt that crashes without a current snapshot keeps the current root while a branch remains', t => {
	const refused = planDelete(action({snapshot: 's1'}), besideBranch(9_009_000), given);
	t.like(refused, {failure: {kind: 'refused', blockers: [{kind: 'not-supported'}]}});
	t.true(planDelete(action({snapshot: 's1', scope: 'with-children'}), besideBranch(9_009_000), given).ok, 'nothing external remains');
});

test('several snapshots go in one plan: each image once, and who remains comes after the nearest that remains', t => {
	const made = plan(threeSnapshots(), {snapshot: 's1', others: ['s2']});
	t.deepEqual(made.targets[0].expected.snapshots, [{name: 's3', parent: undefined}]);
	t.deepEqual(made.targets[0].expected.goneSnapshots, ['s1', 's2']);
	t.is(new Set(made.images.removed).size, made.images.removed.length);
	t.is(made.consequences.filter(({severity}) => severity === 'loss').length, 2);
	t.deepEqual(unwrap(planDelete(action({snapshot: 's1', others: ['s2'], isMetadataOnly: true}), threeSnapshots(), given)).images.removed, []);
});

test('several of two branches leave the image that a third one needs', t => {
	const made = plan(fork(), {snapshot: 's1', others: ['s2']});
	t.deepEqual(made.targets[0].expected.snapshots, [{name: 'b1', parent: undefined}]);
	t.true(made.images.removed.includes('/d/vda.s1'), 'nothing needs it');
});

test('one of several that is not there is named, and nothing is planned', t => {
	t.like(planDelete(action({snapshot: 's1', others: ['gone']}), threeSnapshots(), given), {ok: false, failure: {kind: 'snapshot-not-found', name: 'gone'}});
});
