import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Plan} from '../../../source/model/plan/plan.ts';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import type {BranchAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const action = (more: Partial<BranchAction> = {}): BranchAction =>
	({kind: 'branch', domain: {uuid, name: 'web'}, snapshot: 's1', name: 'b1', currentState: {kind: 'keep', name: 'k'}, ...more});
const xml = (made: Plan, id: string) => made.steps.find(step => step.id === id)!.command.files[0]!.text;

test('a branch has two layers: its snapshot freezes the lower, the domain writes to the upper', t => {
	const made = unwrap(planBranch(action(), threeSnapshots(), given));
	t.deepEqual(createdPaths(made), ['/d/vda.20261121-100000', '/d/vdb.20261121-100000', '/d/vda.20261121-100000-2', '/d/vdb.20261121-100000-2']);
	t.deepEqual(made.targets[0].expected.heads.map(({path}) => path), ['/d/vda.20261121-100000-2', '/d/vdb.20261121-100000-2']);
	const [records, stored] = xml(made, 'branch').split('</disks>') as [string, string];
	t.regex(records, /vda\.20261121-100000-2/u);
	t.regex(stored, /vda\.20261121-100000"/u);
	t.notRegex(stored, /vda\.20261121-100000-2/u);
	t.is(new Set(made.steps.map(step => step.id)).size, made.steps.length, 'each step has an id of its own');
});

test('the branch comes after its snapshot and is current, and the kept state comes after what was current', t => {
	const {targets: [{expected}], images} = unwrap(planBranch(action(), threeSnapshots(), given));
	t.deepEqual(expected.snapshots.slice(-2), [{name: 'k', parent: 's3'}, {name: 'b1', parent: 's1'}]);
	t.is(expected.currentSnapshot, 'b1');
	t.deepEqual(images.removed, []);
	t.deepEqual(unwrap(planBranch(action({currentState: {kind: 'discard'}}), threeSnapshots(), given)).images.removed, ['/d/vda.s3', '/d/vdb.s3']);
});

test('one name for two things and a taken name are refused, all at once', t => {
	const world = threeSnapshots();
	const result = planBranch(action({name: 's2', currentState: {kind: 'keep', name: 's2'}}), world, given);
	t.deepEqual(result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind), ['name-taken', 'name-taken', 'name-taken']);
});

test('the domain is started at the very end, if it is to run, and stays off in plans of earlier versions', t => {
	const ends = (endState: BranchAction['endState']) => {
		const made = unwrap(planBranch(action({endState}), threeSnapshots({state: 'running'}), given));
		return [made.steps.findLast(({phase}) => phase === 'switch')!.id, made.targets[0].expected.endState, argvOf(made.steps.findLast(({phase}) => phase === 'switch')!.command).includes('--paused')];
	};

	t.deepEqual(ends('running'), ['start', 'running', false]);
	t.deepEqual(ends('paused'), ['start', 'paused', true]);
	t.deepEqual(ends(undefined).slice(1), ['shutoff', false]);
});
