import test from 'ava';
import type {RunEvent} from '../../../source/engine/ports.ts';
import {percentOf, runsOf} from '../../../source/app/run/jobs.ts';
import {markOf} from '../../../source/app/doctor/health.ts';
import {partingText, windowTitle} from '../../../source/ui/content/run/jobs.ts';
import {uuidOf} from '../../helpers/fake-services.ts';
import {press} from '../../helpers/press.ts';
import {
	atWeb, frameOf, keys, plainTheme, type Brain,
} from '../../helpers/screen-harness.ts';

const dbPlan = `plan-of-${uuidOf(2)}`;

/** A revert of web01 at work, and the screen back at the lists. */
async function whileBrowsing(facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> {
	const brain = await press(await atWeb(facts), keys.up, keys.up, 'r', 'web01', keys.enter);
	return press(brain, keys.escape);
}

/** And one of db01 beside it, in sight. */
async function withTwo(): Promise<Brain> {
	const brain = await whileBrowsing();
	brain.send({kind: 'domain-chosen', uuid: uuidOf(2)});
	await brain.answer();
	return press(brain, 'g', 'r', 'db01', keys.enter);
}

const event = (brain: Brain, planId: string, sent: RunEvent) => brain.send({kind: 'run-event', planId, event: sent});

const stepDone = (brain: Brain, planId: string, step: string) => event(brain, planId, {
	kind: 'step-done', step, index: 0, of: 4, durationMs: 1,
});

test('Escape leaves a run at work, and J leads back to its page', async t => {
	const brain = await whileBrowsing();
	t.is(brain.state.scene.kind, 'browse');
	t.is(runsOf(brain.state).length, 1);
	stepDone(brain, 'plan-1', 'stop');
	t.is(percentOf(brain.state.runs['plan-1']!), 25);
	t.is(markOf(brain.state, uuidOf(1)), 'job');
	t.regex(await frameOf(brain.state), /▸↻ ● web01 {6,}25 %[^]*↻ revert web01 to s2 {2}25 % +J open/);
	brain.type('J');
	t.deepEqual(brain.state.scene, {kind: 'running', planId: 'plan-1'});
});

test('on a domain at work no other action begins, and the menu leads to the one that is', async t => {
	const brain = await whileBrowsing();
	await press(brain, 'c');
	t.is(brain.state.scene.kind, 'browse');
	t.regex(brain.state.notice!, /^Create.*: the revert to "s2" is at work on it \(J\)\.$/);
	brain.type(keys.enter);
	t.true(brain.state.scene.kind === 'menu' && brain.state.scene.options[0]?.id === 'jobs');
	brain.type(keys.enter);
	t.is(brain.state.scene.kind, 'running');
});

test('a plan that was read before does not start on a domain that is at work by then', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'r');
	const {scene} = brain.state;
	await press(brain, 'web01', keys.enter, keys.escape);
	brain.state = {...brain.state, scene};
	const before = brain.effects.filter(({kind}) => kind === 'execute').length;
	await press(brain, 'web01', keys.enter);
	t.is(brain.effects.filter(({kind}) => kind === 'execute').length, before);
	t.regex(brain.state.notice!, /^Not started: the revert to "s2" is at work on it/);
});

test('another domain takes another action meanwhile, and J goes from one to the next', async t => {
	const brain = await withTwo();
	t.deepEqual(brain.state.scene, {kind: 'running', planId: dbPlan});
	brain.type('J');
	t.deepEqual(brain.state.scene, {kind: 'running', planId: 'plan-1'});
	await press(brain, keys.escape);
	t.regex(await frameOf(brain.state), /↻ 2 at work: revert web01 to s2 0 %, revert db01/);
	t.is(windowTitle(brain.state), '0 % revert web01 to s2 (+1)');
});

test('events reach the run of their plan, in sight or not', async t => {
	const brain = await withTwo();
	stepDone(brain, 'plan-1', 'stop');
	t.deepEqual(brain.state.runs['plan-1']!.steps, {stop: 'done'});
	t.deepEqual(brain.state.runs[dbPlan]!.steps, {});
});

test('an end out of sight opens nothing: it is told in the last line, with what takes it back', async t => {
	const brain = await whileBrowsing();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done', takenBytes: -(3 * (2 ** 30))}});
	t.is(brain.state.scene.kind, 'browse');
	await brain.answer();
	t.regex(await frameOf(brain.state), / ✓ web01: revert to "s2" done .*, 3\.0 GiB freed {2,}z undo ?$/m);
});

test('a failure out of sight is told until somebody has looked, whatever ends after it', async t => {
	const brain = await withTwo();
	await press(brain, keys.escape);
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'not-proven', findings: [], rolledBack: true}}});
	brain.send({kind: 'run-ended', planId: dbPlan, outcome: {kind: 'done'}});
	await brain.answer();
	t.regex(await frameOf(brain.state), / × web01: revert to "s2" failed and rolled back .* J why/);
	brain.type('J');
	t.is(brain.state.scene.kind === 'ended' && brain.state.scene.run.plan.id, 'plan-1');
	await press(brain, keys.enter);
	t.regex(await frameOf(brain.state), / ✓ db01: /);
});

test('what ends half-way out of sight is asked about again, so that its line stands above the lists', async t => {
	const brain = await whileBrowsing();
	const effects = brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'half-way', failure: {kind: 'not-proven', findings: [], rolledBack: false}}});
	t.true(effects.some(({kind}) => kind === 'read-unfinished'));
	t.is(brain.state.leftAsked.opens, undefined);
	t.deepEqual(brain.type('q'), [{kind: 'quit', exitCode: 4, signal: undefined}]);
});

test('a host that changed opens no page where its run is out of sight', async t => {
	const brain = await whileBrowsing();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['its disks']}}});
	t.is(brain.state.scene.kind, 'browse');
	t.false(brain.state.ended.at(-1)?.isSeen);
});

test('to quit while something is at work is asked about; waiting ends the program with the last run', async t => {
	const brain = await withTwo();
	await press(brain, keys.escape);
	t.deepEqual(brain.type('q'), []);
	t.regex(await frameOf(brain.state), /Quit\? 2 actions are at work[^]*Wait for them, then quit/);
	brain.type(keys.enter);
	t.regex(await frameOf(brain.state), /↻ Quits after: 2 at work/);
	t.false(brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}}).some(({kind}) => kind === 'quit'));
	t.deepEqual(brain.send({kind: 'run-ended', planId: dbPlan, outcome: {kind: 'done'}}), [{kind: 'quit', exitCode: 0, signal: undefined}]);
});

test('to stop all and quit interrupts each, and a half-way one decides the exit code', async t => {
	const brain = await withTwo();
	await press(brain, keys.escape);
	brain.type('q', keys.down);
	t.deepEqual(brain.type(keys.enter), ['plan-1', dbPlan].map(planId => ({kind: 'interrupt', planId, signal: 'SIGINT'})));
	t.is(brain.state.scene.kind, 'running');
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'half-way', failure: {kind: 'not-proven', findings: [], rolledBack: false}}});
	t.deepEqual(brain.send({kind: 'run-ended', planId: dbPlan, outcome: {kind: 'done'}}), [{kind: 'quit', exitCode: 4, signal: undefined}]);
});

test('not to quit leaves everything at work', async t => {
	const brain = await whileBrowsing();
	await press(brain, 'q', keys.down, keys.down, keys.enter);
	t.is(brain.state.scene.kind, 'browse');
	t.is(brain.state.quitWhenDone, undefined);
	t.is(runsOf(brain.state).length, 1);
});

test('Ctrl-C stops the run in sight alone, a signal all of them', async t => {
	const brain = await withTwo();
	t.deepEqual(brain.type(keys.ctrlC, keys.ctrlC), [{kind: 'interrupt', planId: dbPlan, signal: 'SIGINT'}]);
	t.deepEqual(brain.send({kind: 'signalled', signal: 'SIGTERM'}), [{kind: 'interrupt', planId: 'plan-1', signal: 'SIGTERM'}]);
	brain.send({kind: 'run-ended', planId: dbPlan, outcome: {kind: 'done'}});
	t.deepEqual(brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}}), [{kind: 'quit', exitCode: 143, signal: 'SIGTERM'}]);
});

test('while something is at work its domain is not read, and another one is', async t => {
	const brain = await whileBrowsing();
	t.deepEqual(brain.send({kind: 'poll-due', number: brain.state.pollNumber}).map(({kind}) => kind), ['poll-later']);
	brain.send({kind: 'domain-chosen', uuid: uuidOf(2)});
	t.true(brain.send({kind: 'poll-due', number: brain.state.pollNumber}).some(effect => effect.kind === 'read-details' && effect.uuid === uuidOf(2)));
});

test('bell and notification come at the end where they are wanted, and never where nothing is painted', async t => {
	const end = {kind: 'run-ended' as const, planId: 'plan-1', outcome: {kind: 'done' as const}};
	const brain = await whileBrowsing();
	brain.state = {...brain.state, tells: {bell: true, title: true, notify: false}};
	t.deepEqual(brain.send(end).filter(({kind}) => kind === 'tell-end'), [{kind: 'tell-end', text: 'Revert web01 to s2: done', bell: true, notify: false}]);
	const silent = await whileBrowsing();
	t.false(silent.send(end).some(({kind}) => kind === 'tell-end'));
	const linear = await whileBrowsing();
	linear.state = {...linear.state, isLinear: true, tells: {bell: true, title: true, notify: true}};
	t.false(linear.send(end).some(({kind}) => kind === 'tell-end'));
});

test('the shell keeps a line for each action, with the command that takes it back', async t => {
	const brain = await withTwo();
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	brain.send({kind: 'run-ended', planId: dbPlan, outcome: {kind: 'half-way', failure: {kind: 'not-proven', findings: [], rolledBack: false}}});
	const lines = partingText(brain.state, 'vsnap-tui -c qemu:///system', plainTheme()).split('\n');
	t.regex(lines[0]!, /^✓ revert web01 to s2, \d\d:\d\d: done and verified; undo: vsnap-tui -c qemu:\/\/\/system undo plan-1$/);
	t.regex(lines[1]!, /^× revert db01 to nightly, \d\d:\d\d: interrupted half-way; vsnap-tui -c qemu:\/\/\/system recover db01$/);
});
