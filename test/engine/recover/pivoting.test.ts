/** The head of a bare QEMU that runs is committed: just before the guest is told to go over that is noted, because afterwards nobody could tell on which image it was last. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import type {World} from '../../../source/engine/world.ts';
import type {UnfinishedAction} from '../../../source/engine/ports.ts';
import {recover} from '../../../source/engine/recover/recover.ts';
import {readWays} from '../../../source/engine/recover/ways.ts';
import {succeed} from '../../../source/model/result.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {bareQemu} from '../../helpers/bare-inventory.ts';
import {
	fakeHost, Killed, lineOf, type FakeHost,
} from '../../helpers/fake-host.ts';
import {now, uuid} from '../../helpers/inventory.ts';

type Scene = {host: FakeHost; world: World; unfinished: UnfinishedAction; goForward: () => ReturnType<typeof recover>};

/** Killed at the commit of the first disk: as soon as the guest was told to go over, or before. Then QEMU ends, or goes on. */
async function killed(moment: 'die' | 'die-after', {hasEnded}: {hasEnded: boolean}): Promise<Scene> {
	const inventory = bareQemu({fat: 's2'});
	const planned = unwrap(planAction({kind: 'merge', domain: {uuid, name: 'web'}, snapshot: 's3'}, inventory, {id: 'p1', now, workPath: '/w'}));
	// Nobody is there any more to end the questions for it.
	const plan = {...planned, steps: planned.steps.map(({progress, ...step}) => step)};
	const commit = lineOf(plan.steps.find(({id}) => id === 'commit-1')!.command);
	const host = fakeHost(inventory);
	const world = {host: host.host, store: createMemoryStore(), clock: {now: () => now}, person: {user: 'root', from: undefined}};
	const options = {onEvent: () => undefined, interrupt: new AbortController().signal};
	host.onRun = line => line === commit ? moment : 'succeed';
	await executePlan(world, plan, options).catch((error: unknown) => {
		if (!(error instanceof Killed)) {
			throw error;
		}
	});
	host.onRun = () => 'succeed';
	host.ran.length = 0;
	if (hasEnded) {
		const {details} = host.inventory;
		host.inventory = {...host.inventory, details: {...details, domain: {...details.domain, state: 'shutoff', liveDefinition: undefined}}};
	}

	const unfinished = unwrap(await world.store.readUnfinished())[0]!;
	return {host, world, unfinished, goForward: async () => recover(world, unfinished, {...options, direction: 'forward', planAnew: async () => succeed(plan)})};
}

const notes = ({unfinished}: Scene) => unfinished.records.flatMap(record => 'step' in record && record.step === 'commit-1' ? [record.kind] : []);

test('it is in the journal before the command ends, and only where the guest was told', async t => {
	t.deepEqual(notes(await killed('die-after', {hasEnded: false})), ['begin', 'pivoting']);
	t.deepEqual(notes(await killed('die', {hasEnded: false})), ['begin']);
});

test('where the guest has ended since and the two images differ, finishing is closed, and both are named', async t => {
	const scene = await killed('die-after', {hasEnded: true});
	scene.host.answers.set('reads-same', false);
	const {forward} = unwrap(await readWays(scene.host.host, scene.unfinished));
	t.regex(forward?.reason ?? '', /from \/d\/vda\.s3 to \/d\/vda\.s2 .*it is not known which one it used last/);
	t.regex(forward?.remedy ?? '', /Keep copies of both\..*qemu-img commit -d -b \/d\/vda\.s2 \/d\/vda\.s3.*--give-up/s);
	t.like(await scene.goForward(), {kind: 'half-way', failure: {kind: 'recovery-refused'}});
	t.deepEqual(scene.host.ran, []);
});

test('it is open where the two read the same, where the guest was not told yet, where it still runs, and where the commit is known to have ended', async t => {
	const same = await killed('die-after', {hasEnded: true});
	same.host.answers.set('reads-same', true);
	t.is(unwrap(await readWays(same.host.host, same.unfinished)).forward, undefined);
	for (const scene of [await killed('die', {hasEnded: true}), await killed('die-after', {hasEnded: false})]) {
		scene.host.answers.set('reads-same', false);
		t.is(unwrap(await readWays(scene.host.host, scene.unfinished)).forward, undefined, notes(scene).join(' '));
	}

	const {host, unfinished} = await killed('die-after', {hasEnded: true});
	host.answers.set('reads-same', false);
	const done = {...unfinished, records: [...unfinished.records, {at: '', kind: 'done', step: 'commit-1'} as const]};
	t.is(unwrap(await readWays(host.host, done)).forward, undefined);
});
