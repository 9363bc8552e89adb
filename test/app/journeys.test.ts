import test from 'ava';
import {planInSight, type Journey} from '../../source/app/journey/journey.ts';
import type {ActionStart} from '../../source/app/services.ts';
import {momentOfJourney} from '../../source/ui/content/fields.ts';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	fieldAt, isStarted, journeyOf, noteOf, press, requestOf,
} from '../helpers/press.ts';
import {atWeb, createBrain, keys, type Brain} from '../helpers/screen-harness.ts';

test('a branch: a proposed name, the current state kept, the power state as it is', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'b');
	t.deepEqual(requestOf(brain), {
		kind: 'branch', uuid: uuidOf(1), snapshot: 's2', name: 's2-branch', currentState: {kind: 'keep', name: 'before-s2-branch'}, endState: 'running',
	});
	await press(brain, keys.tab, '\u0015', 'b1');
	t.like(requestOf(brain), {name: 'b1', currentState: {name: 'before-b1'}});
	await press(brain, keys.enter, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('a branch and the kept state cannot have one name', async t => {
	const brain = await press(await atWeb(), keys.up, 'b', keys.tab, '\u0015', 'x', keys.tab, keys.tab, '\u0015', 'x', keys.enter);
	t.is(fieldAt(brain), 'keep-name');
	t.is(noteOf(brain), 'A snapshot "x" exists already.');
});

test('a merge is m, the name of the domain and Enter', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'm');
	t.deepEqual(requestOf(brain), {kind: 'merge', uuid: uuidOf(1), snapshot: 's2'});
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('a merge is one of the scopes of a deletion, and m opens the page there', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'd', keys.tab, keys.down);
	t.deepEqual(requestOf(brain), {kind: 'merge', uuid: uuidOf(1), snapshot: 's2'});
	const merge = await press(await atWeb(), keys.up, keys.up, 'm', keys.tab, keys.up);
	t.like(requestOf(merge), {kind: 'delete', scope: 'one', isMetadataOnly: false});
});

test('a rename begins in its field', async t => {
	const brain = await press(await atWeb(), keys.up, 'n');
	t.is(fieldAt(brain), 'name');
	t.is(requestOf(brain), undefined);
	await press(brain, '-new', keys.enter);
	t.like(requestOf(brain), {kind: 'rename', snapshot: 's3', name: 's3-new'});
});

const scopes = [
	[0, {scope: 'one', isMetadataOnly: false}],
	[2, {scope: 'one', isMetadataOnly: true}],
	[3, {scope: 'children-only', isMetadataOnly: false}],
	[4, {scope: 'with-children', isMetadataOnly: false}],
] as const;
for (const [downs, expected] of scopes) {
	test(`${downs} down, a deletion is of ${expected.scope}${expected.isMetadataOnly ? ', the record alone' : ''}`, async t => {
		const brain = await press(await atWeb(), 'g', 'd', keys.tab, ...Array.from({length: downs}, () => keys.down));
		t.deepEqual(requestOf(brain), {
			kind: 'delete', uuid: uuidOf(1), snapshot: 's1', ...expected,
		});
	});
}

test('what comes after a leaf cannot be deleted: the cursor goes past it', async t => {
	const brain = await press(await atWeb(), keys.up, 'd', keys.tab, keys.down, keys.down);
	t.like(requestOf(brain), {kind: 'delete', isMetadataOnly: true});
	await press(brain, keys.right);
	t.is(noteOf(brain), 'Not possible: only its descendants: it has no descendants.');
	await press(brain, keys.down);
	t.is(fieldAt(brain), undefined);
});

const figuresOf = (brain: Brain) => journeyOf(brain)?.figures?.known;

test('what each scope of a deletion frees is worked out beside the plan, and no key waits for it', async t => {
	const brain = await atWeb();
	t.deepEqual((await press(brain, 'g')).type('d').map(({kind}) => kind).filter(kind => kind !== 'stop-foreseeing'), ['plan', 'measure']);
	t.deepEqual(figuresOf(brain), {});
	brain.type(keys.tab, keys.down);
	t.is(journeyOf(brain)?.request.kind, 'merge');
	await brain.answer();
	t.deepEqual(Object.entries(figuresOf(brain)!).flatMap(([id, figure]) => figure.kind === 'planned' && figure.space !== undefined ? [[id, figure.space.freed.atLeast / (2 ** 20)]] : []), [
		['one', 96], ['record', 0], ['children-only', 1024], ['with-children', 5120],
	]);
});

test('figures of a page that was left are dropped', async t => {
	const brain = await press(await atWeb(), 'g');
	brain.type('d', keys.escape, 'd');
	t.deepEqual(figuresOf(brain), {});
	const [first, second] = brain.effects.filter(effect => effect.kind === 'measure');
	brain.send({kind: 'measured', number: first!.number, id: 'one', result: {ok: false, failure: {kind: 'read-only'}}});
	t.deepEqual(figuresOf(brain), {});
	brain.send({kind: 'measured', number: second!.number, id: 'one', result: {ok: false, failure: {kind: 'read-only'}}});
	t.deepEqual(figuresOf(brain), {one: {kind: 'not-planned'}});
	brain.type(keys.escape);
	brain.send({kind: 'measured', number: second!.number, id: 'record', result: {ok: false, failure: {kind: 'read-only'}}});
	t.is(brain.state.scene.kind, 'browse');
});

test('of a leaf nothing is measured for its descendants', async t => {
	const measure = (await press(await atWeb(), keys.up)).type('d').find(effect => effect.kind === 'measure');
	t.deepEqual(measure?.choices.map(({id}) => id), ['one', 'merge', 'record']);
});

for (const key of ['r', 'b', 'm', 'd']) {
	test(`Escape leaves at every point after ${key}, and nothing is run`, async t => {
		const way = [key, keys.tab, keys.enter, 'web0', keys.enter];
		for (let length = 1; length <= way.length; length++) {
			const brain = await press(await atWeb(), keys.up, keys.up, ...way.slice(0, length));
			t.is(brain.state.scene.kind, 'journey');
			brain.type(keys.escape);
			t.is(brain.state.scene.kind, 'browse', String(length));
			t.is(brain.state.notice, 'Cancelled; nothing was changed.');
			t.false(isStarted(brain));
		}
	});

	test(`${key}, read-only, does not begin, and the reason is said`, async t => {
		const brain = await press(await atWeb({isReadOnly: true}), keys.up, key);
		t.is(brain.state.scene.kind, 'browse');
		t.regex(brain.state.notice!, /: this session is read-only\.$/);
	});

	test(`${key} in the list of domains leads to the tree first`, async t => {
		const brain = await press(await atWeb(), keys.tab, key);
		t.is(brain.state.pane, 'tree');
		t.regex(brain.state.notice!, new RegExp(`^Choose the snapshot .* then press ${key}\\.$`));
	});

	test(`a refusal after ${key} starts nothing, whatever is typed`, async t => {
		const brain = await atWeb();
		await press(brain, keys.up, keys.up);
		brain.world.refusal = {kind: 'refused', blockers: [{kind: 'managed-save', text: 'A managed save stands in the way.'}]};
		await press(brain, key, 'web01', keys.enter, keys.enter);
		t.false(isStarted(brain));
		await press(brain, keys.escape);
		t.is(brain.state.scene.kind, 'browse');
	});
}

test('a host that changed leads to a new plan for every kind of action', async t => {
	const brain = await press(await atWeb(), 'g', 'd', 'web01', keys.enter);
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['the snapshots of web01']}}});
	await brain.answer();
	t.deepEqual(journeyOf(brain)?.changed, ['the snapshots of web01']);
	t.like(requestOf(brain), {kind: 'delete', snapshot: 's1'});
});

const given: Array<{action: ActionStart; request: object}> = [
	{action: {kind: 'branch', snapshot: 's1', name: 'b', currentState: {kind: 'discard'}, endState: 'shutoff'}, request: {kind: 'branch', snapshot: 's1', name: 'b', currentState: {kind: 'discard'}}},
	{action: {kind: 'merge', snapshot: 's2'}, request: {kind: 'merge', snapshot: 's2'}},
	{action: {kind: 'delete', snapshot: 's1', scope: 'with-children'}, request: {kind: 'delete', snapshot: 's1', scope: 'with-children'}},
	{action: {kind: 'delete', snapshot: 's1', isMetadataOnly: true}, request: {kind: 'delete', scope: 'one', isMetadataOnly: true}},
];
for (const {action, request} of given) {
	test(`${JSON.stringify(action)} of the command line is on its page at once`, async t => {
		const brain = await atWeb({start: {domain: 'web01', action}});
		t.true(journeyOf(brain)?.answer?.result.ok);
		t.like(requestOf(brain), request);
	});
}

test('an action of the command line for a snapshot that is not there says so', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'merge', snapshot: 'nobody'}}});
	t.is(brain.state.notice, 'The domain "web01" has no snapshot "nobody".');
});

test('the actions of a domain without snapshots say why they are not possible', async t => {
	const brain = createBrain({start: {domain: 'node1'}});
	brain.send({kind: 'started'});
	await brain.answer();
	await press(brain, 'm');
	t.is(brain.state.notice, 'Merge: the domain has no snapshots.');
	await press(brain, 'c');
	t.is(brain.state.notice, 'Create: the domain has no disk that it writes to.');
});

test('the age above a page is that of the moment of its plan, like those in its sentences, however long it stands', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'd');
	const journey = journeyOf(brain)!;
	const plan = {...planInSight(journey)!, plannedAt: new Date(brain.state.nowMs).toISOString()};
	const planned: Journey = {...journey, answer: {request: journey.request, result: {ok: true, value: plan}}};
	const moment = momentOfJourney({...brain.state, columns: 120}, planned);
	t.regex(moment, /ago/);
	t.is(momentOfJourney({...brain.state, columns: 120, nowMs: brain.state.nowMs + (49 * 3_600_000)}, planned), moment);
});
