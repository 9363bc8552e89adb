/**
An owner for tests of the engine: it knows one inventory, writes down every command, and fails, dies or calls back where it is told to.
*/
import type {ImageUser} from '../../source/model/images/image-users.ts';
import {createdPaths, type Command, type Plan, type Probe} from '../../source/model/plan/plan.ts';
import type {FileStamp, Host} from '../../source/engine/ports.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import {fail, succeed} from '../../source/model/result.ts';
import {argvOf} from './argv-of.ts';

/** What a kill looks like from inside: nothing after it runs. */
export class Killed extends Error {
	override name = 'Killed';
}

export type FakeHost = {
	host: Host;
	/** Command lines in the order in which they ran. */
	ran: string[];
	/** Gives what a command does instead of succeeding. */
	onRun: (line: string, count: number) => 'succeed' | 'fail' | 'die' | 'die-after';
	answers: Map<string, boolean>;
	users: Map<string, ImageUser[]>;
	/** By path; a file that is not among them is taken for one that nobody has written to. */
	stamps: Map<string, FileStamp>;
	inventory: Inventory;
};

/** What a command says to a program, or to a monitor. */
export const lineOf = (command: Command) => command.tool === 'qmp' ? `${command.execute} ${JSON.stringify(command.arguments)}` : argvOf(command).join(' ');

export function fakeHost(inventory: Inventory): FakeHost {
	const never = async () => {
		throw new Error('not asked for in these tests');
	};

	const holds = (probe: Probe): boolean => {
		if (probe.kind === 'not') {
			return !holds(probe.of);
		}

		return probe.kind === 'all' ? probe.of.every(part => holds(part)) : host.answers.get(probe.kind) ?? false;
	};

	const host: FakeHost = {
		ran: [],
		onRun: () => 'succeed',
		answers: new Map([['not-owned-by-root', true]]),
		users: new Map(),
		stamps: new Map(),
		inventory,
		host: {
			readHost: async () => succeed(host.inventory.host),
			readDomains: never,
			readSnapshotCounts: never,
			readDetails: async () => succeed(host.inventory.details),
			readDataSizes: async () => new Map(),
			readSurroundings: never,
			readInventory: async () => succeed(host.inventory),
			observe: async (probe: Probe) => succeed(holds(probe)),
			readImageUsers: async path => succeed(host.users.get(path) ?? []),
			readBackups: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			examineBackups: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			readFolder: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			readFileStamps: async paths => succeed(paths.map(path => host.stamps.get(path) ?? {path, inode: '1:1', sizeBytes: 0, modifiedAt: '0', allocatedBytes: 0})),
			async run(command, options) {
				const line = lineOf(command);
				const way = host.onRun(line, host.ran.length);
				if (way === 'die') {
					throw new Killed(line);
				}

				if (command.tool === 'qmp' && command.until?.kind === 'job-pivot') {
					await options?.onPivot?.();
				}

				host.ran.push(line);
				if (way === 'die-after') {
					throw new Killed(line);
				}

				return way === 'fail'
					? fail({kind: 'tool-failed', cause: {argv: argvOf(command), exitCode: 1, timedOut: false, stderr: 'it was told to fail', durationMs: 0}})
					: succeed({stdout: '', stderr: '', durationMs: 0});
			},
			readProgress: async () => undefined,
			watch: () => () => undefined,
			close: async () => undefined,
		},
	};
	return host;
}

/** Lets the domain be defined on the disks of the plan. */
export function pretendSwitched(host: FakeHost, plan: Plan): void {
	const {details} = host.inventory;
	const {definition} = details.domain;
	const disks = definition.disks.map(disk => ({...disk, sourcePath: plan.targets[0].expected.heads.find(head => head.target === disk.target)?.path ?? disk.sourcePath}));
	host.inventory = {...host.inventory, details: {...details, domain: {...details.domain, definition: {...definition, disks}}}};
}

/** Lets the host look as the plan wants it, for the proof. */
export function pretendDone(host: FakeHost, plan: Plan): void {
	const {details} = host.inventory;
	const definition = {
		...details.domain.definition,
		disks: details.domain.definition.disks.map(disk => ({...disk, sourcePath: plan.targets[0].expected.heads.find(head => head.target === disk.target)?.path ?? disk.sourcePath})),
	};
	host.inventory = {
		...host.inventory,
		details: {
			...details,
			domain: {...details.domain, state: plan.targets[0].expected.endState ?? details.domain.state, definition, liveDefinition: plan.targets[0].expected.endState === 'shutoff' ? undefined : definition},
			currentSnapshot: plan.targets[0].expected.currentSnapshot,
			images: [...details.images, ...createdPaths(plan).map(path => ({...details.images[0]!, path, problems: [], backingPath: plan.targets[0].expected.links?.find(link => link.path === path)?.backing.path}))],
			snapshots: plan.targets[0].expected.snapshots.map(({name, parent}) => ({...details.snapshots[0]!, name, parent})),
		},
	};
}

/** Somebody takes a snapshot of what the plan has come to: all disks go on in new overlays. `parent`: where it is put instead. */
export function pretendNext(host: FakeHost, name: string, parent = host.inventory.details.currentSnapshot): void {
	const {details} = host.inventory;
	const next = (path: string | undefined) => `${path ?? ''}.${name}`;
	const definition = {...details.domain.definition, disks: details.domain.definition.disks.map(disk => ({...disk, sourcePath: next(disk.sourcePath)}))};
	host.inventory = {
		...host.inventory,
		details: {
			...details,
			domain: {...details.domain, definition, liveDefinition: details.domain.liveDefinition && definition},
			currentSnapshot: name,
			images: [...details.images, ...details.domain.definition.disks.map(({sourcePath}) => ({...details.images[0]!, path: next(sourcePath), problems: [], backingPath: sourcePath}))],
			snapshots: [...details.snapshots, {...details.snapshots[0]!, name, parent}],
		},
	};
}
