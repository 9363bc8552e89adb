import test from 'ava';
import {currentRows, selectedDomain, selectedNode} from '../../source/app/browse/rows.ts';
import {uuidOf} from '../helpers/fake-services.ts';
import {atWeb, createBrain, keys} from '../helpers/screen-harness.ts';

test('at the start the host, the list and what is unfinished are asked, and nothing of domains out of sight', async t => {
	const brain = createBrain();
	t.deepEqual(brain.send({kind: 'started'}).map(({kind}) => kind), ['read-unfinished', 'read-host', 'read-domains', 'read-backed-up', 'read-settings', 'tick-later']);
	await brain.answer();
	t.is(brain.effects.filter(({kind}) => kind === 'read-details').length, 1);
	const counts = brain.effects.filter(effect => effect.kind === 'read-counts');
	t.deepEqual(counts.map(({uuids}) => uuids.length), [13]);
});

test('scrolling asks the counts of what comes into sight, each once', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('G');
	await brain.answer();
	brain.type('g');
	await brain.answer();
	const asked = brain.effects.flatMap(effect => effect.kind === 'read-counts' ? effect.uuids : []);
	t.is(asked.length, new Set(asked).size);
});

test('a domain is read when the cursor rests on it, not when it passes', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	const before = brain.effects.length;
	brain.type('jjjjj');
	await brain.answer();
	const read = brain.effects.slice(before).flatMap(effect => effect.kind === 'read-details' ? [effect.uuid] : []);
	t.deepEqual(read, [selectedDomain(brain.state)!.uuid]);
});

test('the selection is a domain, not a row: it stays when others come', async t => {
	const brain = await atWeb();
	brain.world.allDetails = [...brain.world.allDetails.slice(4), ...brain.world.allDetails.slice(0, 4)].filter(({domain}) => domain.name !== 'broken');
	brain.world.stir();
	brain.send({kind: 'host-changed'});
	await brain.answer();
	t.is(selectedDomain(brain.state)?.name, 'web01');
});

test('the selected snapshot stays selected when one is made beside it', async t => {
	const brain = await atWeb();
	brain.type(keys.up);
	t.is(selectedNode(brain.state)?.name, 'snapshot:s3');
	const web = brain.world.allDetails[0]!;
	brain.world.allDetails[0] = {...web, snapshots: [{...web.snapshots[0]!, name: 'older', createdAt: 1}, ...web.snapshots]};
	brain.send({kind: 'poll-due', number: brain.state.pollNumber});
	await brain.answer();
	t.is(selectedNode(brain.state)?.name, 'snapshot:s3');
});

test('what is selected follows each new picture: the snapshot that has gone, and its new record; and each key', async t => {
	const brain = await atWeb();
	brain.type(keys.up);
	t.is(selectedNode(brain.state)?.name, 'snapshot:s3');
	const web = brain.world.allDetails[0]!;
	const read = async (snapshots: typeof web.snapshots) => {
		brain.world.allDetails[0] = {...web, snapshots};
		brain.send({kind: 'poll-due', number: brain.state.pollNumber});
		await brain.answer();
	};

	await read(web.snapshots.map(snapshot => ({...snapshot, description: 'edited'})));
	const node = selectedNode(brain.state);
	t.is(node?.kind === 'snapshot' && node.snapshot.description, 'edited');
	await read(web.snapshots.filter(({name}) => name !== 's3'));
	t.not(selectedNode(brain.state)?.name, 'snapshot:s3');
	await read(web.snapshots);
	const {name} = selectedNode(brain.state)!;
	brain.type(keys.up);
	t.not(selectedNode(brain.state)?.name, name);
});

test('a late answer with an old number is dropped', async t => {
	const brain = await atWeb();
	const old = brain.effects.find(effect => effect.kind === 'read-details')!;
	brain.type('R');
	brain.send({
		kind: 'details-read', number: old.number, uuid: uuidOf(1), result: {ok: false, failure: {kind: 'read-only'}},
	});
	t.is(brain.state.allDetails[uuidOf(1)]!.failure, undefined);
	t.not(brain.state.allDetails[uuidOf(1)]!.waiting, undefined);
});

test('a failure leaves the last picture in sight', async t => {
	const brain = await atWeb();
	brain.world.failure = {kind: 'unreadable', what: 'web01', reason: 'test'};
	brain.type('R');
	await brain.answer();
	t.not(brain.state.domains.value, undefined);
	t.is(brain.state.domains.failure?.kind, 'unreadable');
	t.not(brain.state.allDetails[uuidOf(1)]!.value, undefined);
});

test('the domain in view is read again every few seconds, never twice at a time', async t => {
	const brain = await atWeb();
	t.deepEqual(brain.effects.at(-1), {kind: 'poll-later', number: brain.state.pollNumber, afterMs: 5000});
	const due = {kind: 'poll-due', number: brain.state.pollNumber} as const;
	t.deepEqual(brain.send(due).map(({kind}) => kind).filter(kind => kind !== 'tick-later'), ['read-details']);
	t.deepEqual(brain.send(due), []);
});

test('changes on the host while the list is read make it be read once more', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	t.deepEqual(brain.send({kind: 'host-changed'}, {kind: 'host-changed'}), []);
	await brain.answer();
	t.is(brain.effects.filter(({kind}) => kind === 'read-domains').length, 2);
});

test('the head hangs below the current snapshot, and is selected at first', async t => {
	const brain = await atWeb();
	t.deepEqual(currentRows(brain.state).map(row => row.item.name), ['snapshot:s1', 'snapshot:s2', 'snapshot:s3', 'head', 'snapshot:try-php8']);
	t.is(selectedNode(brain.state)?.name, 'head');
});

test('folding hides what is below, and unfolding brings it back', async t => {
	const brain = await atWeb();
	brain.type('g', 'h');
	t.deepEqual(currentRows(brain.state).map(row => row.item.name), ['snapshot:s1']);
	brain.type('l');
	t.is(currentRows(brain.state).length, 5);
});

test('the filter follows each character, and Escape clears it', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('/', 'WEB');
	t.is(selectedDomain(brain.state)?.name, 'web01');
	brain.type(keys.enter);
	t.false(brain.state.filter.isTyping);
	brain.type(keys.escape);
	t.is(brain.state.filter.text, '');
	t.is(selectedDomain(brain.state)?.name, 'web01');
});

test('letters that are commands are text in the filter', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	t.false(brain.type('/', 'qrj').some(({kind}) => kind === 'quit'));
	t.is(brain.state.filter.text, 'qrj');
});

test('an action that is not possible stays in the menu with its reason, and does nothing', async t => {
	const brain = await atWeb({isReadOnly: true});
	brain.type(keys.up, keys.enter, keys.enter);
	t.is(brain.state.scene.kind, 'menu');
	t.is(brain.state.notice, 'Revert to this snapshot: this session is read-only.');
});

test('arrows and Enter in one packet choose what they point at', async t => {
	const brain = await atWeb();
	brain.type(keys.up, keys.enter, `${keys.down.repeat(9)}\r`);
	t.is(brain.state.scene.kind, 'details');
});

test('a domain of the command line that does not exist is said', async t => {
	const brain = createBrain({start: {domain: 'nobody'}});
	brain.send({kind: 'started'});
	await brain.answer();
	t.is(brain.state.notice, 'There is no domain "nobody" on this host.');
	t.not(selectedDomain(brain.state), undefined);
});

test('a snapshot of the command line that does not exist is said', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'revert', snapshot: 'nothing'}}});
	t.is(brain.state.notice, 'The domain "web01" has no snapshot "nothing".');
	t.is(brain.state.scene.kind, 'browse');
});

test('nothing ticks when nothing is waited for', async t => {
	const brain = await atWeb();
	brain.send({kind: 'ticked'});
	t.deepEqual(brain.send({kind: 'ticked'}), []);
});

test('q quits, and Ctrl-C does too', async t => {
	t.deepEqual((await atWeb()).type('q'), [{kind: 'quit', exitCode: 0, signal: undefined}]);
	t.deepEqual((await atWeb()).type(keys.ctrlC), [{kind: 'quit', exitCode: 0, signal: undefined}]);
});
