import test from 'ava';
import {hostileName, uuidOf} from '../../helpers/fake-services.ts';
import {journeyOf, stageOf} from '../../helpers/press.ts';
import {atWeb, createBrain, keys, type Brain} from '../../helpers/screen-harness.ts';

/** From the tree to the page on which the name is typed: s2, kept, left off. */
async function atNaming(facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> {
	const brain = await atWeb(facts);
	brain.type(keys.up, keys.up, 'r', keys.enter, keys.enter);
	await brain.answer();
	while (journeyOf(brain)!.stage.phase !== 'confirm') {
		brain.type(keys.enter);
	}

	return brain;
}

test('from the first screen to the start it takes at most 12 keys besides the name', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	let pressed = 0;
	const press = async (read: string) => {
		pressed++;
		brain.type(read);
		await brain.answer();
	};

	await press(keys.down);
	await press(keys.down);
	await press(keys.tab);
	await press(keys.up);
	await press('r');
	for (let count = 0; count < 10 && journeyOf(brain)?.stage.phase !== 'confirm'; count++) {
		await press(keys.enter);
	}

	brain.type('db01');
	await press(keys.enter);
	t.is(brain.state.scene.kind, 'running');
	t.true(pressed <= 12, `${pressed} keys`);
});

test('the choice that loses nothing stands first, with a name that is free', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r');
	t.like(stageOf(t, brain, 'question'), {id: 'current-state', index: 0});
	brain.type(keys.enter, keys.enter);
	t.like(brain.effects.at(-1), {kind: 'plan', request: {uuid: uuidOf(1), snapshot: 's3', currentState: {kind: 'keep', name: 'kept-20261121-0200'}, endState: 'running'}});
});

test('a proposed name that is taken gets a number', async t => {
	const brain = await atWeb();
	const reading = brain.state.allDetails[uuidOf(1)]!;
	const value = {...reading.value!, snapshots: [...reading.value!.snapshots, {...reading.value!.snapshots[0]!, name: 'kept-20261121-0200'}]};
	brain.state = {...brain.state, allDetails: {[uuidOf(1)]: {...reading, value}}};
	brain.type(keys.up, 'r');
	t.is(journeyOf(brain)?.keepName, 'kept-20261121-0200-2');
});

test('the name of what is kept can be changed', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r', 'e', '\u0015', 'before', keys.enter, keys.enter, keys.enter);
	t.like(brain.effects.at(-1), {kind: 'plan', request: {currentState: {kind: 'keep', name: 'before'}}});
});

test('what is kept can be described beside its name, with its memory too; Escape takes that back', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r', 'e', keys.tab, 'Friday, all is well', keys.enter, keys.down, keys.enter, keys.enter);
	t.like(brain.effects.at(-1), {kind: 'plan', request: {currentState: {kind: 'keep', name: 'kept-20261121-0200', memory: true, description: 'Friday, all is well'}}});
	const other = await atWeb();
	other.type(keys.up, 'r', 'e', '\u0015', 'k', keys.tab, 'never mind', keys.escape, keys.enter, keys.enter);
	t.like(other.effects.at(-1), {kind: 'plan', request: {currentState: {kind: 'keep', name: 'kept-20261121-0200'}}});
	t.false(JSON.stringify(other.effects.at(-1)).includes('never mind'));
});

test('an empty name is not taken', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r', 'e', '\u0015', keys.enter);
	t.like(stageOf(t, brain, 'question'), {id: 'current-state', note: 'The snapshot needs a name.', typing: {before: {keepName: 'kept-20261121-0200'}}});
});

test('of a guest that runs the memory can be kept, and below that discarding is asked for', async t => {
	const keeping = await atWeb();
	keeping.type(keys.up, 'r', keys.down, keys.enter, keys.enter);
	t.like(keeping.effects.at(-1), {kind: 'plan', request: {currentState: {kind: 'keep', memory: true}}});
	const brain = await atWeb();
	brain.type(keys.up, 'r', keys.down, keys.down, keys.enter, keys.enter);
	t.like(brain.effects.at(-1), {kind: 'plan', request: {currentState: {kind: 'discard'}}});
});

test('a domain that is off stays off, and is not asked for', async t => {
	const brain = await atWeb();
	const reading = brain.state.allDetails[uuidOf(1)]!;
	const value = {...reading.value!, domain: {...reading.value!.domain, state: 'shutoff' as const, liveDefinition: undefined}};
	brain.state = {...brain.state, allDetails: {[uuidOf(1)]: {...reading, value}}};
	brain.type(keys.up, 'r', keys.enter);
	t.like(brain.effects.at(-1), {kind: 'plan', request: {endState: 'shutoff'}});
});

for (const [action, ...before] of [['revert', 'r'], ['branch', 'b', keys.enter]] as const) {
	test(`${action}: the power state that a running domain has now is chosen beforehand, and another can be`, async t => {
		const brain = await atWeb();
		brain.type(keys.up, ...before, keys.enter);
		t.like(stageOf(t, brain, 'question'), {id: 'end-state', index: 0});
		brain.type(keys.enter);
		t.like(brain.effects.at(-1), {kind: 'plan', request: {kind: action, endState: 'running'}});
		const other = await atWeb();
		other.type(keys.up, ...before, keys.enter, keys.down, keys.down, keys.enter);
		t.like(other.effects.at(-1), {kind: 'plan', request: {endState: 'shutoff'}});
	});
}

test('Escape leaves at every point before the start, and nothing is run', async t => {
	const toPlan = ['r', keys.enter, keys.enter];
	const ways = [
		['r'],
		['r', 'e', keys.escape],
		['r', keys.enter],
		toPlan,
		[...toPlan, 'plan'],
		[...toPlan, 'plan', keys.enter],
		[...toPlan, 'plan', keys.enter, keys.enter, 'web01'],
	];
	for (const way of ways) {
		const brain = await atWeb();
		brain.type(keys.up);
		for (const read of way) {
			if (read === 'plan') {
				await brain.answer();
			} else {
				brain.type(read);
			}
		}

		t.is(brain.state.scene.kind, 'journey');
		brain.type(keys.escape);
		t.is(brain.state.scene.kind, 'browse', way.join(' '));
		t.false(brain.effects.some(effect => effect.kind === 'execute'));
	}
});

test('a plan that comes after the person has left is dropped', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r', keys.enter, keys.enter, keys.escape);
	await brain.answer();
	t.is(brain.state.scene.kind, 'browse');
});

test('the plan of an earlier question is dropped', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r', keys.enter, keys.enter);
	brain.send({kind: 'planned', number: 1, result: {ok: false, failure: {kind: 'read-only'}}});
	stageOf(t, brain, 'planning');
});

test('a refusal is shown with its reasons, and leads back', async t => {
	const brain = await atWeb();
	brain.world.refusal = {kind: 'refused', blockers: [{kind: 'managed-save', text: 'A managed save stands in the way.'}]};
	brain.type(keys.up, 'r', keys.enter, keys.enter);
	await brain.answer();
	stageOf(t, brain, 'refused');
	brain.type(keys.enter);
	t.is(brain.state.scene.kind, 'browse');
});

test('Enter turns the pages of the consequences until the last line was in sight', async t => {
	const brain = await atWeb({rows: 16});
	brain.type(keys.up, 'r', keys.enter, keys.enter);
	await brain.answer();
	stageOf(t, brain, 'consequences');
	brain.type(keys.enter);
	t.true(stageOf(t, brain, 'consequences').top > 0);
	brain.type(keys.enter);
	stageOf(t, brain, 'commands');
});

test('the typed name starts the plan that was read', async t => {
	const brain = await atNaming();
	const {plan} = stageOf(t, brain, 'confirm');
	brain.type('web01');
	t.deepEqual(brain.type(keys.enter), [{kind: 'execute', plan}]);
});

test('another name starts nothing and says so', async t => {
	const brain = await atNaming();
	brain.type('web0', keys.enter);
	t.is(stageOf(t, brain, 'confirm').note, 'That is not the name. Nothing has been started.');
	brain.type('1', keys.enter);
	t.is(brain.state.scene.kind, 'running');
});

test('an Enter that came in one clump with the name does not start; pressed once more it does', async t => {
	const brain = await atNaming();
	t.false(brain.type('web01\r').some(effect => effect.kind === 'execute'));
	t.regex(stageOf(t, brain, 'confirm').note!, /again/);
	t.true(brain.type(keys.enter).some(effect => effect.kind === 'execute'));
});

test('a pasted line with its end does not start', async t => {
	const brain = await atNaming();
	brain.type('\u001B[200~web01\r\u001B[201~');
	t.is(stageOf(t, brain, 'confirm').typed, 'web01');
});

test('holding Enter down comes to the name, and no further', async t => {
	const brain = await atWeb();
	brain.type(keys.up, 'r');
	for (let count = 0; count < 40; count++) {
		brain.type(keys.enter);
		await brain.answer();
	}

	stageOf(t, brain, 'confirm');
});

test('a name that cannot be typed gets a code', async t => {
	const brain = createBrain({start: {domain: hostileName}});
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type(keys.up, 'r', keys.enter);
	await brain.answer();
	while (journeyOf(brain)?.stage.phase !== 'confirm') {
		brain.type(keys.enter);
	}

	brain.type('000000', keys.enter);
	t.is(brain.state.scene.kind, 'running');
});

test('a host that changed leads to a new plan, with what changed', async t => {
	const brain = await atNaming();
	brain.type('web01', keys.enter);
	brain.send({kind: 'run-ended', outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['the snapshots of web01']}}});
	t.deepEqual(stageOf(t, brain, 'planning').changed, ['the snapshots of web01']);
	await brain.answer();
	t.deepEqual(stageOf(t, brain, 'consequences').changed, ['the snapshots of web01']);
});

test('read-only, the journey does not begin, and the reason is said', async t => {
	const brain = await atWeb({isReadOnly: true});
	brain.type(keys.up, 'r');
	t.is(brain.state.scene.kind, 'browse');
	t.is(brain.state.notice, 'Revert: this session is read-only.');
});

test('what the command line answered is not asked again', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'revert', snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'}}});
	t.like(journeyOf(brain)?.request, {kind: 'revert', snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'});
	stageOf(t, brain, 'consequences');
});

test('in a terminal that is too small to read, no key answers', async t => {
	const brain = await atNaming();
	brain.type('web01');
	brain.send({kind: 'resized', columns: 40, rows: 10});
	t.deepEqual(brain.type(keys.enter).filter(effect => effect.kind === 'execute'), []);
	brain.send({kind: 'resized', columns: 80, rows: 24});
	t.true(brain.type(keys.enter).some(effect => effect.kind === 'execute'));
});
