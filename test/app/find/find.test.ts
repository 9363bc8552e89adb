import test from 'ava';
import {selectedNode} from '../../../source/app/browse/rows.ts';
import {describeHits} from '../../../source/app/find/find.ts';
import {findHere} from '../../../source/app/find/place.ts';
import {createViewport} from '../../../source/ui/content/page.ts';
import {atWeb, frameOf, keys, plainTheme, type Brain} from '../../helpers/screen-harness.ts';

const said = ({state}: Brain) => describeHits(state, findHere(state)!, createViewport(plainTheme()));
const selected = ({state}: Brain) => selectedNode(state)?.name;

test('in the tree the cursor follows what is typed, n and N go on and round, and Escape gives n back', async t => {
	const brain = await atWeb();
	brain.type('g', '/', 's');
	t.is(selected(brain), 'snapshot:s1');
	t.is(said(brain), '1 of 3');
	brain.type('2');
	t.is(selected(brain), 'snapshot:s2');
	brain.type('\u007F', keys.enter);
	t.is(selected(brain), 'snapshot:s1');
	brain.type('n');
	t.is(said(brain), '2 of 3');
	brain.type('n', 'n');
	t.is(said(brain), '1 of 3');
	brain.type('N');
	t.is(selected(brain), 'snapshot:s3');
	t.is(brain.state.scene.kind, 'browse');
	brain.type(keys.escape);
	t.is(brain.state.find, undefined);
	t.is(selected(brain), 'snapshot:s3');
	brain.type('n');
	t.is(brain.state.scene.kind, 'journey');
});

test('Escape while it is typed leads back to where it began, and commands are text', async t => {
	const brain = await atWeb();
	const before = selected(brain);
	brain.type('/', 's1');
	t.is(selected(brain), 'snapshot:s1');
	brain.type('qd');
	t.is(said(brain), 'no hit');
	t.is(selected(brain), before);
	brain.type(keys.escape);
	t.is(brain.state.find, undefined);
	t.is(selected(brain), before);
});

test('a description is found, also below what is folded away, which is then unfolded', async t => {
	const brain = await atWeb();
	brain.type('g', 'h', '/', 'S3', keys.enter);
	t.is(selected(brain), 'snapshot:s3');
	t.is(brain.state.folded.snapshots.size, 0);
	brain.type('/', 'the UPGRADE');
	t.is(selected(brain), 'snapshot:s1');
});

test('in a text the line of the hit comes into sight, and what was looked for ends with the text', async t => {
	const brain = await atWeb();
	brain.type('?', '/', 'redraw', keys.enter);
	const frame = await frameOf(brain.state);
	t.regex(frame, /^▸ {2}Ctrl-L +redraw the screen/m);
	t.regex(frame, / \/redraw {2}1 of \d+ {2}n next/);
	brain.type('n');
	t.regex(said(brain), /^2 of/);
	brain.type(keys.escape);
	t.is(brain.state.scene.kind, 'help');
	brain.type('/', 'redraw', keys.enter, 'q');
	t.is(brain.state.scene.kind, 'browse');
	brain.type('?');
	t.is(findHere(brain.state), undefined);
});

test('among the findings the cursor goes from hit to hit', async t => {
	const brain = await atWeb();
	brain.type(keys.tab, 'D');
	await brain.answer();
	brain.type('/', 'broken', keys.enter);
	const {diagnosis} = brain.state;
	t.regex(`${diagnosis!.findings.value![diagnosis!.index]!.domain?.name}`, /broken/);
	t.regex(await frameOf(brain.state), /\/broken {2}1 of/);
});

test('on the page of a plan a slash finds, where it cannot be part of what is typed', async t => {
	const brain = await atWeb();
	brain.type('g', 'r');
	await brain.answer();
	brain.type('/', 'NOW', keys.enter);
	t.regex(await frameOf(brain.state), /^› .*NOW|^▸.*NOW/m);
	brain.type(keys.escape, 'w', '/');
	t.is(brain.state.find, undefined);
	t.is(brain.state.scene.kind === 'journey' && brain.state.scene.journey.typed, 'w/');
	brain.type('\u0015', '@', '/', 'qemu-img', keys.enter);
	t.is(said(brain), '1 of 1');
	brain.type(keys.escape, keys.escape);
	t.true(brain.state.scene.kind === 'journey' && brain.state.scene.journey.view === undefined);
});

test('of a name that is cut the row is marked all the same, without colour', async t => {
	const brain = await atWeb();
	brain.type('/', 'php', keys.enter, 'k');
	t.regex(await frameOf(brain.state), /│›.*try-php8/);
});
