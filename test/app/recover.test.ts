import test from 'ava';
import type {LeftAction} from '../../source/app/services.ts';
import {linearPage, linearText} from '../../source/ui/content/linear.ts';
import {fakePlan} from '../helpers/fake-plans.ts';
import {fakeServices, nowSeconds, uuidOf} from '../helpers/fake-services.ts';
import {isStarted, press} from '../helpers/press.ts';
import {
	acceptedFrame, atWeb, frameOf, keys, plainTheme, type Brain,
} from '../helpers/screen-harness.ts';

const at = new Date((nowSeconds - 120) * 1000).toISOString();
const left = (snapshot = 's2'): LeftAction => ({
	plan: {
		...fakePlan(fakeServices().world.allDetails, {
			uuid: uuidOf(1), snapshot, currentState: {kind: 'discard'}, kind: 'revert', endState: undefined,
		}),
		plannedAt: at,
	},
	records: [{at, kind: 'begin', step: 'stop'}, {at, kind: 'done', step: 'stop'}],
	ways: {
		now: {state: 'running', incomplete: []}, back: {reason: 'The new disks have been written to since (web01.new): that would be lost.', remedy: ''}, forward: undefined, advice: 'forward',
	},
});

async function afterLater(facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> {
	const brain = await atWeb(facts);
	brain.world.unfinished = [left()];
	brain.send({kind: 'started'});
	await brain.answer();
	return press(brain, keys.escape);
}

test('after "Later" a mark in the list and a line above it stay, and x leads back', async t => {
	const brain = await afterLater();
	t.is(brain.state.scene.kind, 'browse');
	const frame = await frameOf(brain.state);
	t.is(frame, await acceptedFrame('interrupted-80x24', frame));
	t.regex(frame, /! web01: the revert to "s2" was interrupted 2 min ago \(1 of 4 steps\) .* x open/);
	t.regex(frame, /▸! ● web01/);
	await press(brain, 'x');
	t.like(brain.state.scene, {kind: 'recover', index: 0});
	const page = await frameOf(brain.state);
	t.is(page, await acceptedFrame('interrupted-page-80x24', page));
	t.regex(page, /The guest is running, and the images of its disks are complete\./);
	t.regex(page, /▸ Finish\n {3}Roll back {2}\(The new disks have been written to/);
});

test('that rolling back leaves a file larger is said before it is chosen', async t => {
	const brain = await atWeb();
	const action = left();
	action.ways!.back = undefined;
	const [first, ...rest] = action.plan.steps;
	action.plan = {...action.plan, steps: [{...first!, id: 'stop', phase: 'create', grows: {path: '/d/web01.top', allocatedBytes: 1}}, ...rest]};
	brain.world.unfinished = [action];
	brain.send({kind: 'started'});
	await brain.answer();
	const page = await frameOf(brain.state);
	t.regex(page, /▸ Roll back[^]*Restores everything to the state before this action; web01\.top may stay\s+larger\./);
	t.notRegex(page, /no trace/);
});

test('what had happened already when it was finished is told as done', async t => {
	const brain = await afterLater();
	await press(brain, 'x', keys.enter);
	t.is(brain.state.scene.kind, 'running');
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	const frame = await frameOf(brain.state);
	t.is(frame.split('\n').filter(line => line.startsWith(' ✓ ')).length, 4, frame);
});

test('to give up is asked once more, with what is lost and what is left, and Enter alone leads back', async t => {
	const brain = await afterLater();
	await press(brain, 'x', keys.down, keys.down, keys.enter);
	t.is(brain.state.scene.kind, 'recover');
	const page = await frameOf(brain.state);
	t.is(page, await acceptedFrame('interrupted-give-up-80x24', page));
	t.regex(page, /Give up the revert to "s2"\?[^]*lost +How to finish the action, and how to roll it back/);
	t.regex(page, /left +What it made and what it was to remove, as far as it is there:\s+\/var\/lib\/libvirt\/images\/web01/);
	t.regex(linearText(linearPage(brain.state, plainTheme()), undefined, plainTheme()), /1\. Back\. Changes nothing\.[^]*2\. Give up\. This cannot be undone\./);
	await press(brain, keys.enter);
	t.like(brain.state.scene, {kind: 'recover', index: 2});
	t.regex(await frameOf(brain.state), /▸ Give up[^]*You are asked once more/);
	await press(brain, keys.enter, keys.escape);
	t.like(brain.state.scene, {kind: 'recover', index: 2});
	await press(brain, keys.enter, keys.down, keys.enter);
	t.is(brain.state.scene.kind, 'running');
});

test('what is read at x is what is offered, and an action that is over by then is not', async t => {
	const brain = await afterLater();
	brain.world.unfinished = [];
	await press(brain, 'x');
	t.is(brain.state.scene.kind, 'browse');
	t.is(brain.state.notice, 'No action was interrupted.');
	t.notRegex(await frameOf(brain.state), /revert to "s2" was interrupted|! ● web01/);
});

test('every other action on that domain is refused for it, and those on others are not', async t => {
	const brain = await afterLater();
	for (const key of ['r', 'b', 'm', 'd', 'c']) {
		await press(brain, key);
		t.is(brain.state.scene.kind, 'browse', key);
		t.regex(brain.state.notice ?? '', /^\w+.*: the revert to "s2" was interrupted; finish it or roll it back first \(x\)\.$/);
	}

	await press(brain, keys.tab, keys.up, 'c');
	t.notRegex(brain.state.notice ?? '', /interrupted/);
});

test('R shows what another process has left meanwhile, without leaving the list', async t => {
	const brain = await atWeb();
	brain.world.unfinished = [left(), left('s1')];
	await press(brain, 'R');
	t.is(brain.state.scene.kind, 'browse');
	t.regex(await frameOf(brain.state), /! \(2\) web01: the revert to "s2" was interrupted .* x open/);
});

test('a refusal for it, of an action that began before it was known, marks it', async t => {
	const brain = await atWeb();
	brain.world.unfinished = [left()];
	brain.world.refusal = {kind: 'refused', blockers: [{kind: 'unfinished-action', text: 'The revert to "s2" was interrupted.', remedy: 'x'}]};
	await press(brain, 'c', keys.enter, keys.enter, keys.enter, keys.enter);
	t.is(brain.state.left.length, 1);
	t.false(isStarted(brain));
});

test('Enter on the doctor\'s finding opens the page, and Later leads back to the finding', async t => {
	const brain = await afterLater();
	brain.world.findings = [{
		kind: 'unfinished-action', severity: 'problem', domain: {uuid: uuidOf(1), name: 'web01'}, text: 'An action of vsnap-tui was interrupted.', meaning: '', remedy: 'vsnap-tui recover',
	}];
	await press(brain, 'D');
	t.regex(await frameOf(brain.state), /An action of vsnap-tui was interrupted\. +open/);
	await press(brain, keys.enter);
	t.is(brain.state.scene.kind, 'recover');
	await press(brain, keys.escape);
	t.like(brain.state.scene, {kind: 'doctor', isWhole: false});
});

test('of an action that another user left, the finding is shown in full', async t => {
	const brain = await atWeb();
	brain.world.findings = [{
		kind: 'unfinished-action', severity: 'problem', domain: {uuid: uuidOf(1), name: 'web01'}, text: 'An action of another run was interrupted.', meaning: '', remedy: 'ask root',
	}];
	await press(brain, 'D', keys.enter);
	t.like(brain.state.scene, {kind: 'doctor', isWhole: true});
});

test('read aloud, it is said on the page of the domains and of the domain, and a choice leads to it', async t => {
	const brain = await afterLater({isLinear: true});
	const say = () => linearText(linearPage(brain.state, plainTheme()), brain.state.notice, plainTheme());
	t.notRegex(say(), /\(x\)|\bx leads/);
	t.regex(say(), /web01: the revert to "s2" was interrupted 2 min ago \(1 of 4 steps\)\.\n1\. Finish or roll back what was interrupted/);
	brain.type(keys.enter);
	t.regex(say(), /Create.*not possible: the revert to "s2" was interrupted; finish it or roll it back first\)/);
	await press(brain, keys.escape, keys.tab);
	t.regex(say(), /web01, running, 4 snapshots, interrupted action/);
	brain.send(...linearPage(brain.state, plainTheme()).choices[0]!.messages);
	await brain.answer();
	t.regex(say(), /now +The guest is running, and the images of its disks are complete\.[^]*2\. Roll back \(not possible: The new disks/);
});
