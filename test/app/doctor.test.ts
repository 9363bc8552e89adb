import test from 'ava';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	isStarted, journeyOf, press, requestOf,
} from '../helpers/press.ts';
import {atWeb, createBrain, keys} from '../helpers/screen-harness.ts';

test('D looks at the selected domain from the tree, and at all from the list', async t => {
	const brain = await press(await atWeb(), 'D');
	t.is(brain.state.diagnosis?.findings.value?.length, 2);
	await press(brain, keys.escape, keys.tab, 'D');
	t.is(brain.state.diagnosis?.findings.value?.length, 3);
	t.deepEqual(brain.effects.flatMap(effect => effect.kind === 'diagnose' ? [effect.uuid] : []), [uuidOf(1), undefined]);
});

test('Enter on a finding with a plan opens the journey for it, which Escape leads back from', async t => {
	const brain = await press(await atWeb(), 'D', keys.enter);
	t.like(requestOf(brain), {kind: 'remove-orphans', paths: ['/var/lib/libvirt/images/web01.old']});
	t.true(journeyOf(brain)?.answer?.result.ok);
	await press(brain, keys.escape);
	t.is(brain.state.scene.kind, 'doctor');
});

test('what mends asks for the name of the domain, and is followed by another look', async t => {
	const brain = await press(await atWeb(), 'D', keys.enter, keys.enter, keys.enter);
	t.false(isStarted(brain));
	await press(brain, 'web01', keys.enter);
	t.true(isStarted(brain));
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	await press(brain, keys.enter);
	t.is(brain.state.scene.kind, 'doctor');
	t.is(brain.effects.filter(({kind}) => kind === 'diagnose').length, 2);
});

test('Enter on a finding without a plan shows all its words', async t => {
	const brain = await press(await atWeb(), 'D', keys.down, keys.enter);
	t.like(brain.state.scene, {kind: 'doctor', isWhole: true});
	await press(brain, keys.escape);
	t.like(brain.state.scene, {kind: 'doctor', isWhole: false});
});

test('read-only, findings are shown and not mended', async t => {
	const brain = await press(await atWeb({isReadOnly: true}), 'D', keys.enter);
	t.is(brain.state.scene.kind, 'doctor');
	t.is(brain.state.notice, 'Not possible: this session is read-only.');
});

test('findings that come after the person has left do not open anything', async t => {
	const brain = await atWeb();
	brain.type('D', keys.escape);
	await brain.answer();
	t.is(brain.state.scene.kind, 'browse');
});

test('the findings of an earlier question are dropped', async t => {
	const brain = await atWeb();
	brain.type('D');
	brain.send({kind: 'diagnosed', number: 1, result: {ok: true, value: []}});
	t.is(brain.state.diagnosis?.findings.value, undefined);
});

test('R looks again, with the last findings in sight meanwhile', async t => {
	const brain = await press(await atWeb(), 'D', keys.down);
	brain.world.findings = [];
	brain.type('R');
	t.is(brain.state.diagnosis?.findings.value?.length, 2);
	await brain.answer();
	t.like(brain.state.diagnosis, {index: 0, findings: {value: []}});
});

test('doctor on the command line opens its screen, of a domain or of all, and the exit code tells of findings', async t => {
	const brain = await atWeb({start: {domain: 'web01', action: {kind: 'doctor'}}});
	t.is(brain.state.diagnosis?.uuid, uuidOf(1));
	t.deepEqual((await press(brain, keys.escape)).type('q'), [{kind: 'quit', exitCode: 10, signal: undefined}]);

	const all = createBrain({start: {action: {kind: 'doctor'}}});
	all.world.findings = [];
	all.send({kind: 'started'});
	await all.answer();
	t.like(all.state.diagnosis, {uuid: undefined, findings: {value: []}});
	t.deepEqual((await press(all, keys.escape)).type('q'), [{kind: 'quit', exitCode: 0, signal: undefined}]);
});
