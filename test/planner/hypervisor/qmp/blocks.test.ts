/** Plans for merges in a bare QEMU that runs: which job, on which nodes, and what is refused. */
import test from 'ava';
import {unwrap} from '../../../helpers/unwrap.ts';
import {planAction} from '../../../../source/actions/plan-action.ts';
import type {Inventory} from '../../../../source/model/domain/inventory.ts';
import type {Plan, QmpCommand} from '../../../../source/model/plan/plan.ts';
import {bareQemu} from '../../../helpers/bare-inventory.ts';
import {now, snapshot, uuid} from '../../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const planned = (world: Inventory, kind: 'merge' | 'delete', name: string) => planAction(
	kind === 'merge'
		? {kind, domain: {uuid, name: 'web'}, snapshot: name}
		: {kind, domain: {uuid, name: 'web'}, snapshot: name, scope: 'one', isMetadataOnly: false},
	world,
	given,
);
const plan = (world: Inventory, kind: 'merge' | 'delete', name: string): Plan => unwrap(planned(world, kind, name));
const stepOf = (made: Plan, id: string) => made.steps.find(step => step.id === id)!;
const qmp = (made: Plan, id: string) => stepOf(made, id).command as QmpCommand;
const at = (made: Plan, id: string) => made.steps.findIndex(step => step.id === id);

test('the head is committed into the image below it and the guest goes over, in one piece that is begun anew after a crash', t => {
	const made = plan(bareQemu({fat: 's2'}), 'merge', 's3');
	t.like(qmp(made, 'commit-1'), {
		execute: 'block-commit',
		arguments: {'job-id': 'vsnap-commit-1', device: 'n-vda.s3', 'base-node': 'n-vda.s2', 'auto-dismiss': false},
		nodes: {device: '/d/vda.s3', 'base-node': '/d/vda.s2'},
		until: {kind: 'job-pivot', id: 'vsnap-commit-1'},
	});
	t.is(stepOf(made, 'commit-1').undo, null);
	t.deepEqual(stepOf(made, 'commit-1').doneWhen, {kind: 'head-is', uuid, target: 'vda', path: '/d/vda.s2'});
	t.like(stepOf(made, 'commit-1').cancel![0], {execute: 'job-cancel', arguments: {id: 'vsnap-commit-1'}, until: {kind: 'job', id: 'vsnap-commit-1'}});
	t.deepEqual(made.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s2'}, {target: 'vdb', path: '/d/vdb.s2'}]);
	t.deepEqual(made.images.removed, ['/d/vda.s3', '/d/vdb.s3']);
	t.true(at(made, 'delete-record-1') < at(made, 'commit-1') && at(made, 'commit-2') < at(made, 'define') && at(made, 'define') < at(made, 'remove-1'));
	t.false(made.steps.some(({command}) => command.tool === 'virsh'));
});

test('a middle image is committed from the disk\'s head on, and what stands on it is told by QEMU', t => {
	const made = plan(bareQemu({fat: 's1'}), 'merge', 's2');
	t.deepEqual(qmp(made, 'commit-1').arguments, {
		'job-id': 'vsnap-commit-1', device: 'n-vda.s3', 'top-node': 'n-vda.s2', 'base-node': 'n-vda.s1', 'backing-file': '/d/vda.s1', 'auto-dismiss': false,
	});
	t.deepEqual(qmp(made, 'commit-1').until, {kind: 'job', id: 'vsnap-commit-1'});
	t.deepEqual(stepOf(made, 'commit-1').doneWhen, {kind: 'backed-by', path: '/d/vda.s3', backing: '/d/vda.s1'});
	t.is(at(made, 'rebase-1-1'), -1);
});

test('a pull can be taken back: the guest is stopped for a moment, so that all is written, and the image goes later', t => {
	const made = plan(bareQemu({fat: 's2'}), 'merge', 's2');
	t.deepEqual(qmp(made, 'pull-1').arguments, {'job-id': 'vsnap-pull-1', device: 'n-vda.s2', 'base-node': 'n-vda.qcow2', 'backing-file': '/d/vda.qcow2', 'auto-dismiss': false});
	t.is(stepOf(made, 'pull-1').phase, 'create');
	t.is(qmp(made, 'flush-1').execute, 'stop');
	t.like(stepOf(made, 'flush-1').undo![0], {execute: 'cont', onlyIf: {kind: 'domain-active'}});
	t.deepEqual([at(made, 'flush-1'), at(made, 'resume-1'), at(made, 'sync-pull-1')].map(index => index - at(made, 'pull-1')), [1, 2, 3]);
	t.deepEqual(made.images.removed, ['/d/vda.s1', '/d/vdb.s1']);
});

test('an image that QEMU was started on stays, whatever copies less', t => {
	t.is(qmp(plan(bareQemu({fat: 's1'}), 'delete', 's1'), 'commit-1').arguments['base-node'], 'n-vda.qcow2');
	t.is(at(plan(bareQemu({fat: 's1', bare: {startImages: []}}), 'delete', 's1'), 'commit-1'), -1);
});

test('a paused guest is not pulled in, because nothing would be flushed', t => {
	t.true(at(plan(bareQemu({state: 'paused'}), 'merge', 's3'), 'commit-1') > 0);
	t.true(at(plan(bareQemu(), 'merge', 's3'), 'pull-1') > 0);
});

test('nodes with names of their own are closed before their files go', t => {
	const made = plan(bareQemu({fat: 's2', nodes: {'vdb.s3': {closing: ['mine', 'mine-file']}}}), 'merge', 's3');
	t.deepEqual(['close-2-1', 'close-2-2'].map(id => [qmp(made, id).arguments['node-name'], qmp(made, id).until?.kind]), [['mine', 'node-gone'], ['mine-file', 'node-gone']]);
	t.true(at(made, 'commit-2') < at(made, 'close-2-1') && at(made, 'close-2-2') < at(made, 'remove-1'));
});

test('a merge is refused where QEMU cannot do it, where its node is not known, and where bitmaps would be lost', t => {
	const refusal = (world: Inventory) => {
		const made = planned(world, 'merge', 's3');
		return made.ok || made.failure.kind !== 'refused' ? '' : made.failure.blockers.map(({text}) => text).join('\n');
	};

	t.regex(refusal(bareQemu({bare: {commands: new Set()}})), /open and cannot merge it/);
	t.regex(refusal(bareQemu({nodes: {'vda.s2': undefined}})), /vda\.s2 cannot be merged/);
	t.regex(refusal(bareQemu({fat: 's2', nodes: {'vda.s3': {bitmaps: ['daily']}}})), /bitmaps of checkpoints \(daily\) that \/d\/vda\.s2 does not have/);
	t.regex(refusal(bareQemu({nodes: {'vda.s2': {bitmaps: ['daily']}, 'vda.s3': {bitmaps: ['daily']}}})), /vda\.s2 holds bitmaps of checkpoints \(daily\), and/, 'that image is frozen, or its bitmap does not record');
});

test('bitmaps of a commit go on where the image below has them; those of a pull are merged into the head\'s before it', t => {
	const below = bareQemu({fat: 's2', nodes: {'vda.s3': {bitmaps: ['daily']}}});
	const image = below.details.images.find(({path}) => path === '/d/vda.s2')!;
	image.bitmaps = [{name: 'daily', granularityBytes: 65_536, isUsable: true}];
	t.true(planned(below, 'merge', 's3').ok);
	image.bitmaps[0]!.isUsable = false;
	t.regex(JSON.stringify(planned(below, 'merge', 's3')), /does not have/);

	const recording = [{name: 'daily', granularityBytes: 65_536}];
	const made = plan(bareQemu({nodes: {'vda.s2': {bitmaps: ['daily']}, 'vda.s3': {bitmaps: ['daily'], recording, isWritable: true}}}), 'merge', 's3');
	t.deepEqual(qmp(made, 'mark-1').arguments, {actions: [{type: 'block-dirty-bitmap-merge', data: {node: 'n-vda.s3', target: 'daily', bitmaps: [{node: 'n-vda.s2', name: 'daily'}]}}]});
	t.true(at(made, 'mark-1') < at(made, 'pull-1'));
	t.is(at(made, 'mark-2'), -1);
});

test('whatever is committed at once, the bitmaps of all images go into the lowest; where one of them has a part, it stands in the way', t => {
	const world = bareQemu({fat: 'qcow2', nodes: {'vda.s1': {bitmaps: ['old', 'daily']}, 'vda.s2': {bitmaps: ['daily']}}});
	const good = (name: string) => ({name, granularityBytes: 65_536, isUsable: true});
	const imageOf = (name: string) => world.details.images.find(({path}) => path === `/d/${name}`)!;
	imageOf('vda.s1').bitmaps = [good('old'), good('daily')];
	imageOf('vda.s2').bitmaps = [good('daily')];
	const both = () => planAction({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's1', others: ['s2'], scope: 'one', isMetadataOnly: false}, world, given);
	const commit = qmp(unwrap(both()), 'commit-1');
	t.like(commit.arguments, {'top-node': 'n-vda.s2', 'base-node': 'n-vda.qcow2', 'auto-finalize': false});
	t.deepEqual(commit.until, {kind: 'job', id: 'vsnap-commit-1', moved: {
		bitmaps: [
			{name: 'daily', granularityBytes: 65_536, isNew: true, from: ['from-0', 'from-1']},
			{name: 'old', granularityBytes: 65_536, isNew: true, from: ['from-1']},
		],
		nodes: {into: 'n-vda.qcow2', 'from-0': 'n-vda.s2', 'from-1': 'n-vda.s1'},
		paths: {into: '/d/vda.qcow2', 'from-0': '/d/vda.s2', 'from-1': '/d/vda.s1'},
	}});
	// Once it is off: those of the lower image into the top's, and then all of them at one moment.
	const off = stepOf(unwrap(both()), 'commit-1').instead!.commands.flatMap(command => command.tool === 'qemu-img' && command.argv[1] === 'bitmap' ? [command] : []);
	t.deepEqual(off.map(({argv, onlyIf}) => [argv.at(-2), argv.at(-1), argv[argv.indexOf('-b') + 1], onlyIf?.kind === 'all' && onlyIf.of.map(probe => 'path' in probe ? `${probe.kind} ${probe.path}` : '')]), [
		['/d/vda.s2', 'daily', '/d/vda.s1', ['image-has-good-bitmap /d/vda.s2', 'image-has-good-bitmap /d/vda.s1']],
		['/d/vda.qcow2', 'daily', '/d/vda.s2', ['image-has-good-bitmap /d/vda.s2', 'image-has-good-bitmap /d/vda.s1', 'image-lacks-bitmap /d/vda.qcow2']],
		['/d/vda.s2', 'old', '/d/vda.s1', ['image-has-good-bitmap /d/vda.s1', 'image-lacks-bitmap /d/vda.s2']],
		['/d/vda.qcow2', 'old', '/d/vda.s2', ['image-has-good-bitmap /d/vda.s1', 'image-lacks-bitmap /d/vda.qcow2']],
	]);
	imageOf('vda.s1').bitmaps = [good('old'), {...good('daily'), isUsable: false}];
	t.regex(JSON.stringify(both()), /\/d\/vda\.s2 holds bitmaps of checkpoints \(daily\) that \/d\/vda\.qcow2 does not have, and QEMU cannot take them along/);
});

test('what is inside images that QEMU has open is not deleted, and the remedy is to shut the guest down', t => {
	const world = bareQemu();
	const heads = {vda: '/d/vda.s3', vdb: '/d/vdb.s3'};
	world.details.snapshots.push(snapshot({name: 'i1', frozen: heads, overlays: {}, modes: {vda: 'internal', vdb: 'internal'}, state: 'running'}));
	for (const image of world.details.images.filter(({path}) => Object.values(heads).includes(path))) {
		image.internalSnapshots.push({tag: 'i1', memoryBytes: 0});
	}

	const made = planned(world, 'delete', 'i1');
	t.like(made, {ok: false, failure: {kind: 'refused', blockers: [{kind: 'domain-state', remedy: 'Shut the guest down first, then delete.'}]}});
	t.regex(JSON.stringify(made), /i1.*standalone QEMU.*only while it is off/);
	world.details.domain.liveDefinition = undefined;
	world.details.domain.state = 'shutoff';
	t.is(stepOf(plan(world, 'delete', 'i1'), 'untag-1').phase, 'remove');
});
