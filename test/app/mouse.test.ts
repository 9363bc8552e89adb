import test from 'ava';
import {selectedDomain, selectedNode} from '../../source/app/browse/rows.ts';
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
