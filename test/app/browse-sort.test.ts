import test from 'ava';
import {visibleDomains} from '../../source/app/browse/domains.ts';
import {selectedDomain, selectedNode} from '../../source/app/browse/rows.ts';
import {atWeb, createBrain, frameOf, keys, type Brain} from '../helpers/screen-harness.ts';

const first = ({state}: Brain) => visibleDomains(state).slice(0, 3).map(({name}) => name);

async function atList(checks = false): Promise<Brain> {
	const brain = createBrain({checks});
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

test('s goes through the orders, says which it is, and keeps the selected domain in sight', async t => {
	const brain = await atList(true);
	const selected = selectedDomain(brain.state)!.name;
	t.regex(await frameOf(brain.state), /Domains 34 +s:name {2}│/);
	brain.type('s');
	t.is(visibleDomains(brain.state).findLastIndex(({state}) => state === 'running') + 1, visibleDomains(brain.state).findIndex(({state}) => state === 'paused'));
	t.is(visibleDomains(brain.state).at(-1)!.state, 'shutoff');
	brain.type('s');
	const marked = new Set([...Object.entries(brain.state.health.found)].filter(([, found]) => found.some(({severity}) => severity !== 'info')).map(([uuid]) => uuid));
	t.true(marked.size > 0);
	t.deepEqual(visibleDomains(brain.state).slice(0, marked.size).map(({uuid}) => uuid).sort(), [...marked].sort());
	brain.type('s');
	await brain.answer();
	t.deepEqual(first(brain).slice(0, 1), ['web01']);
	const frame = await frameOf(brain.state);
	t.regex(frame, /s:snapshots/);
	t.is(selectedDomain(brain.state)!.name, selected);
	t.regex(frame, /^ ?▸/m);
	brain.type('s');
	t.is(brain.state.sort, 'name');
});

test('the order of the settings holds from the start', async t => {
	const brain = await atList();
	brain.send({kind: 'settings-read', result: {ok: true, value: {checks: false, theme: 'auto', sort: 'snapshots', mouse: false, title: true, bell: false, notify: false}}});
	await brain.answer();
	t.deepEqual(first(brain).slice(0, 1), ['web01']);
});

test('Ctrl-D and Ctrl-U go half a page in lists and texts, and Ctrl-D never quits', async t => {
	const [half, back] = ['\u0004', '\u0015'];
	const brain = await atList();
	brain.type('g', half);
	const index = ({state}: Brain) => visibleDomains(state).findIndex(({uuid}) => uuid === state.domainCursor.id);
	t.is(index(brain), 5);
	brain.type(back);
	t.is(index(brain), 0);
	const web = await atWeb();
	web.type('g', half);
	t.is(selectedNode(web.state)?.name, 'snapshot:try-php8');
	web.type('?', half);
	t.is(web.state.scene.kind === 'help' && web.state.scene.top, 10);
	web.type(back);
	t.is(web.state.scene.kind === 'help' && web.state.scene.top, 0);
	web.type(keys.escape, 'g', 'r');
	await web.answer();
	web.type(half, half);
	web.type('@', half, back, keys.escape, 'w', back, half);
	t.is(web.state.scene.kind === 'journey' && web.state.scene.journey.typed, '');
	web.type('/', half, keys.escape, keys.escape, keys.enter, half, keys.escape);
	t.deepEqual([...brain.effects, ...web.effects].filter(({kind}) => kind === 'quit'), []);
});
