import test from 'ava';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	isStarted, journeyOf, press, stageOf, requestOf,
} from '../helpers/press.ts';
import {atWeb, createBrain, keys} from '../helpers/screen-harness.ts';

const clear = '\u0015';

async function atBroken() {
	const brain = createBrain({start: {domain: 'broken'}});
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

test('a new snapshot of a running domain: a free name, the disks, in new files, by Enter alone', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, keys.enter);
	t.deepEqual(requestOf(brain), {
		kind: 'create',
		uuid: uuidOf(1),
		snapshot: 'at-20261121-0200',
		description: undefined,
		memory: {mode: 'no'},
		disks: [{target: 'vda', mode: 'external'}],
		isDiskOnly: false,
		isQuiesced: false,
		isLive: false,
		isHalted: false,
		hasNoMetadata: false,
	});
	await press(brain, keys.enter, keys.enter);
	stageOf(t, brain, 'confirm');
	brain.pass(1000);
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('what is saved is not asked of a domain that is off', async t => {
	const brain = await press(await atBroken(), 'c', keys.enter);
	t.is(stageOf(t, brain, 'question').id, 'place');
	await press(brain, keys.down, keys.enter);
	t.like(requestOf(brain), {memory: undefined, disks: [{target: 'vda', mode: 'internal'}]});
});

test('memory goes where the disks go', async t => {
	const outside = await press(await atWeb(), 'c', keys.enter, keys.down, keys.enter, keys.enter);
	t.like(requestOf(outside), {memory: {mode: 'external'}, disks: [{mode: 'external'}]});
	const inside = await press(await atWeb(), 'c', keys.enter, keys.down, keys.enter, keys.down, keys.enter);
	t.like(requestOf(inside), {memory: {mode: 'internal'}, disks: [{mode: 'internal'}]});
});

test('a place that the table refuses stays with its reason, and is not taken', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, keys.down, keys.enter);
	t.is(stageOf(t, brain, 'question').id, 'place');
	t.is(brain.state.notice, 'Not possible: the disks of a running guest cannot be frozen inside their images without its memory.');
});

for (const [name, problem] of [
	['', 'The snapshot needs a name.'],
	['a/b', 'This name contains "/".'],
	['.a', 'This name begins with ".".'],
	['s1', 'A snapshot "s1" exists already.'],
] as const) {
	test(`the name "${name}" is not taken, and why is said`, async t => {
		const brain = await press(await atWeb(), 'c', clear, ...(name === '' ? [] : [name]), keys.enter);
		t.like(stageOf(t, brain, 'question'), {id: 'name', note: problem});
		await press(brain, clear, 'good', keys.enter);
		t.is(stageOf(t, brain, 'question').id, 'saved');
	});
}

test('Escape leaves a new snapshot at every point before the start', async t => {
	const way = ['c', keys.enter, keys.enter, keys.enter, keys.enter, keys.enter];
	for (let length = 1; length <= way.length; length++) {
		const brain = await press(await atWeb(), ...way.slice(0, length));
		t.is(brain.state.scene.kind, 'journey');
		brain.type(keys.escape);
		t.is(brain.state.scene.kind, 'browse', String(length));
		t.false(isStarted(brain));
	}
});

test('Enter held down reaches the confirmation, and does not pass it', async t => {
	const brain = await press(await atWeb(), 'c', ...Array.from({length: 30}, () => keys.enter));
	t.regex(stageOf(t, brain, 'confirm').note!, /again/);
	t.false(isStarted(brain));
	brain.pass(300);
	await press(brain, keys.enter);
	t.false(isStarted(brain), 'the key still repeats');
	brain.pass(500);
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('an Enter within a clump of text does not start a new snapshot', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, keys.enter, keys.enter, keys.enter);
	brain.pass(1000);
	brain.type('x\r');
	t.false(isStarted(brain));
});

test('a new snapshot that loses something asks for the name of the domain', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, keys.enter);
	const stage = stageOf(t, brain, 'consequences');
	const scene = {kind: 'journey' as const, journey: {...journeyOf(brain)!, stage: {...stage, plan: {...stage.plan, consequences: [{severity: 'loss' as const, text: 'The guest is powered off.'}]}}}};
	brain.state = {...brain.state, scene};
	await press(brain, keys.enter, keys.enter);
	brain.pass(1000);
	await press(brain, keys.enter);
	t.false(isStarted(brain));
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('o leads to all that can be set, from a question and back to it', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, 'o', keys.enter, 'a word', keys.enter);
	t.is(stageOf(t, brain, 'settings').typing, undefined);
	// Down to: memory, quiesce, live, halt, no records.
	await press(brain, keys.down, keys.down, keys.enter, keys.down, keys.enter, 'o');
	t.is(stageOf(t, brain, 'question').id, 'saved');
	await press(brain, keys.enter, keys.enter);
	t.like(requestOf(brain), {description: 'a word', isQuiesced: true, isLive: true, isHalted: false});
});

test('the memory that was set among the options is saved as it was set, with the disks in the same place', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, 'o', keys.down, keys.enter, keys.enter, 'o');
	stageOf(t, brain, 'consequences');
	t.like(requestOf(brain), {memory: {mode: 'internal'}, disks: [{target: 'vda', mode: 'internal'}]});
	const outside = await press(await atWeb(), 'c', keys.enter, 'o', keys.down, keys.enter, keys.enter, keys.enter, 'o');
	t.like(requestOf(outside), {memory: {mode: 'external'}, disks: [{target: 'vda', mode: 'external'}]});
});

test('the way of a disk that was set among the options is not asked for again', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, 'o', ...Array.from({length: 6}, () => keys.down), keys.enter, keys.enter, 'o');
	stageOf(t, brain, 'consequences');
	t.like(requestOf(brain), {disks: [{target: 'vda', mode: 'no'}]});
});

test('o from a plan that was read leads to a new plan', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, keys.enter, keys.enter, 'o', 'G', keys.up);
	const asked = brain.effects.filter(({kind}) => kind === 'plan').length;
	await press(brain, keys.up, keys.up, keys.enter, 'o');
	stageOf(t, brain, 'consequences');
	t.is(brain.effects.filter(({kind}) => kind === 'plan').length, asked + 1);
});

test('the file of a disk is given whole, and Escape puts back what it was', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, 'o', 'G', keys.up, keys.up, keys.enter, 'web.new', keys.enter);
	t.regex(stageOf(t, brain, 'settings').note!, /starting with "\/"/);
	await press(brain, keys.escape);
	t.like(journeyOf(brain)?.request, {disks: [{target: 'vda', mode: 'external', path: undefined}]});
	await press(brain, keys.enter, '/images/web.new', keys.enter, keys.down, keys.enter);
	t.like(journeyOf(brain)?.request, {disks: [{target: 'vda', path: '/images/web.new', reuse: 'existing'}]});
	await press(brain, keys.enter);
	t.like(journeyOf(brain)?.request, {disks: [{target: 'vda', reuse: 'existing-with-data'}]});
});

test('a disk goes through every way of taking part', async t => {
	const brain = await press(await atWeb(), 'c', keys.enter, 'o', ...Array.from({length: 6}, () => keys.down));
	const seen: unknown[] = [];
	for (let count = 0; count < 5; count++) {
		await press(brain, keys.enter);
		const request = journeyOf(brain)?.request;
		seen.push(request?.kind === 'create' ? request.disks[0]?.mode : 'none');
	}

	t.deepEqual(seen, ['internal', 'no', 'manual', undefined, 'external']);
});

test('settings that a domain without memory cannot have say why', async t => {
	const brain = await press(await atBroken(), 'c', keys.enter, 'o', keys.down, keys.down, keys.enter);
	t.is(brain.state.notice, 'Not possible: the domain is off.');
});

test('what the command line said of a new snapshot is not asked again', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'create', snapshot: 'before', memory: {mode: 'external'}, isLive: true}}});
	t.is(stageOf(t, brain, 'question').id, 'place');
	await press(brain, keys.enter);
	t.like(requestOf(brain), {snapshot: 'before', memory: {mode: 'external'}, isLive: true, disks: [{target: 'vda', mode: 'external'}]});
});

test('a name from the command line that is taken is asked again', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'create', snapshot: 's1'}}});
	t.is(stageOf(t, brain, 'question').id, 'name');
});

test('Tab leads from the name to the description and back, and Enter takes both', async t => {
	const brain = await press(await atWeb(), 'c', keys.tab, 'for the audit', keys.tab, clear, 'audit', keys.enter, keys.enter, keys.enter);
	t.like(requestOf(brain), {snapshot: 'audit', description: 'for the audit'});
	const wrong = await press(await atWeb(), 'c', clear, 's1', keys.tab);
	t.like(stageOf(t, wrong, 'question'), {id: 'name', note: 'A snapshot "s1" exists already.'});
	await press(wrong, '1', keys.tab, 'x', keys.enter, keys.enter, keys.enter);
	t.like(requestOf(wrong), {snapshot: 's11', description: 'x'});
});
