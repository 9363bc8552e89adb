/**
Journals that the program wrote when plans had version 1 (fixtures/journal-v1, byte for byte): they are read as what is planned today.
*/
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import type {Action} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {checkPlan} from '../../../source/model/plan/check-plan.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import {parseJournal} from '../../../source/tools/state/journal-lines.ts';
import {createAction, twoDisks} from '../../helpers/create-scene.ts';
import {readFixture} from '../../helpers/fixtures.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const domain = {uuid, name: 'web'};
const node = (nodeName: string) => ({nodeName, isNamedByPerson: false, device: '', bitmaps: []});

function bareQemu(): Inventory {
	const world = twoDisks({state: 'running'});
	return {
		...world,
		host: {...world.host, hypervisor: 'qemu', hypervisorVersion: 7_002_000},
		bare: {
			socketPath: '/run/q.sock',
			metadataPath: '/m/web',
			argv: ['qemu-system-x86_64'],
			isRecorded: true,
			nodes: new Map([['vda', node('#block1')], ['vdb', node('#block2')]]),
			commands: new Set(['snapshot-save', 'snapshot-delete', 'transaction']),
			imageNodes: new Map(),
			startImages: [],
		},
	};
}

const rows: Array<{name: string; action: Action; world: Inventory}> = [
	{name: 'revert', action: {kind: 'revert', domain, snapshot: 's1', currentState: {kind: 'keep', name: 'kept'}, endState: 'running'}, world: threeSnapshots({state: 'running'})},
	{name: 'merge', action: {kind: 'merge', domain, snapshot: 's2'}, world: threeSnapshots()},
	{name: 'create-qemu', action: {...createAction({isDiskOnly: true}), domain}, world: bareQemu()},
];

/** What a journal must keep of a plan: all but its words, the ids of its steps, how far one is told to be, and what version 1 did not say of new files. */
function kept({steps, consequences: _words, images, space: _space, ...rest}: Plan): unknown {
	const text = JSON.stringify({
		...rest,
		images: {...images, frozen: undefined, created: images.created.map(({path}) => path), staying: images.staying?.map(({path}) => path), merged: undefined},
		steps: steps.map(({id: _id, title: _title, whenStopped: _sentence, skippedNote: _note, copyBytes: _copied, undoNeeds, grows, ...step}) => ({
			...step, undoNeeds: undoNeeds?.probe, grows: grows && {path: grows.path, allocatedBytes: grows.allocatedBytes},
		})),
	});
	return JSON.parse(text) as unknown;
}

for (const {name, action, world} of rows) {
	test(`a journal of version 1 (${name}) is the plan that it would be today`, t => {
		const {records, damagedLines} = parseJournal(readFixture(`journal-v1/${name}.jsonl`));
		const [first, begun] = records as [{plan: Plan}, {step: string}];
		t.deepEqual(damagedLines, []);
		t.is((first.plan as {version: number}).version, 1);
		const checked = checkPlan(first.plan);
		t.deepEqual(checked.kind === 'plan' && checked.plan.steps.map(({id}) => id), first.plan.steps.map(({id}) => id), 'its records name its steps');
		const today = unwrap(planAction(action, world, {id: '20261121-100000-v1', now, workPath: '/w'}));
		t.deepEqual(checked.kind === 'plan' ? kept(checked.plan) : checked, kept(today));
		t.is(begun.step, first.plan.steps[0]!.id);
	});
}

test('a plan of an action that is not known is damaged', t => {
	const [first] = parseJournal(readFixture('journal-v1/merge.jsonl')).records as [{plan: Plan}];
	t.is(checkPlan({...first.plan, action: {...first.plan.action, kind: 'conjure'}}).kind, 'damaged');
	t.is(checkPlan(first.plan).kind, 'plan');
});

test('nonsense of version 1 is damaged, not an error', t => {
	for (const value of [{version: 1}, {version: 1, steps: [null, 3, {}], images: 4, action: 'x', owner: 'qemu'}, {version: 1, owner: 'qemu', steps: [{id: 'records', command: {argv: [7]}}]}]) {
		t.is(checkPlan(value).kind, 'damaged');
	}
});
