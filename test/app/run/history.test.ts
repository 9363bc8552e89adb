import test from 'ava';
import type {Run} from '../../../source/app/state.ts';
import {endRun} from '../../../source/app/run/update-run.ts';
import {undoRows} from '../../../source/ui/content/run/undo.ts';
import {selectedCommand} from '../../../source/app/run/update-log.ts';
import {linearPage} from '../../../source/ui/content/linear.ts';
import type {LoggedAction, Undoable} from '../../../source/app/services.ts';
import type {RanCommand} from '../../../source/model/plan/ran-command.ts';
import {fakePlan} from '../../helpers/fake-plans.ts';
import {nowSeconds, uuidOf} from '../../helpers/fake-services.ts';
import {journeyOf, press} from '../../helpers/press.ts';
import {
	acceptedFrame, atWeb, frameOf, keys, plainTheme, type Brain,
} from '../../helpers/screen-harness.ts';

const at = new Date((nowSeconds - 600) * 1000).toISOString();

const ran = (command: string, more: Partial<RanCommand> = {}): RanCommand => ({
	at, command, exitCode: 0, isFailed: false, durationMs: 4, output: '', ...more,
});

function done(id: string, domain: {uuid: string; name: string}, {action, ...more}: Pick<Undoable, 'title' | 'undo'> & {action: string}): Undoable {
	return {
		action: {
			id, at, user: 'root', from: undefined, uri: 'qemu:///system', domain, action, outcome: 'done', detail: undefined, durationMs: 4000, request: {kind: 'merge', domain, snapshot: 'x'},
		}, ...more,
	};
}

const undoables: Undoable[] = [
	done('a3', {uuid: uuidOf(2), name: 'db01'}, {action: 'revert to "nightly"', title: 'Revert db01 to nightly', undo: {kind: 'possible', given: {kind: 'revert', snapshot: 'nightly'}, text: 'revert to "nightly"'}}),
	done('a2', {uuid: uuidOf(1), name: 'web01'}, {action: 'merge "s0"', title: 'Merge s0 of web01', undo: {kind: 'never', reason: 'the images are merged'}}),
	done('a1', {uuid: uuidOf(1), name: 'web01'}, {action: 'create snapshot "old"', title: 'Create the snapshot old of web01', undo: {kind: 'refused', text: 'delete "old", keep what was written since', reason: '"old" is gone'}}),
];

const logged: LoggedAction[] = [
	{id: 'a1', title: 'web01: create old', commands: [ran('virsh -q snapshot-create-as …')]},
	{id: 'a3', title: 'db01: revert to nightly', commands: [ran('qemu-img create -q -f qcow2 /x', {exitCode: 1, isFailed: true, durationMs: 12_000, output: 'qemu-img: /x: No space left on device\nand more'})]},
];

async function atUndo(): Promise<Brain> {
	const brain = await atWeb();
	brain.world.undoables = undoables;
	return press(brain, 'z');
}

async function atLog(facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> {
	const brain = await atWeb(facts);
	brain.world.logged = logged;
	return press(brain, '@');
}

test('z lists what was done here, each with what takes it back, or why nothing does', async t => {
	const brain = await atUndo();
	const frame = await frameOf(brain.state);
	t.is(frame, await acceptedFrame('undo-80x24', frame));
	brain.type(keys.down);
	t.regex(await frameOf(brain.state), /undo +not possible: the images are merged/);
	t.deepEqual(brain.type(keys.escape), [{kind: 'stop-undo'}]);
	t.is(brain.state.scene.kind, 'browse');
});

test('Enter on what can be undone opens the page of the action that does it, whichever domain is selected; Escape leads back to the list', async t => {
	const brain = await press(await atUndo(), keys.enter);
	t.is(brain.state.domainCursor.id, uuidOf(2));
	t.like(journeyOf(brain)?.request, {kind: 'revert', snapshot: 'nightly'});
	await press(brain, keys.escape);
	t.is(brain.state.scene.kind, 'undo');
});

test('Enter before the list is there says that it is being read', async t => {
	const brain = await atWeb();
	brain.world.undoables = undoables;
	brain.type('z', keys.enter);
	t.is(brain.state.scene.kind, 'undo');
	t.is(brain.state.notice, 'What was done here is still being read.');
});

test('what was listed before an action is not in sight after it, and is read again where it is looked at', async t => {
	const brain = await atUndo();
	brain.type(keys.escape);
	const plan = fakePlan(brain.world.allDetails, {uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, kind: 'revert', endState: undefined});
	const run = {plan, kind: 'execute', startedMs: 0, steps: {}, current: undefined, copied: undefined, copying: undefined, sinceMs: 0, activity: 'looking', stop: 'no', notLogged: undefined, commands: [], journey: undefined, undo: undefined} satisfies Run;
	const atWork = {...brain.state, runs: {[plan.id]: run}};
	const [elsewhere] = endRun(atWork, plan.id, {kind: 'done'});
	t.is(elsewhere.undo.value, undefined);
	const [looking, effects] = endRun({...atWork, scene: {kind: 'undo', index: 0}}, plan.id, {kind: 'done'});
	t.is(looking.scene.kind, 'undo');
	t.true(effects.some(({kind}) => kind === 'read-undo'));
});

test('a title takes what the widest saying leaves of a row', t => {
	const long = {...undoables[0]!, action: {...undoables[0]!.action, action: 'revert to "before the long update", keeping the current state'}};
	const textAt = (columns: number) => undoRows([long, undoables[1]!], {columns, theme: plainTheme()}).map(pieces => pieces.map(({text}) => text).join(''));
	t.regex(textAt(120)[0]!, /db01: revert to "before the long update", keeping the current state {2}. revert to "nightly"$/);
	t.regex(textAt(60)[0]!, /db01: revert to "be\S* {2}. revert to "nightly"$/);
	t.true([60, 80, 120].every(columns => textAt(columns).every(row => row.length <= columns)));
});

test('Enter on what cannot be undone says why, and opens nothing', async t => {
	const brain = await press(await atUndo(), keys.down, keys.enter);
	t.is(brain.state.scene.kind, 'undo');
	t.is(brain.state.notice, 'Not possible: the images are merged.');
	await press(brain, keys.down, keys.enter);
	t.is(brain.state.notice, 'Not possible: "old" is gone.');
});

test('the list of a domain that has gone does not lead to another one', async t => {
	const brain = await atWeb();
	brain.world.undoables = [{...undoables[0]!, action: {...undoables[0]!.action, domain: {uuid: 'gone', name: 'gone'}}}];
	await press(brain, 'z', keys.enter);
	t.is(brain.state.scene.kind, 'undo');
	t.is(brain.state.notice, 'The domain "gone" is gone.');
});

test('a host without anything to undo says so', async t => {
	const brain = await press(await atWeb(), 'z');
	t.regex(await frameOf(brain.state), /Nothing was done on this host that could be undone/);
});

test('the page of a plan says before the start how it can be undone', async t => {
	const revert = await press(await atWeb(), keys.up, keys.up, 'r');
	t.regex(await frameOf(revert.state), / UNDO {5}revert to "kept-/);
	const merge = await press(await atWeb(), keys.up, keys.up, 'm');
	t.regex(await frameOf(merge.state), / UNDO {5}not possible: /);
});

test('@ lists the commands of the last actions, the last one selected, with all that it said', async t => {
	const brain = await atLog();
	const frame = await frameOf(brain.state);
	t.is(frame, await acceptedFrame('command-log-80x24', frame));
	brain.type(keys.up);
	t.regex(await frameOf(brain.state), /web01: create old/);
	brain.type(keys.escape);
	t.is(brain.state.scene.kind, 'browse');
});

test('y copies the selected command, and nothing that is longer than terminals take', async t => {
	const brain = await atLog();
	t.deepEqual(brain.type('y'), [{kind: 'copy', text: 'qemu-img create -q -f qcow2 /x'}]);
	t.regex(brain.state.notice!, /^Copied: the command, where the terminal allows that \(OSC 52\)\.$/);
	const long = await atWeb();
	long.world.logged = [{id: 'a', title: '', commands: [ran('ä'.repeat(40_000))]}];
	await press(long, '@');
	t.deepEqual(long.type('y'), []);
	t.regex(long.state.notice!, /^Not copied: the command is longer than terminals take \(80000 bytes\)\.$/);
});

test('y on the commands of a plan copies them', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'r', '@');
	const [effect] = brain.type('y');
	t.true(effect?.kind === 'copy' && effect.text.split('\n').length === 4);
});

test('@ on a run shows its own commands, the newest selected until somebody moves, and leads back', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'r', 'web01', keys.enter);
	const send = (command: string) => brain.send({kind: 'run-event', planId: 'plan-1', event: {kind: 'command-ran', command: ran(command)}});
	send('one');
	await press(brain, '@');
	send('two');
	const {scene} = brain.state;
	t.true(scene.kind === 'log' && selectedCommand(brain.state, scene).index === 1);
	brain.type(keys.up);
	send('three');
	t.true(brain.state.scene.kind === 'log' && selectedCommand(brain.state, brain.state.scene).index === 0);
	brain.type(keys.escape);
	t.is(brain.state.scene.kind, 'running');
});

test('a run that ends while its commands are read has its result where Escape leads to', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'r', 'web01', keys.enter, '@');
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'rolled-back', failure: {kind: 'not-proven', findings: [], rolledBack: true}}});
	t.is(brain.state.scene.kind, 'log');
	brain.type(keys.escape);
	t.is(brain.state.scene.kind, 'ended');
	t.true(brain.state.ended[0]?.isSeen);
});

test('where there is room the last commands stand below the lists', async t => {
	const brain = await press(await atWeb({columns: 120, rows: 40}), keys.up, keys.up, 'r', 'web01', keys.enter, keys.escape);
	for (const command of ['one', 'two', 'three']) {
		brain.send({kind: 'run-event', planId: 'plan-1', event: {kind: 'command-ran', command: ran(command)}});
	}

	const frame = await frameOf(brain.state);
	t.is(frame, await acceptedFrame('job-120x40', frame));
	t.is(frame.split('\n').length, 40);
});

test('one at work at 80 by 24', async t => {
	const brain = await press(await atWeb(), keys.up, keys.up, 'm', 'web01', keys.enter);
	brain.send({kind: 'run-event', planId: 'plan-1', event: {kind: 'step-started', step: 'commit-vda', title: '', index: 0, of: 3}});
	brain.pass(30_000);
	brain.send({kind: 'run-event', planId: 'plan-1', event: {kind: 'step-progress', step: 'commit-vda', doneBytes: 300 * (2 ** 20), totalBytes: 812 * (2 ** 20)}});
	await press(brain, keys.escape);
	const frame = await frameOf(brain.state);
	t.is(frame, await acceptedFrame('job-80x24', frame));
});

test('the linear mode reads out what can be undone and the commands, and a number leads to the plan', async t => {
	const brain = await atWeb({isLinear: true});
	brain.world.undoables = undoables;
	brain.world.logged = logged;
	await press(brain, keys.tab, 'z');
	const {choices} = linearPage(brain.state, plainTheme());
	t.regex(choices[0]!.label, /^2026-11-21 01:50, Revert db01 to nightly\. Undo: revert to "nightly"$/);
	t.regex(choices[1]!.label, /Undo: not possible: the images are merged$/);
	brain.send(...choices[0]!.messages);
	await brain.answer();
	t.is(journeyOf(brain)?.domain, 'db01');
	await press(brain, keys.escape, keys.escape, '@');
	t.deepEqual(linearPage(brain.state, plainTheme()).lines.slice(-4), ['db01: revert to nightly', '01:50:00, exit 1, 12000 milliseconds: qemu-img create -q -f qcow2 /x', 'qemu-img: /x: No space left on device', 'and more']);
});

test('/ finds in the list of what was done and in the command log, and n goes on', async t => {
	const brain = await atWeb();
	brain.world.undoables = undoables;
	brain.type('z');
	await brain.answer();
	brain.type('/', ...'web01', keys.enter);
	t.deepEqual(brain.state.scene, {kind: 'undo', index: 1});
	brain.type('n');
	t.deepEqual(brain.state.scene, {kind: 'undo', index: 2});
	brain.type(keys.escape, keys.escape);
	brain.world.logged = [{id: 'a1', title: 'web01: create', commands: [ran('qemu-img create x'), ran('virsh define y'), ran('rm z', {output: 'gone'})]}];
	brain.type('@');
	await brain.answer();
	brain.type('/', ...'define');
	t.is(brain.state.scene.kind === 'log' && brain.state.scene.index, 1);
	brain.type(keys.escape);
	t.is(brain.state.scene.kind === 'log' && brain.state.scene.index, 2);
});
