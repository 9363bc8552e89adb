import test from 'ava';
import {planAction} from '../../../source/actions/plan-action.ts';
import {createAction} from '../../helpers/create-scene.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {describeSpace} from '../../../source/planner/storage/space.ts';
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

test('a state that is made inside an image takes tables, and nothing is freed', t => {
	const action = {...createAction({snapshot: 'new', disks: [{target: 'vda', mode: 'internal'}], memory: {mode: 'no'}}), domain: {uuid, name: 'web'}};
	const {freed} = unwrap(planAction(action, threeSnapshots({state: 'shutoff'}), given)).space!;
	t.true(freed.atLeast < 0 && freed.atLeast >= -(2 ** 20));
	t.is(freed.atMost, 0);
});

const drop = (scope: 'one' | 'with-children', world = threeSnapshots()) => unwrap(planAction({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's3', scope, isMetadataOnly: false}, world, given));

test('a file that has another name frees nothing, whatever it takes', t => {
	const world = threeSnapshots();
	const freed = drop('with-children', world).space!.freed.atMost;
	t.true(freed > 0);
	const images = world.details.images.map(image => ({...image, file: {...image.file!, hasOtherNames: true as const}}));
	t.true(drop('with-children', {...world, details: {...world.details, images}}).space!.freed.atMost <= 0);
});

test('what the states inside images give back is told by the end alone', t => {
	const space = {freed: {atLeast: 0, atMost: 2 ** 30}, deletedFrom: ['/d/vda.qcow2'], meanwhileBytes: 0};
	t.is(describeSpace(space).text, 'Disk space: frees what only the deleted states inside images hold; how much that is, only the end can tell.');
	t.is(describeSpace({...space, freed: {atLeast: 2 ** 20, atMost: 2 ** 30}}).text, 'Disk space: frees 1.0 MiB, and what only the deleted states inside images hold; how much that is, only the end can tell.');
	t.is(describeSpace({freed: {atLeast: 0, atMost: 0}, meanwhileBytes: 0}).text, 'Disk space: frees nothing in all.');
	t.is(describeSpace({freed: {atLeast: 0, atMost: 2 ** 20}, meanwhileBytes: 0}).text, 'Disk space: frees up to 1.0 MiB in all.');
});

test('files on two file systems: what is free is told of each, and what only writes a header or a bitmap tells no figure', t => {
	const world = threeSnapshots({state: 'running'});
	const [folder] = world.folders.values();
	const create = {...createAction({snapshot: 'new', memory: {mode: 'external', path: '/m/new.mem'}}), domain: {uuid, name: 'web'}};
	const on = (device: string, freeBytes: number) => describeSpace(unwrap(planAction(create, {...world, folders: new Map([...world.folders, ['/m', {...folder!, path: '/m', device, freeBytes}]])}, given)).space!).text;
	t.regex(on('other', 2 ** 40), /; free now: 1\.0 GiB in \/d, 1\.0 TiB in \/m\.$/);
	t.regex(on(folder!.device, folder!.freeBytes), /; 1\.0 GiB free now\.$/);
	t.is(unwrap(planAction({kind: 'create-checkpoint', domain: {uuid, name: 'web'}, checkpoint: 'c1', description: undefined, disks: []}, world, given)).space, undefined);
});
