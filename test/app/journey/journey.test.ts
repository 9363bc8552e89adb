/** The page of a revert, by its keys: answers, the plan that follows them, the name, and what an Enter needs before it counts. */
import test from 'ava';
import {hostileName, uuidOf} from '../../helpers/fake-services.ts';
import {
	fieldAt, isStarted, journeyOf, noteOf, press, requestOf,
} from '../../helpers/press.ts';
import {
	atWeb, createBrain, keys, type Brain,
} from '../../helpers/screen-harness.ts';

const clear = '\u0015';
const backTab = '\u001B[Z';

/** At the page of a revert to s3, with its plan in sight. */
const atRevert = async (facts: Parameters<typeof atWeb>[0] = {}) => press(await atWeb(facts), keys.up, 'r');

function withDetails(brain: Brain, change: (details: NonNullable<Brain['state']['allDetails'][string]['value']>) => object): Brain {
	const reading = brain.state.allDetails[uuidOf(1)]!;
	brain.state = {...brain.state, allDetails: {[uuidOf(1)]: {...reading, value: {...reading.value!, ...change(reading.value!)}}}};
	return brain;
}

test('a revert is r, the name and Enter', async t => {
	const brain = await atRevert();
	t.deepEqual(requestOf(brain), {
		kind: 'revert', uuid: uuidOf(1), snapshot: 's3', currentState: {kind: 'keep', name: 'kept-20261121-0200'}, endState: 'running',
	});
	await press(brain, 'web01');
	t.false(isStarted(brain));
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('the plan that was read is the one that starts', async t => {
	const brain = await press(await atRevert(), 'web01');
	const {result} = journeyOf(brain)!.answer!;
	t.deepEqual(brain.type(keys.enter), [{kind: 'execute', plan: result.ok ? result.value : undefined as never}]);
});

test('a proposed name that is taken gets a number', async t => {
	const brain = withDetails(await atWeb(), ({snapshots}) => ({snapshots: [...snapshots, {...snapshots[0]!, name: 'kept-20261121-0200'}]}));
	await press(brain, keys.up, 'r');
	t.like(requestOf(brain), {currentState: {name: 'kept-20261121-0200-2'}});
});

test('Tab goes through the fields and the last line, round and round; Up and Down end there', async t => {
	const brain = await atRevert();
	const seen: Array<string | undefined> = [];
	for (let count = 0; count < 6; count++) {
		await press(brain, keys.tab);
		seen.push(fieldAt(brain));
	}

	t.deepEqual(seen, ['current-state', 'keep-name', 'description', 'memory', 'end-state', undefined]);
	await press(brain, backTab);
	t.is(fieldAt(brain), 'end-state');
	await press(brain, keys.down, keys.down);
	t.is(fieldAt(brain), undefined);
	await press(brain, ...Array.from({length: 8}, () => keys.up));
	t.is(fieldAt(brain), 'current-state');
});

test('Space and the arrows change an answer, and the plan is asked for at once', async t => {
	const brain = await press(await atRevert(), keys.tab);
	t.deepEqual(brain.type(keys.right).map(({kind}) => kind), ['plan']);
	await brain.answer();
	t.like(requestOf(brain), {currentState: {kind: 'discard'}});
	t.deepEqual(brain.type(keys.right), [], 'there is none on that side');
	await press(brain, ' ');
	t.like(requestOf(brain), {currentState: {kind: 'keep', name: 'kept-20261121-0200'}});
	await press(brain, keys.tab, keys.tab, keys.tab, keys.left);
	t.like(requestOf(brain), {currentState: {memory: true}});
	await press(brain, keys.tab, keys.right, keys.right);
	t.like(requestOf(brain), {endState: 'shutoff', currentState: {memory: true}});
});

test('what was said of the kept state is remembered while it is to be discarded', async t => {
	const brain = await press(await atRevert(), keys.tab, keys.tab, clear, 'k1', keys.tab, 'Friday, all is well', backTab, backTab, ' ');
	t.deepEqual((requestOf(brain) as {currentState: object}).currentState, {kind: 'discard'});
	await press(brain, ' ');
	t.deepEqual((requestOf(brain) as {currentState: object}).currentState, {kind: 'keep', name: 'k1', description: 'Friday, all is well'});
});

test('a name that cannot be taken is planned for only when it can', async t => {
	const brain = await press(await atRevert(), keys.tab, keys.tab);
	t.deepEqual(brain.type(clear, 's', '1'), [{kind: 'plan', number: brain.state.nextNumber - 1, request: {...journeyOf(brain)!.request, currentState: {kind: 'keep', name: 's'}}}]);
	await brain.answer();
	t.is(journeyOf(brain)?.asked, undefined);
	await press(brain, keys.enter);
	t.is(noteOf(brain), 'A snapshot "s1" exists already.');
	t.is(fieldAt(brain), 'keep-name');
	await press(brain, keys.tab, keys.tab, keys.tab, keys.tab, 'web01', keys.enter);
	t.false(isStarted(brain));
	t.is(fieldAt(brain), 'keep-name', 'the cursor is where an answer is needed');
	await press(brain, 'x', keys.enter, 'web01', keys.enter);
	t.true(isStarted(brain));
	t.like(requestOf(brain), {currentState: {name: 's1x'}});
});

test('while one plan is made no second one is asked for; the last answers are planned next', async t => {
	const brain = await press(await atRevert(), keys.tab);
	t.is(brain.type(' ').length, 1);
	const {number} = journeyOf(brain)!.asked!;
	t.deepEqual(brain.type(' ', ' ', ' '), []);
	const inSight = journeyOf(brain)!.answer;
	t.deepEqual(brain.send({kind: 'planned', number, result: {ok: false, failure: {kind: 'read-only'}}}).map(({kind}) => kind), ['plan']);
	t.is(journeyOf(brain)!.answer, inSight, 'what was planned for other answers is not shown');
	await brain.answer();
	t.like(requestOf(brain), {currentState: {kind: 'keep'}});
	t.not(journeyOf(brain)!.answer, inSight);
});

test('an older answer of the planner is dropped', async t => {
	const brain = await press(await atWeb(), keys.up);
	brain.type('r');
	brain.send({kind: 'planned', number: 1, result: {ok: false, failure: {kind: 'read-only'}}});
	t.is(journeyOf(brain)?.answer, undefined);
});

test('another answer takes back the name that was typed for the one before', async t => {
	const brain = await press(await atRevert(), 'web01', keys.tab, ' ', keys.enter, keys.enter);
	t.false(isStarted(brain));
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('Enter before the plan is there holds where it says no other danger, and any key takes it back', async t => {
	const changed = async () => {
		const brain = await press(await atRevert(), keys.tab, keys.tab, keys.tab, 'why', keys.enter);
		brain.type(keys.tab, keys.tab, keys.tab, 'x', keys.enter, 'web01');
		brain.pass(1000);
		return brain;
	};

	const brain = await changed();
	t.false(brain.type(keys.enter).some(({kind}) => kind === 'execute'));
	t.regex(noteOf(brain)!, /as soon as the plan is there/);
	await brain.answer();
	t.like(brain.effects.at(-1), {kind: 'execute', plan: {action: {currentState: {description: 'whyx'}}}});

	const other = await changed();
	other.type(keys.enter, keys.escape);
	t.is(other.state.scene.kind, 'journey', 'Escape takes back the Enter alone');
	await other.answer();
	t.false(isStarted(other));
});

test('a plan that loses something else is read first', async t => {
	const brain = await atRevert();
	const journey = journeyOf(brain)!;
	brain.type(keys.tab, ' ', keys.enter, 'web01');
	brain.pass(1000);
	const {number} = journeyOf(brain)!.asked!;
	brain.type(keys.enter);
	const {result} = journey.answer!;
	if (!result.ok) {
		throw new Error('there is no plan');
	}

	brain.send({kind: 'planned', number, result: {ok: true, value: {...result.value, consequences: [...result.value.consequences, {severity: 'loss', text: 'More.'}]}}});
	t.false(isStarted(brain));
	t.is(noteOf(brain), 'This is the plan: press Enter to start.');
});

test('before the first plan the name can be typed, and Enter does not start what was not read', async t => {
	const brain = await press(await atWeb(), keys.up);
	brain.type('r', 'w', 'e', 'b', '0', '1');
	brain.pass(1000);
	brain.type(keys.enter);
	await brain.answer();
	t.false(isStarted(brain));
	brain.pass(1000);
	brain.type(keys.enter);
	t.true(isStarted(brain));
});

test('another name starts nothing and says so, and is corrected', async t => {
	const brain = await press(await atRevert(), 'web0', keys.enter);
	t.is(noteOf(brain), 'That is not the name. Nothing was started.');
	await press(brain, '1', keys.enter);
	t.true(isStarted(brain));
});

test('Enter without a name starts nothing', async t => {
	const brain = await press(await atRevert(), keys.enter, keys.enter, keys.enter);
	t.false(isStarted(brain));
});

test('an Enter that came in one clump with the name does not start; pressed once more it does', async t => {
	const brain = await atRevert();
	brain.type('web01\r');
	t.false(isStarted(brain));
	t.regex(noteOf(brain)!, /again/);
	brain.type(keys.enter);
	t.true(isStarted(brain));
});

test('a pasted line with its end does not start', async t => {
	const brain = await press(await atRevert(), '\u001B[200~web01\r\u001B[201~');
	t.is(journeyOf(brain)?.typed, 'web01');
	t.false(isStarted(brain));
});

test('an Enter that comes before the page could be read does not start', async t => {
	const brain = await press(await atWeb(), keys.up);
	brain.type('r', 'web01');
	await brain.answer();
	brain.type(keys.enter);
	t.regex(noteOf(brain)!, /before you could read/);
	brain.pass(300);
	brain.type(keys.enter);
	t.false(isStarted(brain), 'the key still repeats');
	brain.pass(500);
	brain.type(keys.enter);
	t.true(isStarted(brain));
});

test('a name that cannot be typed gets a code', async t => {
	const brain = createBrain({start: {domain: hostileName}});
	brain.send({kind: 'started'});
	await brain.answer();
	await press(brain, keys.up, 'r', '000000', keys.enter);
	t.is(brain.state.scene.kind, 'running');
});

const ways = [[], [keys.tab], [keys.tab, keys.tab], [keys.tab, ' '], ['w', 'e'], [keys.tab, keys.tab, keys.tab, keys.tab, keys.tab, ' ']];
for (const way of ways) {
	test(`Escape leaves the page after ${JSON.stringify(way)}, and nothing is run`, async t => {
		const brain = await press(await atRevert(), ...way, keys.escape);
		t.is(brain.state.scene.kind, 'browse');
		t.is(brain.state.notice, 'Cancelled; nothing was changed.');
		t.false(isStarted(brain));
	});
}

for (const [way, isThere] of [[['@'], (brain: Brain) => journeyOf(brain)?.view?.kind === 'commands'], [['i'], (brain: Brain) => journeyOf(brain)?.view?.kind === 'images'], [[keys.tab, 'w'], (brain: Brain) => journeyOf(brain)?.view?.kind === 'script'], [[keys.tab, keys.tab, 'x'], (brain: Brain) => fieldAt(brain) === 'keep-name']] as const) {
	test(`Escape after ${JSON.stringify(way)} leads to the page, and only the next one leaves it`, async t => {
		const brain = await press(await atRevert(), ...way);
		t.true(isThere(brain));
		await press(brain, keys.escape);
		t.is(brain.state.scene.kind, 'journey');
		t.false(isThere(brain));
		await press(brain, keys.escape);
		t.is(brain.state.scene.kind, 'browse');
	});
}

test('Escape puts back a text that was changed', async t => {
	const brain = await press(await atRevert(), keys.tab, keys.tab, clear, '/', keys.escape);
	t.like(journeyOf(brain)?.request, {currentState: {name: 'kept-20261121-0200'}});
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('a plan that comes after the person has left is dropped', async t => {
	const brain = await press(await atWeb(), keys.up);
	brain.type('r', keys.escape);
	await brain.answer();
	t.is(brain.state.scene.kind, 'browse');
});

test('a refusal takes the place of the effects, and the answers can be changed', async t => {
	const brain = await atWeb();
	brain.world.refusal = {kind: 'refused', blockers: [{kind: 'managed-save', text: 'A managed save stands in the way.'}]};
	await press(brain, keys.up, 'r', 'web01', keys.enter);
	t.false(isStarted(brain));
	t.regex(noteOf(brain)!, /^Refused/);
	brain.world.refusal = undefined;
	await press(brain, keys.tab, ' ', keys.enter, 'web01', keys.enter);
	t.true(isStarted(brain));
});

test('all that is lost was in sight before Enter counts', async t => {
	const brain = await atWeb({rows: 16, columns: 60});
	await press(brain, keys.up, 'r', keys.tab, keys.tab, keys.tab, keys.tab, ...Array.from({length: 2}, () => keys.down), 'web01', keys.enter);
	t.false(isStarted(brain));
	t.regex(noteOf(brain)!, /Read on/);
	t.true(journeyOf(brain)!.top > 0);
	await press(brain, keys.enter);
	t.true(isStarted(brain));
});

test('the cursor is always in sight, and the page scrolls', async t => {
	const brain = await atWeb({rows: 16, columns: 60});
	await press(brain, keys.up, 'r', '\u001B[6~', '\u001B[6~');
	t.true(journeyOf(brain)!.top > 0);
	await press(brain, keys.tab);
	t.true(journeyOf(brain)!.top <= 2);
	brain.send({kind: 'resized', columns: 120, rows: 40});
	t.is(journeyOf(brain)!.top, 0);
});

test('a host that changed leads to a new plan, with what changed, and the name is typed again', async t => {
	const brain = await press(await atRevert(), 'web01', keys.enter);
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['the snapshots of web01']}}});
	t.like(journeyOf(brain), {changed: ['the snapshots of web01'], typed: '', answer: undefined});
	await brain.answer();
	t.true(journeyOf(brain)?.answer?.result.ok);
});

test('read-only, the page does not open, and the reason is said', async t => {
	const brain = await press(await atWeb({isReadOnly: true}), keys.up, 'r');
	t.is(brain.state.scene.kind, 'browse');
	t.is(brain.state.notice, 'Revert: this session is read-only.');
});

test('what the command line answered is on the page', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'revert', snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'}}});
	t.like(requestOf(brain), {kind: 'revert', snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'});
	await press(brain, keys.tab, ' ');
	t.like(requestOf(brain), {currentState: {kind: 'keep', name: 'kept-20261121-0200'}});
});

test('a domain that is off stays off, and is not asked for', async t => {
	const brain = withDetails(await atWeb(), ({domain}) => ({domain: {...domain, state: 'shutoff', liveDefinition: undefined}}));
	await press(brain, keys.up, 'r');
	t.like(requestOf(brain), {endState: 'shutoff'});
	await press(brain, backTab);
	t.is(fieldAt(brain), 'description');
});

test('in a terminal that is too small to read, no key answers', async t => {
	const brain = await press(await atRevert(), 'web01');
	brain.send({kind: 'resized', columns: 40, rows: 10});
	t.deepEqual(brain.type(keys.enter).filter(effect => effect.kind === 'execute'), []);
	brain.send({kind: 'resized', columns: 80, rows: 24});
	t.true(brain.type(keys.enter).some(effect => effect.kind === 'execute'));
});

test('the script is saved where asked, and never over a file', async t => {
	const brain = await press(await atRevert(), keys.tab, 'w');
	t.like(journeyOf(brain)?.view, {kind: 'script', path: 'revert-web01-s3.sh'});
	await press(brain, keys.enter);
	t.is(noteOf(brain), 'Saved as /home/me/revert-web01-s3.sh. Nothing was started.');
	await press(brain, 'w', keys.enter);
	t.is(noteOf(brain), 'revert-web01-s3.sh is there already, and stays as it is.');
	await press(brain, clear, 'other.sh', keys.enter);
	t.deepEqual(brain.world.saved, ['revert-web01-s3.sh', 'other.sh']);
	t.false(isStarted(brain));
});

test('a key is text on the last line where it may begin the name, and a command where it cannot', async t => {
	const brain = await press(await atRevert(), 'w');
	t.is(journeyOf(brain)?.typed, 'w');
	await press(brain, '@');
	t.is(journeyOf(brain)?.typed, 'w@', 'within a name everything is text');
	await press(brain, clear, '@');
	t.is(journeyOf(brain)?.view?.kind, 'commands');
});
