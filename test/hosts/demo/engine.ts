/**
The real host of libvirt, planner, executor and doctor on the demo host, as --demo puts them together.
*/
import {unwrap} from '../../helpers/unwrap.ts';
import {diagnose} from '../../../source/engine/doctor/diagnose.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import type {World} from '../../../source/engine/world.ts';
import type {Outcome, RunEvent} from '../../../source/engine/ports.ts';
import {prepareAction} from '../../../source/engine/prepare.ts';
import type {Direction} from '../../../source/engine/run/progress.ts';
import {recover} from '../../../source/engine/recover/recover.ts';
import {requestOf, type Request} from '../../../source/model/plan/request.ts';
import {readDisks} from '../../../source/hosts/demo/simulator/domain-xml.ts';
import {writesOf} from '../../../source/hosts/demo/simulator/images.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {readChain, type DemoDomain, type DemoWorld} from '../../../source/hosts/demo/simulator/world.ts';
import {child, children} from '../../../source/hosts/demo/simulator/xml-node.ts';
import type {Finding} from '../../../source/model/domain/finding.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import type {Result} from '../../../source/model/result.ts';
import {demoNow, openDemo} from '../../helpers/demo.ts';

/** A wish for a domain that is told by its name. */
export type NamedRequest = Request extends infer W ? W extends Request ? Omit<W, 'uuid'> : never : never;

/** `changeMs`: how long changes take, for tests that watch them. */
export function openEngine(options: {changeMs?: number} = {}) {
	const demo = openDemo(options);
	const {host, named} = demo;
	const clock = {now: () => demoNow};
	const world: World = {host, store: createMemoryStore(), clock, person: {user: 'root', from: undefined}};
	let plans = 0;
	const planning = {host, store: world.store, clock, nextId: () => `plan-${++plans}`};
	return {
		demo,
		world,
		host,
		named,
		plan: async (name: string, request: NamedRequest) => prepareAction(planning, {...request, uuid: named(name).uuid}),
		/** `interruptAt`: the event at which the person presses Ctrl-C. */
		async execute(plan: Plan, interruptAt?: RunEvent['kind']): Promise<{outcome: Outcome; events: RunEvent[]}> {
			const events: RunEvent[] = [];
			const interrupt = new AbortController();
			const outcome = await executePlan(world, plan, {
				onEvent(event) {
					events.push(event);
					if (event.kind === interruptAt) {
						interrupt.abort('SIGINT');
					}
				},
				interrupt: interrupt.signal,
			});
			return {outcome, events};
		},
		/** Finishes or puts back the one action that was left half-way. */
		async recover(direction: Direction): Promise<Outcome> {
			const [unfinished] = unwrap(await world.store.readUnfinished());
			return recover(world, unfinished!, {
				direction,
				planAnew: async (action, replaces) => prepareAction(planning, requestOf(action), {replaces}),
				onEvent: () => undefined,
				interrupt: new AbortController().signal,
			});
		},
		async findings(name: string): Promise<Finding[]> {
			return unwrap(await diagnose(world, {uuid: named(name).uuid, interrupt: new AbortController().signal}));
		},
	};
}

export type Engine = ReturnType<typeof openEngine>;

export function blockersOf(result: Result<Plan>): string[] {
	return !result.ok && result.failure.kind === 'refused' ? result.failure.blockers.map(({kind}) => kind) : [];
}

/** What a guest would read from the image, as numbers of writes: below first. A write that stands in more than one layer counts where it is uppermost. */
function readContent(world: DemoWorld, place: string): number[] {
	const all = writesOf(readChain(world, place).files);
	return all.filter((write, index) => all.lastIndexOf(write) === index);
}

/** What a guest would read: by snapshot and disk, and for the current state (under ''). Missing files read as undefined. */
export function readStates(world: DemoWorld, domain: DemoDomain): Map<string, number[] | undefined> {
	const states = new Map<string, number[] | undefined>();
	const read = (place: string) => world.files.has(place) ? readContent(world, place) : undefined;
	for (const disk of readDisks(domain.definition)) {
		if (disk.isWritable && disk.path !== undefined) {
			states.set(`/${disk.target}`, read(disk.path));
		}
	}

	for (const [name, record] of domain.snapshots) {
		const modes = new Map(children(child(record, 'disks'), 'disk').map(({attributes}) => [attributes.name, attributes.snapshot]));
		for (const {target, path = ''} of readDisks(child(record, 'domain'))) {
			const file = world.files.get(path);
			if (modes.get(target) === 'external') {
				states.set(`${name}/${target}`, read(path));
			} else if (modes.get(target) === 'internal') {
				states.set(`${name}/${target}`, file?.tags.find(({tag}) => tag === name)?.writes);
			}
		}
	}

	return states;
}

/** "parent→name" of each snapshot, in the order of their making. */
export function readTree(domain: DemoDomain): string[] {
	return [...domain.snapshots].map(([name, record]) => `${child(record, 'parent')?.children[0]?.text ?? ''}→${name}`);
}

export function headsOf(domain: DemoDomain): string[] {
	return readDisks(domain.live ?? domain.definition).flatMap(({isWritable, path}) => isWritable && path !== undefined ? [path] : []);
}
