/** A guest of the demo host whose state is kept with its memory: forth, back again, and taken back half-way. */
import test from 'ava';
import {conditionOf} from '../../../source/model/domain/snapshot.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {headsOf, openEngine, readStates} from './engine.ts';

const keep = {kind: 'revert', snapshot: 'before-upgrade', currentState: {kind: 'keep', name: 'k1', memory: true}, endState: 'running'} as const;

test('a state that was kept with its memory is gone back to with that memory', async t => {
	const engine = openEngine();
	const web = engine.named('web');
	const before = readStates(engine.demo.world, web);
	const {outcome} = await engine.execute(unwrap(await engine.plan('web', keep)));
	t.is(outcome.kind, 'done', JSON.stringify(outcome));
	const details = unwrap(await engine.host.readDetails(web.uuid, {withForeignPins: false}));
	t.is(conditionOf(details.snapshots.find(({name}) => name === 'k1')!), 'memory');
	const back = unwrap(await engine.plan('web', {kind: 'revert', snapshot: 'k1', currentState: {kind: 'discard'}, endState: undefined}));
	t.true(back.steps.some(step => step.title.includes('memory')));
	t.is((await engine.execute(back)).outcome.kind, 'done');
	t.is(web.state, 'running');
	const after = readStates(engine.demo.world, web);
	t.deepEqual(['/vda', '/vdb'].map(disk => after.get(disk)?.slice(0, before.get(disk)!.length)), ['/vda', '/vdb'].map(disk => before.get(disk)));
	t.deepEqual((await engine.findings('web')).filter(({severity}) => severity !== 'info'), []);
});

test('taken back, the guest goes on from its memory, and no file of it is left', async t => {
	const engine = openEngine();
	const web = engine.named('web');
	const heads = headsOf(web);
	const plan = unwrap(await engine.plan('web', keep));
	const define = plan.steps.find(step => step.id === 'define')!;
	if (define.command.tool !== 'qmp') {
		define.command.argv = ['virsh', '-q', 'define', '--file', '/nowhere'];
	}

	const {outcome} = await engine.execute(plan);
	t.is(outcome.kind, 'rolled-back', JSON.stringify(outcome));
	t.regex(JSON.stringify(outcome), /has gone on from its memory/);
	t.is(web.state, 'running');
	t.deepEqual(headsOf(web), heads);
	t.deepEqual([...engine.demo.world.files.keys()].filter(path => path.endsWith('.k1.mem')), []);
	t.false(web.snapshots.has('k1'));
});

test('a snapshot with frozen file systems says so, and leaves no note on the guest', async t => {
	const engine = openEngine();
	const asked = {
		kind: 'create', snapshot: 'q1', description: undefined, memory: undefined, isDiskOnly: true, isQuiesced: true, isLive: false, isHalted: false, hasNoMetadata: false,
	} as const;
	const {name} = [...engine.demo.world.domains.values()].find(domain => domain.live && domain.hasAgent)!;
	const {outcome} = await engine.execute(unwrap(await engine.plan(name, {...asked, disks: []})));
	t.is(outcome.kind, 'done', JSON.stringify(outcome));
	const details = unwrap(await engine.host.readDetails(engine.named(name).uuid, {withForeignPins: false}));
	t.is(conditionOf(details.snapshots.find(snapshot => snapshot.name === 'q1')!), 'frozen');
	t.is(details.domain.liveDefinition?.frozenNote, undefined);
});
