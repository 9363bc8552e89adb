import test from 'ava';
import {planAction} from '../../../source/actions/plan-action.ts';
import {createAction} from '../../helpers/create-scene.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/w'};

test('the memory of the guest counts, whatever its file is called', t => {
	const world = threeSnapshots({state: 'running'});
	const needs = (path: string) => {
		const action = {...createAction({snapshot: 'new', memory: {mode: 'external', path}}), domain: {uuid, name: 'web'}};
		return unwrap(planAction(action, world, given)).space?.meanwhileBytes ?? 0;
	};

	t.true(needs('/d/new.mem') >= world.details.domain.definition.memoryBytes);
	t.is(needs('/d/state.save'), needs('/d/new.mem'));
});

test('where a state is made inside an image nothing is said: what that takes shows only afterwards', t => {
	const spaceOf = (mode: 'internal' | 'external') => {
		const action = {...createAction({snapshot: 'new', disks: [{target: 'vda', mode}], memory: {mode: 'no'}}), domain: {uuid, name: 'web'}};
		return unwrap(planAction(action, threeSnapshots({state: 'shutoff'}), given)).space;
	};

	t.is(spaceOf('internal'), undefined);
	t.not(spaceOf('external'), undefined);
});
