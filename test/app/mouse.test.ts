import test from 'ava';
import {widthOf} from '../../source/model/text/cells.ts';
import {selectedDomain, selectedNode} from '../../source/app/browse/rows.ts';
import {fakePlan} from '../helpers/fake-plans.ts';
import {fakeServices, uuidOf} from '../helpers/fake-services.ts';
import {atWeb, createBrain, frameOf, keys, type Brain} from '../helpers/screen-harness.ts';

/** Clicks where the frame shows this text. */
async function click(brain: Brain, text: RegExp): Promise<void> {
	const lines = (await frameOf(brain.state)).split('\n');
	const row = lines.findIndex(line => text.test(line));
	brain.send({kind: 'key', key: {name: 'mouse', action: 'press', column: text.exec(lines[row]!)!.index, row}});
	await brain.answer();
}

const turn = (brain: Brain, action: 'wheel-up' | 'wheel-down', column = 60) => brain.send({kind: 'key', key: {name: 'mouse', action, column, row: 10}});

test('a click selects, and a click on what is selected opens it', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	await click(brain, /node3 /);
	t.is(selectedDomain(brain.state)?.name, 'node3');
	t.is(brain.state.pane, 'domains');
	await click(brain, /node3 /);
	t.is(brain.state.pane, 'tree');
	const web = await atWeb();
	await click(web, /s2 {5}/);
	t.is(selectedNode(web.state)?.name, 'snapshot:s2');
	t.is(web.state.scene.kind, 'browse');
	await click(web, /s2 {5}/);
	t.is(web.state.scene.kind === 'menu' && web.state.scene.title, 'Snapshot s2 of web01');
});

test('a click beside the rows selects nothing', async t => {
	const brain = await atWeb();
	await click(brain, /try-php8/);
	t.is(selectedNode(brain.state)?.name, 'snapshot:try-php8');
	await click(brain, /─┴─/);
	t.is(selectedNode(brain.state)?.name, 'snapshot:try-php8');
});

test('the wheel moves in the pane below it, turns texts and pages, and answers nothing', async t => {
	const brain = await atWeb({rows: 16});
	brain.type('g');
	turn(brain, 'wheel-down');
	t.is(selectedNode(brain.state)?.name, 'head');
	turn(brain, 'wheel-up', 5);
	t.is(brain.state.pane, 'domains');
	brain.type('?');
	turn(brain, 'wheel-down');
	t.is(brain.state.scene.kind === 'help' && brain.state.scene.top, 3);
	brain.type(keys.escape, 'G');
	await brain.answer();
	brain.type(keys.tab, 'g', 'r');
	await brain.answer();
	turn(brain, 'wheel-down');
	const {scene} = brain.state;
	t.is(scene.kind === 'journey' && scene.journey.field, undefined);
	t.true(scene.kind === 'journey' && scene.journey.top > 0);
});

test('among the findings a click selects and then does what Enter does', async t => {
	const brain = await atWeb();
	brain.type(keys.tab, 'D');
	await brain.answer();
	const {diagnosis} = brain.state;
	const index = diagnosis!.findings.value!.length - 1;
	brain.send({kind: 'key', key: {name: 'mouse', action: 'press', column: 20, row: 3 + index}});
	t.is(brain.state.diagnosis!.index, index);
	brain.send({kind: 'key', key: {name: 'mouse', action: 'press', column: 20, row: 3 + index}});
	t.true(brain.state.scene.kind !== 'doctor' || brain.state.scene.isWhole);
});

async function pressText(brain: Brain, text: RegExp): Promise<void> {
	const lines = (await frameOf(brain.state)).split('\n');
	const row = lines.findLastIndex(line => text.test(line));
	const line = lines[row]!;
	brain.send({kind: 'key', key: {name: 'mouse', action: 'press', column: widthOf(line.slice(0, text.exec(line)!.index)), row}});
	await brain.answer();
}

for (const [columns, rows] of [[80, 24], [120, 40], [60, 16]] as const) {
	test(`in a menu a click selects and then does what Enter does, at ${columns}x${rows}`, async t => {
		const brain = await atWeb({columns, rows});
		brain.type(keys.enter);
		const {scene} = brain.state;
		const options = scene.kind === 'menu' ? scene.options : [];
		const at = options.findIndex(({id}) => id === 'details');
		t.true(at > 0);
		while (!(await frameOf(brain.state)).includes(options[at]!.label)) {
			brain.type('j');
		}

		await pressText(brain, new RegExp(` ${options[at]!.label}`));
		t.is(brain.state.scene.kind === 'menu' && brain.state.scene.index, at);
		await pressText(brain, new RegExp(` ${options[at]!.label}`));
		t.is(brain.state.scene.kind, 'details');
	});
}

test('on the page of a plan a click chooses, goes to a field, or to the last line, and starts nothing', async t => {
	const brain = await atWeb();
	brain.type('G', 'r');
	await brain.answer();
	const journey = () => brain.state.scene.kind === 'journey' ? brain.state.scene.journey : undefined;
	await pressText(brain, /discard/);
	t.like(journey(), {field: 'current-state', request: {currentState: {kind: 'discard'}}});
	await pressText(brain, /keep {3}/);
	t.like(journey()?.request, {currentState: {kind: 'keep'}});
	await pressText(brain, /Description/);
	const {field} = journey()!;
	t.regex(field!, /description/);
	await pressText(brain, / before /);
	t.is(journey()?.field, field);
	for (let time = 0; time < 3; time++) {
		await pressText(brain, /to start/);
		t.is(journey()?.field, undefined);
	}
});

test('a page that is turned is clicked where it is', async t => {
	const brain = await atWeb({rows: 16, columns: 60});
	brain.type('G', 'r');
	await brain.answer();
	turn(brain, 'wheel-down');
	await pressText(brain, /paused/);
	const {scene} = brain.state;
	t.like(scene.kind === 'journey' && scene.journey, {field: 'end-state', request: {endState: 'paused'}});
});

test('among the ways out of an interruption a click selects, and starts none of them', async t => {
	const brain = await atWeb();
	brain.world.unfinished = [{
		plan: fakePlan(fakeServices().world.allDetails, {uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, kind: 'revert', endState: undefined}),
		records: [],
		ways: {now: {state: 'running', incomplete: []}, back: undefined, forward: undefined, advice: 'forward'},
	}];
	brain.send({kind: 'started'});
	await brain.answer();
	t.like(brain.state.scene, {kind: 'recover', index: 0});
	await pressText(brain, /Give up/);
	t.like(brain.state.scene, {kind: 'recover', index: 2});
	await pressText(brain, /Give up/);
	t.like(brain.state, {scene: {kind: 'recover', index: 2}, notice: 'Enter does it.'});
});

test('in a list with words below a click selects, and a click below it does nothing', async t => {
	const brain = await atWeb();
	const ran = (command: string) => ({at: '2026-11-21T02:00:00.000Z', command, isFailed: false, durationMs: 5, output: ''});
	brain.world.logged = [{id: 'a', title: 'web01: create', commands: [ran('qemu-img create x'), ran('virsh define y'), ran('rm z')]}];
	brain.type('@');
	await brain.answer();
	await pressText(brain, /virsh define/);
	t.like(brain.state.scene, {kind: 'log', index: 1});
	brain.send({kind: 'key', key: {name: 'mouse', action: 'press', column: 5, row: 8}});
	t.like(brain.state.scene, {kind: 'log', index: 1});
});
