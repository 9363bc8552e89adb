import test from 'ava';
import type {UnfinishedAction} from '../../source/engine/ports.ts';
import type {Run} from '../../source/app/state.ts';
import {recoverOptions} from '../../source/app/run/update-recover.ts';
import {whenStoppedNow} from '../../source/app/run/update-run.ts';
import {linearPage, linearText} from '../../source/ui/content/linear.ts';
import {currentRows} from '../../source/app/browse/rows.ts';
import {fakePlan} from '../helpers/fake-plans.ts';
import {fakeServices, uuidOf} from '../helpers/fake-services.ts';
import {
	atWeb, createBrain, frameOf, keys, plainTheme, type Brain,
} from '../helpers/screen-harness.ts';

const plan = fakePlan(fakeServices().world.allDetails, {uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, kind: 'revert', endState: undefined});

async function atRunning(facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> {
	const brain = await atWeb({...facts, start: {domain: 'web01', action: {kind: 'revert', snapshot: 's2', currentState: {kind: 'discard'}, endState: 'shutoff'}}});
	brain.type('web01');
	brain.pass(1000);
	brain.type(keys.enter);
	return brain;
}

function runOf(brain: Brain): Run {
	if (brain.state.scene.kind !== 'running') {
		throw new Error(`The scene is ${brain.state.scene.kind}`);
	}

	return brain.state.runs[brain.state.scene.planId]!;
}

function begin(brain: Brain, step: string) {
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-started', step, title: step, index: 0, of: 4,
		},
	});
}

function finish(brain: Brain, step: string) {
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-done', step, index: 0, of: 4, durationMs: 1,
		},
	});
}

test('each step goes from waiting through running to done', async t => {
	const brain = await atRunning();
	begin(brain, 'stop');
	t.deepEqual(runOf(brain).steps, {stop: 'running'});
	finish(brain, 'stop');
	begin(brain, 'overlay-vda');
	t.deepEqual(runOf(brain).steps, {stop: 'done', 'overlay-vda': 'running'});
});

test('what a stop would mean is that of the step reached', async t => {
	const brain = await atRunning();
	t.is(whenStoppedNow(runOf(brain)), 'Nothing has been changed yet.');
	begin(brain, 'stop');
	finish(brain, 'stop');
	begin(brain, 'overlay-vda');
	t.is(whenStoppedNow(runOf(brain)), plan.steps[1]!.whenStopped);
});

test('Ctrl-C asks, Ctrl-C again stops, and only once', async t => {
	const brain = await atRunning();
	t.deepEqual(brain.type(keys.ctrlC), []);
	t.is(runOf(brain).stop, 'asking');
	t.deepEqual(brain.type(keys.ctrlC), [{kind: 'interrupt', planId: 'plan-1', signal: 'SIGINT'}]);
	t.deepEqual(brain.type(keys.ctrlC), []);
});

test('after Ctrl-C any other key goes on', async t => {
	const brain = await atRunning();
	brain.type(keys.ctrlC, 'x');
	t.is(runOf(brain).stop, 'no');
	t.deepEqual(brain.type(keys.ctrlC), []);
});

test('q does not leave while it runs', async t => {
	const brain = await atRunning();
	t.deepEqual(brain.type('q'), []);
	t.is(brain.state.scene.kind, 'running');
});

test('SIGTERM interrupts the run, and ends the program when the run has ended', async t => {
	const brain = await atRunning();
	t.deepEqual(brain.send({kind: 'signalled', signal: 'SIGTERM'}), [{kind: 'interrupt', planId: 'plan-1', signal: 'SIGTERM'}]);
	t.is(brain.state.scene.kind, 'running');
	t.deepEqual(
		brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'interrupted', signal: 'SIGTERM', rolledBack: true}}}),
		[{kind: 'quit', exitCode: 143, signal: 'SIGTERM'}],
	);
});

test('what somebody stopped is not said to have failed', async t => {
	const brain = await atRunning();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'interrupted', signal: 'SIGINT', rolledBack: true}}});
	const frame = await frameOf(brain.state);
	t.regex(frame, /It was stopped; everything is as before\./);
	t.notRegex(frame, /failed/);
});

test('a signal at rest ends the program at once', async t => {
	const brain = await atWeb();
	t.deepEqual(brain.send({kind: 'signalled', signal: 'SIGHUP'}), [{kind: 'quit', exitCode: 129, signal: 'SIGHUP'}]);
});

test('while a plan runs the host is not asked, and afterwards it is', async t => {
	const brain = await atRunning();
	t.deepEqual(brain.send({kind: 'host-changed'}), []);
	t.deepEqual(brain.send({kind: 'poll-due', number: brain.state.pollNumber}).map(({kind}) => kind), ['poll-later']);
	t.deepEqual(brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}}).map(({kind}) => kind).filter(kind => kind.startsWith('read-')), ['read-host', 'read-domains', 'read-details', 'read-backed-up']);
});

test('after the end the old tree is not shown, and no action begins, until the domain was read anew', async t => {
	const brain = await atRunning();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	brain.type(keys.enter);
	t.is(brain.state.scene.kind, 'browse');
	t.deepEqual(currentRows(brain.state), []);
	brain.pass(1000);
	t.regex(await frameOf(brain.state), /Reading …[^]*Reading snapshots, checkpoints and images/);
	for (const [verb, title] of Object.entries({r: 'Revert', b: 'Branch', m: 'Merge', d: 'Delete', c: 'Create'})) {
		brain.type(verb);
		t.is(brain.state.scene.kind, 'browse', verb);
		t.regex(brain.state.notice ?? '', new RegExp(`^${title}.*: the domain is still being read\\.$`));
	}

	await brain.answer();
	t.true(currentRows(brain.state).length > 0);
	brain.type('r');
	t.not(brain.state.notice?.includes('being read'), true);
});

test('the exit code tells of the action that was asked for on the command line', async t => {
	const brain = await atRunning();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	brain.type(keys.enter);
	t.deepEqual(brain.type('q'), [{kind: 'quit', exitCode: 0, signal: undefined}]);

	const failed = await atRunning();
	failed.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'not-proven', findings: [], rolledBack: true}}});
	failed.type(keys.enter);
	t.deepEqual(failed.type('q'), [{kind: 'quit', exitCode: 1, signal: undefined}]);
});

test('something half-way is told by the exit code always', async t => {
	const brain = await atRunning();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'half-way', failure: {kind: 'not-proven', findings: [], rolledBack: false}}});
	brain.type(keys.enter);
	t.deepEqual(brain.type('q'), [{kind: 'quit', exitCode: 4, signal: undefined}]);
});

const records: UnfinishedAction['records'] = [{at: '', kind: 'begin', step: 'stop'}, {at: '', kind: 'done', step: 'stop'}];

async function atRecover(unfinished: UnfinishedAction[], facts: Parameters<typeof createBrain>[0] = {}): Promise<Brain> {
	const brain = createBrain(facts);
	brain.world.unfinished = unfinished;
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

test('what was left unfinished is asked about at the start', async t => {
	const brain = await atRecover([{plan, records}]);
	t.is(brain.state.scene.kind, 'recover');
	t.deepEqual(brain.type(keys.enter)[0], {kind: 'recover', planId: plan.id, direction: 'back'});
});

test('what an interrupted action has not done is shown so, on the screen and read aloud', async t => {
	for (const isLinear of [false, true]) {
		const brain = await atRecover([{plan, records: [...records, {at: '', kind: 'begin', step: 'overlay-vda'}]}], {isLinear});
		const page = async () => isLinear ? linearText(linearPage(brain.state, plainTheme()), undefined, plainTheme()) : frameOf(brain.state);
		t.regex(await page(), /1 of 4 steps, and perhaps the next/);
		brain.send({kind: 'option-chosen', index: 0});
		for (const event of [{kind: 'rolling-back'}, {kind: 'step-not-done', step: 'overlay-vda'}, {kind: 'step-undone', step: 'stop'}] as const) {
			brain.send({kind: 'run-event', planId: plan.id, event});
		}

		brain.send({kind: 'run-ended', planId: plan.id, outcome: {kind: 'done'}});
		const shown = await page();
		const [stop, ...others] = plan.steps.map(({title}) => shown.split('\n').find(line => line.includes(title))!.trim());
		t.regex(stop!, /\(rolled back\)$/);
		t.is(others.length, 3);
		for (const other of others) {
			t.regex(other, /\(not done\)$/);
		}
	}
});

test('before the switch putting back stands first, after it finishing does', t => {
	const {state} = createBrain();
	t.is(recoverOptions(state, {plan, records})[0]!.id, 'back');
	t.is(recoverOptions(state, {plan, records: [...records, {at: '', kind: 'begin', step: 'define'}]})[0]!.id, 'forward');
});

test('later touches nothing, and goes to the next unfinished action', async t => {
	const brain = await atRecover([{plan, records}, {plan: {...plan, id: 'plan-2'}, records}]);
	brain.type(keys.down, keys.down, keys.down, keys.enter);
	t.is(brain.state.scene.kind === 'recover' && brain.state.scene.actions[0]!.plan.id, 'plan-2');
	brain.type(keys.escape);
	t.is(brain.state.scene.kind, 'browse');
	t.false(brain.effects.some(({kind}) => kind === 'recover'));
});

test('an Enter within a clump of text does not recover', async t => {
	const brain = await atRecover([{plan, records}]);
	t.deepEqual(brain.type('x\r').filter(({kind}) => kind === 'recover'), []);
});

test('read-only, recovering stays visible with its reason and is not done', async t => {
	const brain = await atRecover([{plan, records}], {isReadOnly: true});
	brain.type(keys.enter);
	t.is(brain.state.notice, 'Roll back: this session is read-only.');
	t.false(brain.effects.some(({kind}) => kind === 'recover'));
});

test('after a recovery it is asked what else is unfinished', async t => {
	const brain = await atRecover([{plan, records}]);
	brain.type(keys.enter);
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	t.is(brain.type(keys.enter)[0]?.kind, 'read-unfinished');
});

test('what the journal says is done is shown as done while it is finished', async t => {
	const brain = await atRecover([{plan, records: [...records, {at: '', kind: 'begin', step: 'define'}]}]);
	brain.type(keys.enter);
	t.deepEqual(runOf(brain).steps, {stop: 'done'});
});
