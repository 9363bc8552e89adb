/** The page of a new snapshot: its fields, and which of them need no answer. */
import test from 'ava';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	fieldAt, isStarted, journeyOf, noteOf, press, requestOf,
} from '../helpers/press.ts';
import {
	atWeb, createBrain, keys, type Brain,
} from '../helpers/screen-harness.ts';

const clear = '\u0015';

async function atBroken() {
	const brain = createBrain({start: {domain: 'broken'}});
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

/** The cursor goes to this field of the page. */
async function goTo(brain: Brain, field: string | undefined): Promise<Brain> {
	for (let count = 0; fieldAt(brain) !== field; count++) {
		if (count > 20) {
			throw new Error(`there is no field ${field}`);
		}

		await press(brain, keys.tab);
	}

	return brain;
}

const atCreate = async () => press(await atWeb(), 'c');

test('a new snapshot of a running domain is c and Enter: a free name, the disks, in new files', async t => {
	const brain = await atCreate();
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
	t.false(isStarted(brain));
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('a name and a description, the guest frozen', async t => {
	const brain = await press(await atCreate(), keys.tab, clear, 'audit', keys.tab, 'for the audit');
	await press(await goTo(brain, 'isQuiesced'), ' ');
	t.like(requestOf(brain), {snapshot: 'audit', description: 'for the audit', isQuiesced: true});
	await press(brain, keys.enter);
	t.false(isStarted(brain), 'Enter first leads to the last line');
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('what is saved of the guest is not asked of a domain that is off', async t => {
	const brain = await press(await atBroken(), 'c');
	await press(await goTo(brain, 'place'), keys.right);
	t.like(requestOf(brain), {memory: undefined, disks: [{target: 'vda', mode: 'internal'}]});
	await t.throwsAsync(goTo(brain, 'saved'));
	await t.throwsAsync(goTo(brain, 'isQuiesced'));
});

test('memory goes where the disks go', async t => {
	const brain = await press(await goTo(await atCreate(), 'saved'), keys.right);
	t.like(requestOf(brain), {memory: {mode: 'external'}, disks: [{mode: 'external'}]});
	await press(await goTo(brain, 'place'), keys.right);
	t.like(requestOf(brain), {memory: {mode: 'internal'}, disks: [{mode: 'internal'}]});
});

test('a place that the table refuses stays with its reason, and is not taken', async t => {
	const brain = await press(await goTo(await atCreate(), 'place'), keys.right);
	t.regex(noteOf(brain)!, /^Not possible: internal.*: the disks of a running guest cannot be frozen inside their images without its memory\.$/);
	t.like(requestOf(brain), {disks: [{mode: 'external'}]});
});

for (const [name, problem] of [
	['', 'The snapshot needs a name.'],
	['a/b', 'This name contains "/".'],
	['.a', 'This name begins with ".".'],
	['s1', 'A snapshot "s1" exists already.'],
] as const) {
	test(`the name "${name}" is not taken, and why is said`, async t => {
		const brain = await press(await atCreate(), keys.tab, clear, ...(name === '' ? [] : [name]), keys.enter);
		t.is(fieldAt(brain), 'name');
		t.is(noteOf(brain), problem);
		await press(brain, clear, 'good', keys.enter, keys.enter);
		t.true(isStarted(brain));
		t.like(requestOf(brain), {snapshot: 'good'});
	});
}

test('Enter held down starts nothing', async t => {
	const brain = await atWeb();
	brain.type('c');
	await brain.answer();
	for (let count = 0; count < 40; count++) {
		brain.type(keys.enter);
		brain.pass(30);
	}

	t.regex(noteOf(brain)!, /again/);
	t.false(isStarted(brain));
	brain.pass(500);
	brain.type(keys.enter);
	t.true(isStarted(brain));
});

test('Enter held down within a field starts nothing', async t => {
	const brain = await press(await atCreate(), keys.tab);
	for (let count = 0; count < 20; count++) {
		brain.type(keys.enter);
		brain.pass(30);
	}

	t.false(isStarted(brain));
});

test('an Enter within a clump of text does not start a new snapshot', async t => {
	const brain = await atCreate();
	brain.type('x\r');
	t.false(isStarted(brain));
});

test('a paste of keys starts nothing', async t => {
	const brain = await atCreate();
	brain.type('\u001B[200~\r\r@w\r\u001B[201~');
	t.false(isStarted(brain));
	t.deepEqual(brain.world.saved, []);
});

test('a new snapshot that loses something asks for the name of the domain', async t => {
	const brain = await atCreate();
	const journey = journeyOf(brain)!;
	const {result, request} = journey.answer!;
	if (!result.ok) {
		throw new Error('there is no plan');
	}

	const lossy = {request, result: {ok: true, value: {...result.value, consequences: [{severity: 'loss', text: 'The guest is powered off.'}]}}} as const;
	brain.state = {...brain.state, scene: {kind: 'journey', journey: {...journey, answer: {...lossy, result: {...lossy.result, value: {...lossy.result.value, consequences: [...lossy.result.value.consequences]}}}}}};
	await press(brain, keys.enter);
	t.false(isStarted(brain));
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('o shows all that can be set, and hides what few need', async t => {
	const brain = await press(await atCreate(), 'o');
	await press(await goTo(brain, 'isLive'), ' ');
	await press(await goTo(brain, 'hasNoMetadata'), ' ');
	t.like(requestOf(brain), {isLive: true, hasNoMetadata: true, isHalted: false});
	await press(await goTo(brain, undefined), 'o');
	await t.throwsAsync(goTo(brain, 'isLive'));
	t.like(journeyOf(brain)!.request, {isLive: true}, 'what was set stays');
});

test('the file of a disk is given whole', async t => {
	const brain = await goTo(await press(await atCreate(), 'o'), 'path vda');
	await press(brain, 'web.new', keys.enter);
	t.regex(noteOf(brain)!, /starting with "\/"/);
	await press(brain, clear, '/images/web.new');
	await press(await goTo(brain, 'reuse vda'), keys.down);
	t.like(requestOf(brain), {disks: [{target: 'vda', path: '/images/web.new', reuse: 'existing'}]});
	await press(brain, keys.down);
	t.like(requestOf(brain), {disks: [{target: 'vda', reuse: 'existing-with-data'}]});
});

test('a disk goes through every way of taking part', async t => {
	const brain = await goTo(await press(await atCreate(), 'o'), 'mode vda');
	const seen: unknown[] = [];
	for (let count = 0; count < 5; count++) {
		await press(brain, ' ');
		const request = journeyOf(brain)?.request;
		seen.push(request?.kind === 'create' ? request.disks[0]?.mode : 'none');
	}

	t.deepEqual(seen, ['internal', 'no', 'manual', undefined, 'external']);
});

test('what the command line said of a new snapshot is on the page', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'create', snapshot: 'before', memory: {mode: 'external'}, isLive: true}}});
	t.like(requestOf(brain), {snapshot: 'before', memory: {mode: 'external'}, isLive: true, disks: [{target: 'vda', mode: 'external'}]});
});

test('a name from the command line that is taken has the cursor', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'create', snapshot: 's1'}}});
	t.is(fieldAt(brain), 'name');
	t.is(requestOf(brain), undefined);
});
