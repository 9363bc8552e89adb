import test from 'ava';
import {prepareEach} from '../../../source/engine/prepare.ts';
import {openEngine} from './engine.ts';

async function planScopes(stopAfter = Number.POSITIVE_INFINITY): Promise<{readings: number; planned: Array<[number, boolean]>}> {
	const {world, host, named} = openEngine();
	const {uuid} = named('web');
	let readings = 0;
	const counting = {...host, async readInventory(...given: Parameters<typeof host.readInventory>) {
		readings++;
		return host.readInventory(...given);
	}};
	const stop = new AbortController();
	const planned: Array<[number, boolean]> = [];
	let ids = 0;
	await prepareEach({host: counting, store: world.store, clock: world.clock, nextId: () => `plan-${++ids}`}, (['one', 'children-only', 'with-children'] as const).map(scope =>
		({kind: 'delete', uuid, snapshot: 's2', scope, isMetadataOnly: false})), {
		onPlan(index, plan) {
			planned.push([index, plan.ok]);
			if (planned.length === stopAfter) {
				stop.abort();
			}
		},
		signal: stop.signal,
	});
	return {readings, planned};
}

test('several requests are planned from one reading of the host, each told as soon as it is', async t => {
	t.deepEqual(await planScopes(), {readings: 1, planned: [[0, true], [1, true], [2, true]]});
});

test('whoever needs no more of them gets no more', async t => {
	t.deepEqual(await planScopes(1), {readings: 1, planned: [[0, true]]});
});
