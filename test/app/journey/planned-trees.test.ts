import test from 'ava';
import {plannedTrees} from '../../../source/app/journey/planned-trees.ts';
import {fakePlan, withExpected} from '../../helpers/fake-plans.ts';
import {fakeServices, uuidOf} from '../../helpers/fake-services.ts';

const {world: {allDetails}} = fakeServices();
const details = allDetails.find(({domain}) => domain.uuid === uuidOf(1))!;
const uuid = uuidOf(1);
const marked = (rows: NonNullable<ReturnType<typeof plannedTrees>>['before']) => rows.map(({item: {label, mark}}) => `${label}${mark === 'stays' ? '' : ` ${mark}`}`);

test('a revert that keeps: the kept state is new where the current one was, and NOW is below the snapshot', t => {
	const plan = fakePlan(allDetails, {kind: 'revert', uuid, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: 'running'});
	const trees = plannedTrees(plan, details)!;
	t.deepEqual(marked(trees.before), ['s1', 's2', 's3', 'NOW here', 'try-php8']);
	t.deepEqual(marked(trees.after), ['s1', 's2', 's3', 'k new', 'try-php8', 'NOW here']);
});

test('what is deleted is marked before, and gone after; what was below it moves up', t => {
	const trees = plannedTrees(fakePlan(allDetails, {kind: 'merge', uuid, snapshot: 's2'}), details)!;
	t.deepEqual(marked(trees.before), ['s1', 's2 gone', 's3', 'NOW here', 'try-php8']);
	t.false(marked(trees.after).some(row => row.startsWith('s2')));
});

test('where the tree stays as it is, there is none', t => {
	const plan = fakePlan(allDetails, {kind: 'merge', uuid, snapshot: 's2'});
	t.is(plannedTrees(withExpected(plan, {snapshots: details.snapshots.map(({name, parent}) => ({name, parent})), currentSnapshot: details.currentSnapshot}), details), undefined);
	t.is(plannedTrees(plan, undefined), undefined);
});

test('checkpoints have a tree of their own, without a current state', t => {
	const plan = withExpected(fakePlan(allDetails, {kind: 'merge', uuid, snapshot: 's2'}), {
		snapshots: details.snapshots.map(({name, parent}) => ({name, parent})), currentSnapshot: details.currentSnapshot, checkpoints: [{name: 'c1', parent: undefined}],
	});
	t.deepEqual(marked(plannedTrees(plan, details)!.after), ['c1 new']);
});
