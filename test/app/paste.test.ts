import test from 'ava';
import {fakePlan} from '../helpers/fake-plans.ts';
import {fakeServices, uuidOf} from '../helpers/fake-services.ts';
import {isStarted, journeyOf, press} from '../helpers/press.ts';
import {atWeb, keys, type Brain} from '../helpers/screen-harness.ts';

const pasted = (text: string) => `\u001B[200~${text}\u001B[201~`;

async function atScript(): Promise<Brain> {
	const brain = await press(await atWeb(), 'G', 'c');
	return press(brain, 'w');
}

test('an Enter that came with text saves no script, and the text is in the name; one alone does', async t => {
	const brain = await atScript();
	const path = () => {
		const view = journeyOf(brain)?.view;
		return view?.kind === 'script' ? view.path : undefined;
	};

	const before = path()!;
	brain.type('x\r');
	t.is(path(), `${before}x`);
	t.regex(brain.state.notice!, /together with text/);
	brain.type('y\rz');
	brain.type(pasted('a\rb\r'));
	t.is(path(), `${before}xyza b`);
	t.deepEqual(brain.world.saved, []);
	await press(brain, keys.enter);
	t.is(brain.world.saved.length, 1);
});

test('a menu, what was interrupted, what can be undone and the findings take no Enter that came with text', async t => {
	const menu = await atWeb();
	menu.type(keys.enter, 'j\r', pasted('\r'));
	t.is(menu.state.scene.kind, 'menu');

	const left = await atWeb();
	left.world.unfinished = [{
		plan: fakePlan(fakeServices().world.allDetails, {uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, kind: 'revert', endState: undefined}),
		records: [],
		ways: {now: {state: 'running', incomplete: []}, back: undefined, forward: undefined, advice: 'forward'},
	}];
	left.send({kind: 'started'});
	await left.answer();
	left.type('x\r', pasted('\r'));
	t.is(left.state.scene.kind, 'recover');
	t.false(isStarted(left));

	const findings = await press(await atWeb(), keys.tab, 'D');
	findings.type('x\r');
	t.is(findings.state.scene.kind, 'doctor');
	t.regex(findings.state.notice!, /together with text/);
});

test('what is marked as pasted is text where one is typed, and nothing elsewhere', async t => {
	const brain = await atWeb();
	const before = brain.state;
	brain.type(pasted('c\rd :q /x'));
	t.deepEqual({...brain.state, nowMs: 0}, {...before, nowMs: 0});
	brain.type('/', pasted('web\r'));
	t.like(brain.state.find, {text: 'web', isTyping: true});
	brain.type(keys.escape, ':', pasted('revert web01 s2\r'));
	t.is(brain.state.commandLine?.text, 'revert web01 s2');
	t.is(brain.state.scene.kind, 'browse');
});
