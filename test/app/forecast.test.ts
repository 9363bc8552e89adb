import test from 'ava';
import {verdictOf} from '../../source/app/browse/forecast.ts';
import type {Failure} from '../../source/model/failure.ts';
import {press} from '../helpers/press.ts';
import {
	atWeb, frameOf, keys, type Brain,
} from '../helpers/screen-harness.ts';

const refusal: Failure = {kind: 'refused', blockers: [{kind: 'image-missing', text: 'web01.s2 is missing.'}, {kind: 'managed-save', text: 'A managed save stands in the way.', remedy: 'Remove it.'}]};

const foreseen = (brain: Brain) => brain.effects.flatMap(effect => effect.kind === 'foresee' ? [effect.choices.map(({id}) => id)] : []);

test('when the cursor rests on a snapshot its verbs are planned; what was planned for once is not again', async t => {
	const brain = await atWeb();
	t.deepEqual(foreseen(brain), []);
	await press(brain, keys.up);
	t.deepEqual(foreseen(brain), [['revert', 'revert discarding', 'delete', 'branch', 'branch discarding', 'merge']]);
	t.is(verdictOf(brain.state, 'revert')?.kind, 'possible');
	t.regex(await frameOf(brain.state), /\n revert: possible {6}delete: /);
	await press(brain, keys.up);
	await press(brain, keys.down);
	t.is(foreseen(brain).length, 2);
});

test('a cursor that moves on is not planned for, and gives up what was begun', async t => {
	const brain = await atWeb();
	const effects = brain.type(keys.up, keys.up);
	const [first] = effects.flatMap(effect => effect.kind === 'foresee-later' ? [effect.number] : []);
	t.deepEqual(brain.send({kind: 'foresee-due', number: first!}), []);
	await brain.answer();
	t.is(foreseen(brain).length, 1);
	brain.send({kind: 'foreseen', number: first!, id: 'revert', result: {ok: false, failure: refusal}});
	t.is(verdictOf(brain.state, 'revert')?.kind, 'possible');
});

test('what is refused says why beside the snapshot, and its key leads to all reasons at once', async t => {
	const brain = await atWeb();
	brain.world.refusal = refusal;
	await press(brain, keys.up);
	t.regex(await frameOf(brain.state), /\n revert: not possible: web01\.s2 is missing\. \(1 more\)\n/);
	await press(brain, 'r');
	t.is(brain.state.scene.kind, 'journey');
	t.regex(await frameOf(brain.state), /web01\.s2 is missing\.\n[^]*A managed save stands in the way\.\n\s+Remove it\./);
	// The way back leads to a new forecast: what was in the way is gone.
	brain.world.refusal = undefined;
	await press(brain, keys.escape);
	t.is(brain.state.scene.kind, 'browse');
	t.is(verdictOf(brain.state, 'revert')?.kind, 'possible');
	await press(brain, 'r');
	t.is(brain.state.scene.kind, 'journey');
});

test('where only keeping the current state is in the way, that is said, and the key leads to the page', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up);
	const {number} = brain.state.forecast!;
	brain.send({kind: 'foreseen', number, id: 'revert', result: {ok: false, failure: refusal}});
	t.is(verdictOf(brain.state, 'revert')?.kind, 'discard');
	t.regex(await frameOf(brain.state), /\n revert: only if the current state is discarded: web01\.s2 is missing/);
	brain.type('r');
	t.is(brain.state.scene.kind, 'journey');
});

test('what was planned is forgotten when the domain changes, and planned anew', async t => {
	const brain = await press(await atWeb(), keys.up);
	brain.send({kind: 'host-changed', domain: 'db01'});
	t.is(verdictOf(brain.state, 'revert')?.kind, 'possible');
	brain.send({kind: 'host-changed', domain: 'web01'});
	t.is(verdictOf(brain.state, 'revert'), undefined);
	await brain.answer();
	t.is(verdictOf(brain.state, 'revert')?.kind, 'possible');
	t.is(foreseen(brain).length, 2);
});

test('read-only nothing is planned', async t => {
	const brain = await press(await atWeb({isReadOnly: true}), keys.up);
	t.deepEqual(foreseen(brain), []);
});

test('the menu says which of its choices would be refused, and still leads to the reasons', async t => {
	const brain = await atWeb();
	brain.world.refusal = refusal;
	await press(brain, keys.up, keys.enter);
	t.regex(await frameOf(brain.state), /Revert to this snapshot … .* not possible: web01\.s2 is/);
	await press(brain, keys.enter);
	t.regex(await frameOf(brain.state), /Refused, and nothing was touched/);
});
