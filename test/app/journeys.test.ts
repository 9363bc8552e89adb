import test from 'ava';
import type {ActionStart} from '../../source/app/services.ts';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	isStarted, journeyOf, press, stageOf, requestOf,
} from '../helpers/press.ts';
import {atWeb, createBrain, keys, type Brain} from '../helpers/screen-harness.ts';

test('a branch: its name, the current state kept, the power state as it is, then the plan', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'b', keys.enter, keys.enter, keys.enter);
	t.deepEqual(requestOf(brain), {
		kind: 'branch', uuid: uuidOf(1), snapshot: 's2', name: 's2-branch', currentState: {kind: 'keep', name: 'before-s2-branch'}, endState: 'running',
	});
	stageOf(t, brain, 'consequences');
});

test('a branch and the kept state cannot have one name', async t => {
	const brain = await press(await atWeb(), keys.up, 'b', '\u0015', 'x', keys.enter, 'e', '\u0015', 'x', keys.enter);
	t.is(stageOf(t, brain, 'question').note, 'A snapshot "x" exists already.');
});

test('a merge asks nothing but the plan, and the name of the domain', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'm');
	t.deepEqual(requestOf(brain), {kind: 'merge', uuid: uuidOf(1), snapshot: 's2'});
	await press(brain, keys.enter, keys.enter, keys.enter);
	t.false(isStarted(brain));
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

const scopes = [
	[0, {scope: 'one', isMetadataOnly: false}],
	[1, {scope: 'one', isMetadataOnly: true}],
	[2, {scope: 'children-only', isMetadataOnly: false}],
	[3, {scope: 'with-children', isMetadataOnly: false}],
] as const;
for (const [downs, expected] of scopes) {
	test(`${downs} down, a deletion is of ${expected.scope}${expected.isMetadataOnly ? ', the record alone' : ''}`, async t => {
		const brain = await press(await atWeb(), 'g', 'd', ...Array.from({length: downs}, () => keys.down), keys.enter);
		t.deepEqual(requestOf(brain), {
			kind: 'delete', uuid: uuidOf(1), snapshot: 's1', ...expected,
		});
	});
}

test('what comes after a leaf cannot be deleted, and why is said', async t => {
	const brain = await press(await atWeb(), keys.up, 'd', keys.down, keys.down, keys.enter);
	t.is(stageOf(t, brain, 'question').id, 'scope');
	t.is(brain.state.notice, 'Not possible: it has no descendants.');
});

const figuresOf = (brain: Brain) => {
	const stage = journeyOf(brain)?.stage;
	return stage?.phase === 'question' ? stage.figures?.known : undefined;
};

test('what each scope of a deletion frees is worked out while the question is on the screen, and no key waits for it', async t => {
	const brain = await atWeb();
	const [measure, ...others] = (await press(brain, 'g')).type('d').filter(({kind}) => kind !== 'stop-foreseeing');
	t.deepEqual(others, []);
	t.is(measure!.kind, 'measure');
	t.deepEqual(figuresOf(brain), {});
	brain.type(keys.down);
	t.like(stageOf(t, brain, 'question'), {index: 1});
	await brain.answer();
	t.like(stageOf(t, brain, 'question'), {index: 1});
	t.deepEqual(Object.entries(figuresOf(brain)!).map(([id, figure]) => [id, figure.kind === 'planned' && figure.space!.freed.atLeast / (2 ** 20)]), [
		['one', 96], ['record', 0], ['children-only', 1024], ['with-children', 5120],
	]);
});

test('figures of a question that was left are dropped', async t => {
	const brain = await press(await atWeb(), 'g');
	brain.type('d', keys.escape, 'd');
	t.deepEqual(figuresOf(brain), {});
	const [first, second] = brain.effects.filter(effect => effect.kind === 'measure');
	brain.send({kind: 'measured', number: first!.number, id: 'one', result: {ok: false, failure: {kind: 'read-only'}}});
	t.deepEqual(figuresOf(brain), {});
	brain.send({kind: 'measured', number: second!.number, id: 'one', result: {ok: false, failure: {kind: 'read-only'}}});
	t.deepEqual(figuresOf(brain), {one: {kind: 'not-planned'}});
	brain.type(keys.enter);
	brain.send({kind: 'measured', number: second!.number, id: 'record', result: {ok: false, failure: {kind: 'read-only'}}});
	stageOf(t, brain, 'planning');
});

test('of a leaf nothing is measured for its descendants', async t => {
	const [measure] = (await press(await atWeb(), keys.up)).type('d');
	t.deepEqual(measure!.kind === 'measure' && measure.choices.map(({id}) => id), ['one', 'record']);
});

const starts: Array<{key: string; questions: number}> = [{key: 'r', questions: 2}, {key: 'b', questions: 3}, {key: 'm', questions: 0}, {key: 'd', questions: 1}];
for (const {key, questions} of starts) {
	test(`Escape leaves at every point after ${key}, and nothing is run`, async t => {
		const way = [key, ...Array.from({length: questions + 2}, () => keys.enter), 'web0'];
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

	test(`a refusal after ${key} leads back`, async t => {
		const brain = await atWeb();
		await press(brain, keys.up, keys.up);
		brain.world.refusal = {kind: 'refused', blockers: [{kind: 'managed-save', text: 'A managed save stands in the way.'}]};
		await press(brain, key, ...Array.from({length: questions}, () => keys.enter));
		stageOf(t, brain, 'refused');
		brain.type(keys.enter);
		t.is(brain.state.scene.kind, 'browse');
	});
}

test('a host that changed leads to a new plan for every kind of action', async t => {
	const brain = await press(await atWeb(), 'g', 'd', keys.enter, keys.enter, keys.enter, 'web01', keys.enter);
	brain.send({kind: 'run-ended', outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['the snapshots of web01']}}});
	await brain.answer();
	t.deepEqual(stageOf(t, brain, 'consequences').changed, ['the snapshots of web01']);
	t.like(requestOf(brain), {kind: 'delete', snapshot: 's1'});
});

test('left goes back to the question before, from a question and from a plan', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'r', keys.enter, keys.left);
	t.is(stageOf(t, brain, 'question').id, 'current-state');
	await press(brain, keys.down, keys.enter, keys.enter);
	stageOf(t, brain, 'consequences');
	await press(brain, keys.left);
	t.is(stageOf(t, brain, 'question').id, 'end-state');
	await press(brain, keys.left, keys.left);
	t.is(stageOf(t, brain, 'question').id, 'current-state');
	await press(brain, keys.enter, keys.enter);
	t.like(requestOf(brain), {currentState: {kind: 'keep'}});
});

test('Escape while a name is typed puts back what it was', async t => {
	const brain = await press(await atWeb(), keys.up, 'r', 'e', '\u0015', '/', keys.escape);
	t.is(journeyOf(brain)?.keepName, 'kept-20261121-0200');
	t.is(stageOf(t, brain, 'question').typing, undefined);
});

const given: Array<{action: ActionStart; request: object}> = [
	{action: {kind: 'branch', snapshot: 's1', name: 'b', currentState: {kind: 'discard'}, endState: 'shutoff'}, request: {kind: 'branch', snapshot: 's1', name: 'b', currentState: {kind: 'discard'}}},
	{action: {kind: 'merge', snapshot: 's2'}, request: {kind: 'merge', snapshot: 's2'}},
	{action: {kind: 'delete', snapshot: 's1', scope: 'with-children'}, request: {kind: 'delete', snapshot: 's1', scope: 'with-children'}},
	{action: {kind: 'delete', snapshot: 's1', isMetadataOnly: true}, request: {kind: 'delete', scope: 'one', isMetadataOnly: true}},
];
for (const {action, request} of given) {
	test(`${JSON.stringify(action)} of the command line is at its plan at once`, async t => {
		const brain = await atWeb({start: {domain: 'web01', action}});
		stageOf(t, brain, 'consequences');
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
