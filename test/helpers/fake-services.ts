/**
A small host for the screen: a web server with a fork, a database with memory and checkpoints, a broken chain, a hostile name, and many more. Answers at
once, or when a test says so; nothing on the machine is touched.
*/
import type {BackedUpTo} from '../../source/actions/spec.ts';
import type {AppServices, LeftAction, LoggedAction, Settings, Undoable} from '../../source/app/services.ts';
import type {Outcome, RunEvent} from '../../source/engine/ports.ts';
import type {Disk, Domain, DomainDefinition, DomainState, DomainSummary} from '../../source/model/domain/domain.ts';
import type {Failure} from '../../source/model/failure.ts';
import type {Image} from '../../source/model/images/image.ts';
import type {DomainDetails, HostFacts} from '../../source/model/domain/inventory.ts';
import type {Finding} from '../../source/model/domain/finding.ts';
import type {JournalTrouble} from '../../source/model/plan/journal-trouble.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import type {Request} from '../../source/model/plan/request.ts';
import {fail, succeed} from '../../source/model/result.ts';
import type {Checkpoint, Snapshot} from '../../source/model/domain/snapshot.ts';
import {readVerbTable} from '../../source/arguments.ts';
import {readScreenCommand} from '../../source/screen-commands.ts';
import {fakePlan} from './fake-plans.ts';

const folder = '/var/lib/libvirt/images';
/** 2026-11-21 02:00 UTC. */
export const nowSeconds = 1_795_226_400;
export const hostileName = '-evil \u001B[31mred\u001B[0m $(touch x)\u202E';

function disk(target: string, sourcePath: string): Disk {
	return {
		target, device: 'disk', sourceType: 'file', sourcePath, format: 'qcow2', readonly: false, shareable: false, snapshotMode: undefined, hasMirror: false, isEncrypted: false, hasSlices: false,
	};
}

function definition(name: string, uuid: string, disks: Disk[]): DomainDefinition {
	return {
		name, uuid, disks, memoryBytes: 2 ** 31, machine: 'pc-q35-7.2', arch: 'x86_64', nvramPath: undefined,
	};
}

function image(name: string, allocatedMiB: number, backing?: string, problems: Image['problems'] = []): Image {
	return {
		path: `${folder}/${name}`,
		format: 'qcow2',
		virtualSizeBytes: 20 * (2 ** 30),
		allocatedBytes: allocatedMiB * (2 ** 20),
		backingPath: backing === undefined ? undefined : `${folder}/${backing}`,
		backingName: backing,
		backingFormat: backing === undefined ? undefined : 'qcow2',
		clusterSizeBytes: 65_536,
		internalSnapshots: [],
		bitmaps: [],
		file: undefined,
		problems,
	};
}

type SnapshotFacts = {parent?: string; ageHours: number; frozen: Record<string, string>; overlays?: Record<string, string>; memory?: string; state?: string; description?: string};

function snapshot(domain: {name: string; uuid: string}, name: string, facts: SnapshotFacts): Snapshot {
	return {
		name,
		description: facts.description,
		state: facts.state ?? (facts.memory === undefined ? 'disk-snapshot' : 'running'),
		parent: facts.parent,
		createdAt: nowSeconds - (facts.ageHours * 3600),
		isCurrent: false,
		memory: facts.memory === undefined ? {mode: 'no'} : {mode: 'external', path: `${folder}/${facts.memory}`},
		disks: Object.keys(facts.frozen).map(target => ({target, mode: 'external', overlayPath: facts.overlays?.[target]})),
		revertDisks: [],
		domain: definition(domain.name, domain.uuid, Object.entries(facts.frozen).map(([target, file]) => disk(target, `${folder}/${file}`))),
		domainXml: '<domain/>',
		inactiveDomainXml: undefined,
		xml: '<domainsnapshot/>',
	};
}

function details(facts: {name: string; uuid: string; state: DomainState; disks: Disk[]; snapshots?: Snapshot[]; current?: string; checkpoints?: Checkpoint[]; images?: Image[]}): DomainDetails {
	const whole = definition(facts.name, facts.uuid, facts.disks);
	const domain: Domain = {
		uuid: facts.uuid, name: facts.name, state: facts.state, isPersistent: true, hasManagedSave: false, definition: whole,
		liveDefinition: facts.state === 'shutoff' ? undefined : whole,
	};
	return {
		domain,
		snapshots: (facts.snapshots ?? []).map(each => ({...each, isCurrent: each.name === facts.current})),
		currentSnapshot: facts.current,
		checkpoints: facts.checkpoints ?? [],
		images: facts.images ?? [],
		foreignPins: [],
		unreadable: [],
		unreadableOthers: [],
	};
}

export function uuidOf(number: number): string {
	return `${String(number).padStart(8, '0')}-1111-4222-8333-444444444444`;
}

function estate(): DomainDetails[] {
	const web = {name: 'web01', uuid: uuidOf(1)};
	const database = {name: 'db01', uuid: uuidOf(2)};
	const checkpoint = (name: string, parent: string | undefined, ageHours: number, sizeBytes?: number): Checkpoint => ({
		name, description: undefined, parent, createdAt: nowSeconds - (ageHours * 3600), disks: [{target: 'vda', bitmap: name, sizeBytes}], isMeasured: true, xml: '',
	});
	return [
		details({
			...web, state: 'running', current: 's3', disks: [disk('vda', `${folder}/web01.s3`)],
			snapshots: [
				snapshot(web, 's1', {ageHours: 72, frozen: {vda: 'web01.qcow2'}, description: 'before the upgrade'}),
				snapshot(web, 's2', {parent: 's1', ageHours: 30, frozen: {vda: 'web01.s1'}}),
				snapshot(web, 's3', {parent: 's2', ageHours: 3, frozen: {vda: 'web01.s2'}}),
				snapshot(web, 'try-php8', {parent: 's1', ageHours: 26, frozen: {vda: 'web01.try'}, state: 'shutoff'}),
			],
			images: [
				image('web01.qcow2', 4300),
				image('web01.s1', 812, 'web01.qcow2'),
				image('web01.s2', 96, 'web01.s1'),
				image('web01.s3', 31, 'web01.s2', [{kind: 'locked', processes: ['qemu-system-x86 (pid 811)']}]),
				image('web01.try', 402, 'web01.qcow2'),
			],
		}),
		details({
			...database, state: 'paused', current: 'nightly', disks: [disk('vda', `${folder}/db01.nightly`), disk('vdb', `${folder}/db01-data.nightly`)],
			snapshots: [
				snapshot(database, 'nightly', {ageHours: 9, frozen: {vda: 'db01.qcow2', vdb: 'db01-data.qcow2'}, memory: 'db01.nightly.mem'}),
			],
			checkpoints: [checkpoint('full', undefined, 48, 3.2 * (2 ** 30)), checkpoint('incremental-1', 'full', 24)],
			images: [
				image('db01.qcow2', 9000), image('db01.nightly', 55, 'db01.qcow2'), image('db01-data.qcow2', 51_200), image('db01-data.nightly', 700, 'db01-data.qcow2'),
			],
		}),
		details({
			name: 'broken', uuid: uuidOf(3), state: 'shutoff', current: 'a', disks: [disk('vda', `${folder}/broken.a`)],
			snapshots: [snapshot({name: 'broken', uuid: uuidOf(3)}, 'a', {ageHours: 1, frozen: {vda: 'gone.qcow2'}})],
			images: [image('broken.a', 3, 'gone.qcow2', [{kind: 'backing-missing', backingPath: `${folder}/gone.qcow2`}])],
		}),
		details({
			name: hostileName, uuid: uuidOf(4), state: 'shutoff', current: 'x\u009By', disks: [disk('vda', `${folder}/evil.x`)],
			snapshots: [snapshot({name: hostileName, uuid: uuidOf(4)}, 'x\u009By', {ageHours: 1, frozen: {vda: 'evil.qcow2'}, description: 'line one\nline two\u001B]0;title\u0007'})],
		}),
		...Array.from({length: 30}, (_, index) => details({name: `node${index + 1}`, uuid: uuidOf(100 + index), state: index % 3 === 0 ? 'shutoff' : 'running', disks: []})),
	];
}

function fakeFindings(): Finding[] {
	return [
		{
			kind: 'orphan', severity: 'warning', domain: {uuid: uuidOf(1), name: 'web01'},
			text: 'web01.old in /var/lib/libvirt/images, 1.2 GiB, is needed by nothing.',
			meaning: 'Neither a domain, nor a snapshot, nor another image stands on it: it only takes room.',
			images: [`${folder}/web01.old`],
			request: {kind: 'remove-orphans', uuid: uuidOf(1), paths: [`${folder}/web01.old`]},
		},
		{
			kind: 'native-delete', severity: 'info', domain: {uuid: uuidOf(1), name: 'web01'},
			text: 'virsh snapshot-delete of s1 would merge into an image that try-php8 needs.',
			meaning: 'After it try-php8 could no longer be reverted to. Deleting it here is safe.',
		},
		{
			kind: 'backing-missing', severity: 'problem', domain: {uuid: uuidOf(3), name: 'broken'},
			text: 'broken.a stands on gone.qcow2, which is missing.',
			meaning: 'The domain cannot be started, and its snapshot cannot be reverted to.',
			remedy: 'Bring /var/lib/libvirt/images/gone.qcow2 back from a backup.',
			images: [`${folder}/broken.a`, `${folder}/gone.qcow2`],
		},
	];
}

export type FakeWorld = {
	allDetails: DomainDetails[];
	/** Set: every question is answered with it. */
	failure: Failure | undefined;
	refusal: Failure | undefined;
	/** Whose plans are refused where there are several. */
	refusedDomains: string[];
	knownHosts: string[];
	unfinished: LeftAction[];
	troubles: JournalTrouble[];
	backedUpTo: BackedUpTo[];
	/** Scripts that were saved, by the path that was asked for. */
	saved: string[];
	/** What the doctor finds. */
	findings: Finding[];
	/** The doctor looks by itself. */
	checks: boolean;
	/** What was done before, and what ran for it. */
	undoables: Undoable[];
	logged: LoggedAction[];
	/** What the terminal is to be told of runs. */
	tells: Pick<Settings, 'bell' | 'title' | 'notify'>;
	/** How a run ends. */
	outcome: Outcome;
	/** Called between the steps of a run; a test can wait there, a person can watch. */
	betweenSteps: () => Promise<void>;
	stir: () => void;
	asked: string[];
};

export function fakeServices(given: {isReadOnly?: boolean; checks?: boolean; now?: () => Date} = {}): {services: AppServices; world: FakeWorld} {
	const listeners = new Set<() => void>();
	const world: FakeWorld = {
		allDetails: estate(),
		failure: undefined,
		refusal: undefined,
		refusedDomains: [],
		knownHosts: [],
		unfinished: [],
		troubles: [],
		backedUpTo: [],
		saved: [],
		findings: fakeFindings(),
		checks: given.checks ?? false,
		undoables: [],
		logged: [],
		tells: {bell: false, title: false, notify: false},
		outcome: {kind: 'done'},
		betweenSteps: async () => undefined,
		stir() {
			for (const listener of listeners) {
				listener();
			}
		},
		asked: [],
	};
	const host: HostFacts = {
		hypervisor: 'libvirt', uri: 'qemu:///system', hostname: 'kvm01', libvirtVersion: 9_000_000, hypervisorVersion: 7_002_000, isReadOnly: given.isReadOnly ?? false,
	};
	const reply = <T>(question: string, value: () => T) => {
		world.asked.push(question);
		return world.failure === undefined ? succeed(value()) : fail(world.failure);
	};

	const walk = async (plan: Plan, onEvent: (event: RunEvent) => void, interrupt?: AbortSignal): Promise<Outcome> => {
		const of = plan.steps.length;
		onEvent({kind: 'started', plan: plan.id, steps: of});
		for (const [index, step] of plan.steps.entries()) {
			onEvent({
				kind: 'step-started', step: step.id, title: step.title, index, of,
			});
			await world.betweenSteps();
			if (interrupt?.aborted) {
				onEvent({kind: 'rolling-back'});
				onEvent({kind: 'step-undone', step: step.id});
				return {kind: 'rolled-back', failure: {kind: 'interrupted', signal: String(interrupt.reason), rolledBack: true}};
			}

			onEvent({
				kind: 'step-done', step: step.id, index, of, durationMs: 5,
			});
		}

		onEvent({kind: 'proving'});
		await world.betweenSteps();
		return world.outcome;
	};

	const services: AppServices = {
		host: {
			readHost: async () => reply('host', () => host),
			readDomains: async () => reply('domains', () => world.allDetails.map(({domain}): DomainSummary => ({uuid: domain.uuid, name: domain.name, state: domain.state}))),
			readSnapshotCounts: async uuids => reply(`counts of ${uuids.length}`, () => new Map(world.allDetails
				.filter(({domain}) => uuids.includes(domain.uuid))
				.map(({domain, snapshots}) => [domain.uuid, snapshots.length]))),
			readDetails: async uuid => reply(`picture of ${uuid}`, () => world.allDetails.find(({domain}) => domain.uuid === uuid)!),
			async readInventory() {
				return fail({kind: 'unreadable', what: 'The inventory', reason: 'the fake host has none'});
			},
			observe: async () => succeed(true),
			readDataSizes: async () => new Map(),
			readSurroundings: async () => succeed({folders: new Map(), others: [], found: new Map(), memoryFiles: new Map()}),
			readImageUsers: async () => succeed([]),
			readBackups: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			examineBackups: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			readFolder: async path => fail({kind: 'unreadable', what: path, reason: 'this host has no backups'}),
			readFileStamps: async () => succeed([]),
			run: async () => succeed({stdout: '', stderr: '', durationMs: 1}),
			readProgress: async () => undefined,
			watch(listener) {
				listeners.add(listener);
				return () => {
					listeners.delete(listener);
				};
			},
			close: async () => undefined,
		},
		async planAction(request) {
			// At most one is at work on a domain.
			return world.refusal === undefined ? reply('plan', () => ({...fakePlan(world.allDetails, request), ...(request.uuid !== uuidOf(1) && {id: `plan-of-${request.uuid}`})})) : fail(world.refusal);
		},
		async planEach(requests, onPlan) {
			for (const [index, request] of requests.entries()) {
				onPlan(index, await services.planAction(request));
			}
		},
		async planGroup(asked) {
			const results = [];
			for (const request of asked) {
				results.push(world.refusedDomains.includes(request.uuid) ? fail({kind: 'refused' as const, blockers: [{kind: 'domain-state' as const, text: 'It is busy.', remedy: 'Wait.'}]}) : await services.planAction(request as Request));
			}

			return results;
		},
		executeGroup: async (plans, {onEvent, interrupt}) => Promise.all(plans.map(async plan => ({plan, outcome: await walk(plan, event => {
			onEvent(event, plan);
		}, interrupt)}))),
		saveScript: async (_plans, path) => world.saved.includes(path) ? fail({kind: 'usage', message: `${path} is there already, and stays as it is.`}) : succeed(`/home/me/${world.saved[world.saved.push(path) - 1]!}`),
		executePlan: walk,
		readUnfinished: async () => succeed({actions: world.unfinished, troubles: world.troubles}),
		readBackedUpTo: async () => world.backedUpTo,
		recover: async (_, __, onEvent) => walk(world.unfinished.shift()!.plan, onEvent),
		async diagnose(uuid, onProgress) {
			onProgress({done: 1, total: 2, domain: 'web01'});
			return reply(`diagnosis of ${uuid ?? 'all'}`, () => world.findings.filter(({domain}) => uuid === undefined || domain?.uuid === uuid));
		},
		look: async uuid => reply(`look at ${uuid ?? 'all'}`, () => world.findings.filter(({domain}) => uuid === undefined || domain?.uuid === uuid)),
		readVerbs: () => readVerbTable('0.0.0').verbs,
		readCommand: words => readScreenCommand(words, '0.0.0'),
		readSettings: async () => succeed({checks: world.checks, theme: 'auto', sort: 'name', mouse: false, ...world.tells}),
		program: 'vsnap-tui',
		readKnownHosts: async () => world.knownHosts,
		readUndo: async () => reply('undo', () => world.undoables),
		readLastCommands: async () => reply('log', () => world.logged),
		isReadOnly: given.isReadOnly ?? false,
		clock: {now: given.now ?? (() => new Date(nowSeconds * 1000))},
	};
	return {services, world};
}
