import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {JournalRecord, UnfinishedAction} from '../../../source/engine/ports.ts';
import {defaultDirection} from '../../../source/engine/run/progress.ts';
import {readUnprovenFiles, withUnknownSteps} from '../../../source/engine/recover/unknown-steps.ts';
import {fakeHost} from '../../helpers/fake-host.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const plan = unwrap(planRevert(
	{kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined},
	threeSnapshots(),
	{id: 'p1', now, workPath: '/w'},
));
const first: JournalRecord = {at: '', kind: 'plan', plan, pid: 1};
const damaged = (records: JournalRecord[]): UnfinishedAction => ({plan, records: [first, ...records], damage: 'line 3 cannot be read'});
const begunOf = ({records}: UnfinishedAction) => new Set(records.flatMap(record => record.kind === 'begin' ? [record.step] : []));

test('a whole journal is believed', async t => {
	const action = {plan, records: [first]};
	t.is(unwrap(await withUnknownSteps(fakeHost(threeSnapshots()).host, action)), action);
});

test('where the domain is as before, only what makes files may have happened, and the way is back', async t => {
	const known = unwrap(await withUnknownSteps(fakeHost(threeSnapshots()).host, damaged([])));
	t.deepEqual(begunOf(known), new Set(plan.steps.filter(step => step.phase === 'create').map(({id}) => id)));
	t.is(defaultDirection(known), 'back');
});

test('where the definition names other images the switch has happened, whatever the records say, and the way is forward', async t => {
	const inventory = threeSnapshots();
	const {definition} = inventory.details.domain;
	const disks = definition.disks.map(disk => ({...disk, sourcePath: plan.targets[0].expected.heads.find(({target}) => target === disk.target)?.path ?? disk.sourcePath}));
	const host = fakeHost({...inventory, details: {...inventory.details, domain: {...inventory.details.domain, definition: {...definition, disks}}}});
	const known = unwrap(await withUnknownSteps(host.host, damaged([])));
	t.true(begunOf(known).has('define'));
	t.is(defaultDirection(known), 'forward');
});

test('a record of the switch that is whole is proof that it was begun; one that says it was undone is none', async t => {
	const {host} = fakeHost(threeSnapshots());
	const known = unwrap(await withUnknownSteps(host, damaged([{at: '', kind: 'begin', step: 'define'}, {at: '', kind: 'undone', step: 'define'}])));
	t.true(begunOf(known).has('define'));
	t.is(defaultDirection(known), 'forward');
});

test('a removal that the world shows leaves only the way forward', async t => {
	const host = fakeHost(threeSnapshots());
	host.answers.set('file-missing', true);
	const known = unwrap(await withUnknownSteps(host.host, damaged([])));
	t.true(begunOf(known).has('remove-1'));
	t.is(defaultDirection(known), 'forward');
});

test('after a way back by a damaged journal what is still there is named; by a whole one nothing is looked for', async t => {
	const host = fakeHost(threeSnapshots());
	host.answers.set('file-exists', true);
	t.deepEqual(unwrap(await readUnprovenFiles(host.host, damaged([]))), createdPaths(plan));
	t.deepEqual(unwrap(await readUnprovenFiles(host.host, {plan, records: [first]})), []);
});
