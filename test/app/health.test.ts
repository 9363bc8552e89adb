import test from 'ava';
import {healthOfHost, isSameDetails, markOf} from '../../source/app/doctor/health.ts';
import type {DomainDetails} from '../../source/model/domain/inventory.ts';
import type {Image} from '../../source/model/images/image.ts';
import {uuidOf} from '../helpers/fake-services.ts';
import {fakePlan} from '../helpers/fake-plans.ts';
import {atWeb, keys, type Brain} from '../helpers/screen-harness.ts';

const looksOf = (brain: Brain) => brain.effects.flatMap(effect => effect.kind === 'look' ? [effect.uuid] : []);
const lookOf = (brain: Brain) => brain.effects.findLast(effect => effect.kind === 'look')!;

test('the doctor looks at the selected domain, then at the host, and then rests', async t => {
	const brain = await atWeb({checks: true});
	t.deepEqual(looksOf(brain), [uuidOf(1), undefined]);
	t.is(markOf(brain.state, uuidOf(1)), 'look-at');
	t.is(markOf(brain.state, uuidOf(3)), 'broken');
	t.is(markOf(brain.state, uuidOf(2)), undefined);
	t.like(healthOfHost(brain.state), {needing: 1, toLookAt: 1, isWhole: true});
	t.deepEqual(brain.effects.findLast(({kind}) => kind === 'look-later'), {kind: 'look-later', number: 0, afterMs: 600_000});
});

test('switched off it does not look, and nothing is said of health', async t => {
	const brain = await atWeb();
	t.deepEqual(looksOf(brain), []);
	brain.send({kind: 'host-changed'}, {kind: 'look-due', number: 0});
	await brain.answer();
	t.deepEqual(looksOf(brain), []);
});

test('settings that are not understood are told, and nothing is looked at', async t => {
	const brain = await atWeb();
	brain.send({kind: 'settings-read', result: {ok: false, failure: {kind: 'usage', message: 'The settings file is not understood.'}}});
	t.is(brain.state.notice, 'The settings file is not understood.');
	t.false(brain.state.health.isOn);
});

test('what was found before a change is dropped at once, with what was found of others because of it, and looked for again', async t => {
	const brain = await atWeb({checks: true});
	brain.world.findings = brain.world.findings.map(finding => finding.domain?.name === 'broken' ? {...finding, text: 'web01 writes to an image that broken needs.'} : finding);
	brain.send({kind: 'look-due', number: 0});
	await brain.answer();
	brain.world.findings = [];
	brain.send({kind: 'host-changed', domain: 'web01'});
	t.deepEqual([uuidOf(1), uuidOf(3)].map(uuid => markOf(brain.state, uuid)), [undefined, undefined]);
	t.false(healthOfHost(brain.state).isWhole);
	const before = looksOf(brain).length;
	await brain.answer();
	t.deepEqual(looksOf(brain).slice(before), [uuidOf(1), uuidOf(3)]);
	t.like(healthOfHost(brain.state), {needing: 0, isWhole: true});
});

test('a look that began before a change does not bring back what is older than it', async t => {
	const brain = await atWeb({checks: true});
	const old = [...brain.world.findings];
	brain.send({kind: 'host-changed', domain: 'db01'});
	const pause = brain.effects.findLast(effect => effect.kind === 'look-later')!;
	brain.send({kind: 'look-due', number: pause.number});
	const {number} = lookOf(brain);
	brain.send({kind: 'host-changed', domain: 'db01'}, {kind: 'looked', number, result: {ok: true, value: old.map(finding => ({...finding, domain: {uuid: uuidOf(2), name: 'db01'}}))}});
	t.is(markOf(brain.state, uuidOf(2)), undefined);
	t.is(brain.state.health.found[uuidOf(2)], undefined);
	await brain.answer();
	t.deepEqual(brain.state.health.found[uuidOf(2)], []);
});

test('a picture that tells something else than the last one is a change', async t => {
	const brain = await atWeb({checks: true});
	const [web] = brain.world.allDetails;
	brain.world.findings = [];
	brain.type('R');
	await brain.answer();
	t.is(markOf(brain.state, uuidOf(1)), 'look-at');
	brain.world.allDetails = [{...web!, images: web!.images.slice(1)}, ...brain.world.allDetails.slice(1)];
	brain.type('R');
	await brain.answer();
	t.is(markOf(brain.state, uuidOf(1)), undefined);
});

test('each fact of an image by which a finding may come or go makes another picture', async t => {
	const {world: {allDetails: [web]}} = await atWeb();
	const withImage = (change: Partial<Image>): DomainDetails => ({...web!, images: web!.images.map((image, index) => index === 0 ? {...image, ...change} : image)});
	t.true(isSameDetails(web!, withImage({})));
	// What a guest has written tells of nothing else.
	t.true(isSameDetails(web!, withImage({allocatedBytes: 1})));
	for (const change of [
		{path: '/elsewhere'},
		{backingPath: '/elsewhere'},
		{format: 'vmdk'},
		{problems: [{kind: 'missing' as const}]},
		{internalSnapshots: [{tag: 't', id: '1', memoryBytes: 0, createdAt: 1}]},
	]) {
		t.false(isSameDetails(web!, withImage(change)), JSON.stringify(change));
	}

	t.false(isSameDetails(withImage({problems: [{kind: 'missing'}]}), withImage({problems: [{kind: 'begins-like-qcow2'}]})));
	t.false(isSameDetails(web!, {...web!, images: web!.images.slice(1)}));
});

test('while a plan runs nothing is looked at; afterwards its domain is', async t => {
	const brain = await atWeb({checks: true});
	brain.send({kind: 'look-due', number: 0});
	const pause = brain.effects.findLast(effect => effect.kind === 'look-later')!;
	brain.send({kind: 'look-due', number: pause.number});
	const plan = fakePlan(brain.world.allDetails, {kind: 'merge', uuid: uuidOf(1), snapshot: 's3'});
	const run = {
		plan, kind: 'execute' as const, startedMs: 0, steps: {}, current: undefined, copied: undefined, copying: undefined, sinceMs: 0, activity: 'looking' as const, stop: 'no' as const, notLogged: undefined, commands: [], journey: undefined, undo: undefined,
	};
	brain.state = {...brain.state, runs: {[plan.id]: run}, scene: {kind: 'running', planId: plan.id}};
	t.deepEqual(brain.send({kind: 'ticked'}).map(({kind}) => kind), ['stop-look', 'tick-later']);
	const before = looksOf(brain).length;
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	t.is(brain.state.health.found[uuidOf(1)], undefined);
	await brain.answer();
	t.deepEqual(looksOf(brain).slice(before), [uuidOf(1), undefined]);
});

test('D shows at once what was found by itself, and a repaired finding never moves the cursor to another one', async t => {
	const brain = await atWeb({checks: true});
	brain.type(keys.tab, 'D');
	t.deepEqual(brain.state.diagnosis?.findings.value?.map(({kind}) => kind), ['backing-missing', 'orphan', 'native-delete']);
	brain.type(keys.down);
	brain.world.findings = brain.world.findings.filter(({kind}) => kind !== 'backing-missing');
	await brain.answer();
	t.is(brain.state.diagnosis?.findings.value?.[brain.state.diagnosis.index]?.kind, 'orphan');
});
