/** A snapshot of three running domains with a guest agent, on a host of ours that routes by UUID and answers as libvirt would. */
import type {World} from '../../source/engine/world.ts';
import {executeGroup, type GroupEnd, type GroupOptions} from '../../source/engine/group/execute-group.ts';
import type {Host, RunEvent, StateStore} from '../../source/engine/ports.ts';
import {planCreate} from '../../source/actions/create/plan.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Plan, Probe} from '../../source/model/plan/plan.ts';
import {succeed} from '../../source/model/result.ts';
import {createMemoryStore} from '../../source/tools/state/memory-store.ts';
import {unwrap} from './unwrap.ts';
import {twoDisks} from './create-scene.ts';
import {fakeHost, lineOf, pretendDone, type FakeHost} from './fake-host.ts';
import {now, uuid} from './inventory.ts';

const names = ['web', 'db', 'cache'] as const;
export type Name = typeof names[number];

type Guest = {name: Name; plan: Plan; host: FakeHost; before: Inventory; isFrozen: boolean};

/** `ran`: "db domfsfreeze". `onRun`: gives what a command does, by that. */
export type GroupScene = {
	guests: Map<Name, Guest>;
	world: World;
	ran: string[];
	events: RunEvent[];
	onRun: (line: string) => 'succeed' | 'fail' | 'die' | 'die-after' | Promise<'succeed'>;
	run(options?: Partial<GroupOptions>): Promise<Record<string, GroupEnd[number]['outcome']>>;
};

/** Every text in it, changed. */
function withTexts<T>(value: T, change: (text: string) => string): T {
	const of = (part: unknown): unknown => {
		if (typeof part === 'string') {
			return change(part);
		}

		if (part instanceof Map) {
			return new Map([...part].map(([key, item]) => [of(key), of(item)]));
		}

		if (part instanceof Set) {
			return new Set([...part].map(item => of(item)));
		}

		if (Array.isArray(part)) {
			return part.map(item => of(item));
		}

		return typeof part === 'object' && part !== null ? Object.fromEntries(Object.entries(part).map(([key, item]) => [key, of(item)])) : part;
	};

	return of(value) as T;
}

const uuidOf = (index: number) => `${uuid.slice(0, -1)}${index + 1}`;

function inventoryOf(name: Name, index: number): Inventory {
	const world = twoDisks({state: 'running'});
	const channel = '<channel type=\'unix\'><target type=\'virtio\' name=\'org.qemu.guest_agent.0\' state=\'connected\'/></channel>';
	const withAgent = {...world, liveXml: world.definitionXml.replace('</devices>', `${channel}</devices>`)};
	const renamed = withTexts(withAgent, text => text.replaceAll(uuid, uuidOf(index)).replaceAll('/d/', `/${name}/`).replaceAll(/^\/d$/g, `/${name}`));
	return {...renamed, details: {...renamed.details, domain: {...renamed.details.domain, name}}};
}

function planOf(name: Name, index: number, before: Inventory): Plan {
	return unwrap(planCreate({
		kind: 'create', domain: {uuid: uuidOf(index), name}, snapshot: 's1', description: undefined, memory: undefined, disks: [], isDiskOnly: true, isQuiesced: true, isFrozenApart: true, isLive: false, isHalted: false, hasNoMetadata: false,
	}, before, {id: `plan-${name}`, now, workPath: `/w/${name}`, generationId: uuid}));
}

export function groupScene(store: StateStore = createMemoryStore()): GroupScene {
	const guests = new Map(names.map((name, index) => {
		const before = inventoryOf(name, index);
		const guest: Guest = {name, before, plan: planOf(name, index, before), host: fakeHost(before), isFrozen: false};
		return [name, guest];
	}));
	const guestIn = (text: string) => [...guests.values()].find(({plan}) => text.includes(plan.action.domain.uuid) || text.includes(`/${plan.action.domain.name}/`));
	const holds = (probe: Probe): boolean => {
		const isDone = guestIn(JSON.stringify(probe))?.host.inventory.details.snapshots.some(({name}) => name === 's1') ?? false;
		return probe.kind === 'domain-active' || (['snapshot-exists', 'head-is', 'runs-on'].includes(probe.kind) && isDone);
	};

	const {host: base} = guests.get('web')!.host;
	const host: Host = {
		...base,
		readDetails: async id => guestIn(id)!.host.host.readDetails(id, {withForeignPins: false}),
		readInventory: async id => guestIn(id)!.host.host.readInventory(id),
		observe: async probe => succeed(holds(probe)),
		async run(command, options) {
			const line = lineOf(command);
			const guest = guestIn(line)!;
			const [verb = line.split(' ')[0]!] = /(?:dom|snapshot-|block)[a-z]+|metadata/.exec(line) ?? [];
			const told = `${guest.name} ${verb}`;
			scene.ran.push(told);
			const way = await scene.onRun(told);
			guest.host.onRun = () => way;
			const result = await guest.host.host.run(command, options);
			if (result.ok && verb.startsWith('domfs')) {
				guest.isFrozen = verb === 'domfsfreeze';
			} else if (result.ok && verb === 'snapshot-create') {
				pretendDone(guest.host, guest.plan);
			} else if (result.ok && verb === 'snapshot-delete') {
				guest.host.inventory = guest.before;
			}

			return result;
		},
	};
	const scene: GroupScene = {
		guests,
		world: {host, store, clock: {now: () => now}, person: {user: 'root', from: undefined}},
		ran: [],
		events: [],
		onRun: () => 'succeed',
		async run(options = {}) {
			const ends = await executeGroup(scene.world, [...guests.values()].map(({plan}) => plan), {
				ifOneFails: 'roll-back', interrupt: new AbortController().signal, onEvent: event => scene.events.push(event), ...options,
			});
			return Object.fromEntries(ends.map(({plan, outcome}) => [plan.action.domain.name, outcome]));
		},
	};
	return scene;
}
