/** A revert of a running domain with two disks to the first of its three snapshots, on a host of ours. */
import {planRevert} from '../../source/actions/revert/plan.ts';
import type {World} from '../../source/engine/world.ts';
import type {RunEvent} from '../../source/engine/ports.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import {succeed} from '../../source/model/result.ts';
import {createMemoryStore} from '../../source/tools/state/memory-store.ts';
import {unwrap} from './unwrap.ts';
import {fakeHost, lineOf, type FakeHost} from './fake-host.ts';
import {now, threeSnapshots, uuid} from './inventory.ts';

/** `lines`: the command line of each step. */
export type RevertScene = {host: FakeHost; plan: Plan; world: World; events: RunEvent[]; lines: string[]};

export function revertScene(): RevertScene {
	const inventory = threeSnapshots({state: 'running'});
	const plan = unwrap(planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined}, inventory, {id: 'p1', now, workPath: '/w'}));
	const host = fakeHost(inventory);
	const world = {host: host.host, store: createMemoryStore(), clock: {now: () => now}, person: {user: 'root', from: '192.0.2.7'}};
	return {host, plan, world, events: [], lines: plan.steps.map(step => lineOf(step.command))};
}

export const optionsOf = ({events, plan}: RevertScene, interrupt = new AbortController().signal) => ({
	interrupt,
	planAnew: async () => succeed(plan),
	onEvent: (event: RunEvent) => events.push(event),
});
