/** One action on three domains: in which order, that every guest is thawed whatever fails, and what becomes of the others. The guest agents are fakes. */
import test from 'ava';
import {Killed} from '../../helpers/fake-host.ts';
import {groupScene, type GroupScene, type Name} from '../../helpers/group-scene.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {recover} from '../../../source/engine/recover/recover.ts';
import {defaultDirection} from '../../../source/engine/run/progress.ts';
import {succeed} from '../../../source/model/result.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';

const all: Name[] = ['web', 'db', 'cache'];
const frozen = ({guests}: GroupScene) => [...guests.values()].filter(({isFrozen}) => isFrozen).map(({name}) => name);
const snapshots = ({guests}: GroupScene) => [...guests.values()].filter(({host}) => host.inventory.details.snapshots.length > 0).map(({name}) => name);
const unfinished = async ({world}: GroupScene) => unwrap(await world.store.readUnfinished()).map(({plan}) => plan.action.domain.name);

test('all are checked, all are frozen, all go over, all are thawed, and only then each goes on alone', async t => {
	const scene = groupScene();
	const outcomes = await scene.run();
	t.deepEqual(all.map(name => outcomes[name]!.kind), ['done', 'done', 'done']);
	const order = (verb: string) => scene.ran.flatMap((line, index) => line.endsWith(` ${verb}`) ? [index] : []);
	const [agents, freezes, takes, thaws] = ['domtime', 'domfsfreeze', 'snapshot-create', 'domfsthaw'].map(verb => order(verb));
	for (const indexes of [agents, freezes, takes, thaws]) {
		t.is(indexes!.length, 3);
	}

	t.true(Math.max(...agents!) < Math.min(...freezes!));
	t.true(Math.max(...freezes!) < Math.min(...takes!));
	t.true(Math.max(...takes!) < Math.min(...thaws!));
	t.deepEqual(scene.ran.slice(Math.max(...thaws!) + 1).filter(line => !line.endsWith('metadata')), []);
	t.deepEqual(snapshots(scene), all);
	t.deepEqual(await unfinished(scene), []);
	t.is(unwrap(await scene.world.store.readAudit()).entries.length, 3);
});

for (const failing of ['domtime', 'domfsfreeze', 'metadata', 'snapshot-create']) {
	for (const at of all) {
		test(`${at} fails at ${failing}: every guest is thawed, and the others are rolled back`, async t => {
			const scene = groupScene();
			let count = 0;
			scene.onRun = line => line === `${at} ${failing}` && count++ === 0 ? 'fail' : 'succeed';
			const outcomes = await scene.run();
			t.deepEqual(frozen(scene), []);
			t.deepEqual(snapshots(scene), []);
			t.like(outcomes[at], {kind: 'rolled-back', failure: {kind: 'step-failed', rolledBack: true}});
			for (const other of all.filter(name => name !== at)) {
				t.like(outcomes[other], {kind: 'rolled-back', failure: {kind: 'other-failed', domain: at, rolledBack: true}});
			}

			t.deepEqual(await unfinished(scene), []);
			const firstBack = scene.ran.findIndex(line => line.endsWith('snapshot-delete'));
			t.true(firstBack === -1 || scene.ran.findLastIndex(line => line.endsWith('domfsfreeze')) < firstBack);
			const lastFrozen = scene.ran.findLastIndex(line => line.endsWith('domfsthaw') && !line.startsWith(at));
			t.true(firstBack === -1 || scene.ran.slice(0, firstBack).filter(line => line.endsWith('domfsthaw')).length >= 3, `nothing is put back before all are thawed (${lastFrozen})`);
		});

		test(`${at} fails at ${failing}, and the others are to be kept: they are done, and every guest is thawed`, async t => {
			const scene = groupScene();
			let count = 0;
			scene.onRun = line => line === `${at} ${failing}` && count++ === 0 ? 'fail' : 'succeed';
			const outcomes = await scene.run({ifOneFails: 'keep'});
			const others = all.filter(name => name !== at);
			t.deepEqual(frozen(scene), []);
			t.deepEqual(snapshots(scene), others);
			t.like(outcomes[at], {kind: 'rolled-back', failure: {kind: 'step-failed', rolledBack: true}});
			t.deepEqual(others.map(name => outcomes[name]!.kind), ['done', 'done']);
			t.deepEqual(await unfinished(scene), []);
		});
	}
}

test('a thaw that fails once is tried again', async t => {
	const scene = groupScene();
	let count = 0;
	scene.onRun = line => line === 'db domfsthaw' && count++ === 0 ? 'fail' : 'succeed';
	const outcomes = await scene.run();
	t.deepEqual(frozen(scene), []);
	t.like(outcomes.db, {kind: 'rolled-back', failure: {kind: 'step-failed', step: 'thaw'}});
	t.like(outcomes.web, {kind: 'rolled-back', failure: {kind: 'other-failed', domain: 'db'}});
});

test('a guest that cannot be thawed is left for recover, which says so; the others are thawed', async t => {
	const scene = groupScene();
	scene.onRun = line => line === 'db domfsthaw' ? 'fail' : 'succeed';
	const outcomes = await scene.run();
	t.deepEqual(frozen(scene), ['db']);
	t.like(outcomes.db, {kind: 'half-way'});
	t.deepEqual(await unfinished(scene), ['db']);
	scene.onRun = () => 'succeed';
	const [left] = unwrap(await scene.world.store.readUnfinished());
	await recover(scene.world, left!, {direction: 'back', planAnew: async () => succeed(left!.plan), onEvent: () => undefined, interrupt: new AbortController().signal});
	t.deepEqual(frozen(scene), []);
	t.deepEqual(await unfinished(scene), []);
});

test('where the journal cannot be written any longer every guest is thawed all the same', async t => {
	const store = createMemoryStore();
	const scene = groupScene({
		...store,
		async openJournal(plan) {
			const opened = unwrap(await store.openJournal(plan));
			return succeed({append: async record => isFull ? {ok: false, failure: {kind: 'state-folder', path: '/s', reason: 'full'}} : opened.append(record)});
		},
	});
	let isFull = false;
	scene.onRun = line => {
		isFull ||= line === 'db snapshot-create';
		return 'succeed';
	};

	await scene.run();
	t.deepEqual(frozen(scene), []);
});

test('an interruption before the guests go over puts everything back; after it all is finished', async t => {
	for (const [moment, kind] of [['cache domfsfreeze', 'rolled-back'], ['web snapshot-create', 'done']] as const) {
		const scene = groupScene();
		const interrupt = new AbortController();
		scene.onRun = line => {
			if (line === moment) {
				interrupt.abort('SIGINT');
			}

			return 'succeed';
		};

		const outcomes = await scene.run({interrupt: interrupt.signal});
		t.deepEqual(all.map(name => outcomes[name]!.kind), [kind, kind, kind]);
		t.deepEqual(frozen(scene), []);
		t.deepEqual(snapshots(scene), kind === 'done' ? all : []);
		t.deepEqual(await unfinished(scene), []);
	}
});

for (const moment of ['db domtime', 'db domfsfreeze', 'db snapshot-create', 'db domfsthaw']) {
	for (const way of ['die', 'die-after'] as const) {
		test(`killed ${way === 'die' ? 'before' : 'after'} ${moment}: recovery of each alone thaws its guest`, async t => {
			const scene = groupScene();
			// A program that is dead runs nothing else, also not what was under way beside it.
			let isDead = false;
			scene.onRun = line => {
				const dies = isDead || line === moment;
				const now = isDead ? 'die' : way;
				isDead ||= dies;
				return dies ? now : 'succeed';
			};

			await t.throwsAsync(scene.run(), {instanceOf: Killed});
			scene.onRun = () => 'succeed';
			const left = unwrap(await scene.world.store.readUnfinished());
			t.is(left.length, 3);
			for (const action of left) {
				await recover(scene.world, action, {direction: defaultDirection(action), planAnew: async () => succeed(action.plan), onEvent: () => undefined, interrupt: new AbortController().signal});
			}

			t.deepEqual(frozen(scene), []);
			t.deepEqual(await unfinished(scene), []);
		});
	}
}

test('one that is locked or has changed keeps all from beginning', async t => {
	const locked = groupScene();
	const lock = unwrap(await locked.world.store.lockDomain(locked.guests.get('db')!.plan.action.domain.uuid, 'other'));
	const busy = await locked.run();
	t.like(busy.db, {kind: 'rolled-back', failure: {kind: 'busy'}});
	t.like(busy.web, {failure: {kind: 'other-failed', domain: 'db', hasBegun: false}});
	t.like(busy.cache, {failure: {kind: 'other-failed', domain: 'db', hasBegun: false}});
	t.deepEqual(locked.ran, []);
	await lock.release();
	const changed = groupScene();
	const guest = changed.guests.get('cache')!;
	guest.host.inventory = {...guest.host.inventory, definitionXml: 'other'};
	const outcomes = await changed.run({ifOneFails: 'keep'});
	t.like(outcomes.cache, {failure: {kind: 'host-changed'}});
	t.like(outcomes.web, {failure: {kind: 'other-failed', domain: 'cache', hasBegun: false}});
	t.deepEqual(changed.ran, []);
	t.deepEqual(unwrap(await changed.world.store.readAudit()).entries, []);
});
