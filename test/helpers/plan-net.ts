/**
The net under changes of structure: seeded hosts, every action on each of them, and digests of what the planner makes of it. Commands and texts have digests
of their own, so that better words show as such and no command changes by accident.
*/
import {createHash, type Hash} from 'node:crypto';
import {planAction} from '../../source/actions/plan-action.ts';
import type {Action, EndState, CurrentState} from '../../source/model/plan/request.ts';
import type {DomainState} from '../../source/model/domain/domain.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Command, Plan, Step} from '../../source/model/plan/plan.ts';
import type {Result} from '../../source/model/result.ts';
import {planPrune} from '../../source/planner/folder/prune.ts';
import type {FolderPlan} from '../../source/planner/folder/folder-plan.ts';
import {createAction, type Asked} from './create-scene.ts';
import {headsOf, inventoryOf} from './estate-model.ts';
import {
	backupsOf, keeps, movedImage, withBackups, withCheckpoints, type NetScene,
} from './net-scenes.ts';
import {randomJourney, type Journey} from './random-estate.ts';
import {randomFrom} from './random.ts';

/** Each is the host of one column: the versions between which rules change, and a QEMU without libvirt. */
const hosts = {
	'libvirt-8.0': {libvirtVersion: 8_000_000, hypervisorVersion: 6_002_000},
	'libvirt-9.0': {libvirtVersion: 9_000_000, hypervisorVersion: 7_002_000},
	'libvirt-11.3': {libvirtVersion: 11_003_000, hypervisorVersion: 10_000_000},
	'libvirt-12.8': {libvirtVersion: 12_008_000, hypervisorVersion: 11_001_000},
	qemu: {libvirtVersion: 0, hypervisorVersion: 7_002_000},
} as const;

type HostName = keyof typeof hosts;

const states: DomainState[] = ['shutoff', 'running', 'paused'];
const given = {id: 'plan-1', now: new Date('2026-11-21T10:00:00Z'), workPath: '/w'};

/** The estate as this host would show it. The nodes of a standalone QEMU are named after their images. */
function inventoryOn(journey: Journey, host: HostName, state: DomainState): Inventory {
	const world = inventoryOf(journey.estate, journey.own);
	const isOff = state === 'shutoff';
	const {details} = world;
	return {
		...world,
		host: {...world.host, ...hosts[host], hypervisor: host === 'qemu' ? 'qemu' : 'libvirt'},
		liveXml: isOff ? undefined : world.definitionXml,
		details: {...details, domain: {...details.domain, state, liveDefinition: isOff ? undefined : details.domain.definition}},
		...(host === 'qemu' && {
			bare: {
				socketPath: '/run/q.sock',
				metadataPath: '/m/web',
				argv: ['qemu-system-x86_64'],
				isRecorded: true,
				nodes: new Map([...headsOf(journey.own)].map(([target, path]) => [target, {nodeName: `n-${path}`, isNamedByPerson: false, device: target, bitmaps: []}])),
				commands: new Set(['snapshot-save', 'snapshot-delete', 'transaction', 'block-commit', 'block-stream']),
				imageNodes: new Map([...journey.estate.images.files.keys()].map(path => [path, {nodeName: `n-${path}`, bitmaps: [], closing: []}])),
				startImages: [...headsOf(journey.own).values()],
			},
		}),
	};
}

const creations: Asked[] = [
	{},
	{isDiskOnly: true},
	{isDiskOnly: true, isQuiesced: true},
	{isDiskOnly: true, isHalted: true, description: 'before the audit'},
	{isDiskOnly: true, hasNoMetadata: true},
	{isDiskOnly: true, disks: [{target: 'vda', mode: 'no'}]},
	{disks: [{target: 'vda', mode: 'external', path: '/d/elsewhere.qcow2'}]},
	{memory: {mode: 'external', path: '/d/new.mem'}},
	{memory: {mode: 'external'}, isLive: true},
	{memory: {mode: 'internal'}},
	{memory: {mode: 'no'}, disks: [{target: 'vda', mode: 'internal'}]},
];

/** Every action on every snapshot; of reverts each way to leave the current state, and each end in turn. */
function actionsOn(journey: Journey): Action[] {
	const domain = {uuid: journey.own.uuid, name: journey.own.name};
	const names = [...journey.own.records.keys()];
	const currentStates: CurrentState[] = [{kind: 'discard'}, {kind: 'keep', name: 'kept'}];
	const ends: Array<EndState | undefined> = [undefined, 'running', 'paused', 'shutoff'];
	return [
		...creations.map(asked => createAction({...asked, snapshot: 'new'})).map(action => ({...action, domain})),
		...names.flatMap((snapshot, index): Action[] => [
			...currentStates.flatMap((currentState, which): Action[] => [
				{kind: 'revert', domain, snapshot, currentState, endState: ends[(index + which) % ends.length]},
				{kind: 'branch', domain, snapshot, name: 'side', currentState},
			]),
			{kind: 'merge', domain, snapshot},
			...(['one', 'with-children', 'children-only'] as const).map((scope): Action => ({kind: 'delete', domain, snapshot, scope, isMetadataOnly: false})),
			{kind: 'delete', domain, snapshot, scope: 'one', isMetadataOnly: true},
		]),
		{kind: 'repair-records', domain},
		{kind: 'repair-records', domain, adopts: 'layers'},
		{kind: 'repair-records', domain, adopts: 'tags'},
		{kind: 'fold', domain},
		{kind: 'remove-orphans', domain, paths: [...journey.estate.images.files.keys()].slice(0, 2)},
	];
}

/** Each kind of action that needs more than snapshots, on the same host. */
function scenesOn(journey: Journey, world: Inventory): NetScene[] {
	const domain = {uuid: journey.own.uuid, name: journey.own.name};
	const renames = [...journey.own.records.keys()].map((snapshot): Action => ({kind: 'rename', domain, snapshot, name: 'renamed'}));
	const checkpoints = withCheckpoints(world, domain);
	return [
		{world, actions: renames},
		...movedImage(world, domain),
		{...checkpoints, actions: [...checkpoints.actions, ...renames]},
		withBackups(world, domain),
		withBackups(checkpoints.world, domain),
	];
}

/** A Map or a Set as JSON has none of them. */
const plain = (_key: string, value: unknown): unknown => value instanceof Map || value instanceof Set ? [...value] : value;
const wordsOf = new Set(['title', 'text', 'remedy', 'reason', 'skippedNote', 'whenStopped']);

/** What a command does to the host; its preview for people is left out. */
function commandOf(command: Command): unknown {
	const {qmpPreview: _preview, ...rest} = command as Command & {qmpPreview?: unknown};
	return rest;
}

/** Without the names of members, so that a better name shows as no change. */
function workOf(plan: Plan): unknown {
	return plan.steps.map(({phase, command, undo, doneWhen, guard, cancel}: Step) => [
		phase, commandOf(command), undo?.map(each => commandOf(each)) ?? null, doneWhen, guard, cancel?.map(each => commandOf(each)),
	]);
}

/** Every text for people that the value holds, in an order that comes neither from the names of members nor from how an object was put together. */
function textsIn(value: unknown): string[] {
	if (Array.isArray(value)) {
		return value.flatMap(item => textsIn(item));
	}

	const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
	return [
		...members.flatMap(([key, item]) => wordsOf.has(key) && typeof item === 'string' ? [item] : []).sort(),
		...members.filter(([, item]) => typeof item === 'object').flatMap(([, item]) => textsIn(item)),
	];
}

/** What one row gathers: the digests of one kind of action under one version, over the hosts of one block of seeds. */
export type NetRow = {name: string; commands: string; texts: string};

/** Hosts per block. */
const blockSize = 10;

/** What the planners make of every host. `block`: 0 holds the seeds 1 to 10, and so on. */
async function * netHosts(block: number): AsyncGenerator<{host: HostName; journey: Journey; world: Inventory}> {
	for (let seed = block * blockSize + 1; seed <= (block + 1) * blockSize; seed++) {
		const journey = await randomJourney(randomFrom(seed * 7919), {folder: '/d', snapshots: 5});
		for (const host of Object.keys(hosts) as HostName[]) {
			yield {host, journey, world: inventoryOn(journey, host, states[seed % states.length]!)};
		}
	}
}

/** The plans of every action. */
export async function * netPlans(block: number): AsyncGenerator<{name: string; planned: Result<Plan>}> {
	for await (const {host, journey, world: own} of netHosts(block)) {
		for (const {world, actions} of [{world: own, actions: actionsOn(journey)}, ...scenesOn(journey, own)]) {
			for (const action of actions) {
				yield {name: `${block} ${host} ${action.kind}`, planned: planAction(action, world, given)};
			}
		}
	}
}

/** Those of a removal of old points, which is about a folder and no domain. */
async function * prunePlans(block: number): AsyncGenerator<{name: string; planned: Result<FolderPlan>}> {
	for await (const {host, world} of netHosts(block)) {
		for (const keep of host === 'libvirt-9.0' ? keeps : []) {
			yield {name: `${block} prune`, planned: planPrune({backups: backupsOf(world), allocated: new Map(), keep, uri: world.host.uri, ...given})};
		}
	}
}

export async function netRows(block: number): Promise<NetRow[]> {
	const digests = new Map<string, {commands: Hash; texts: Hash}>();
	const add = (name: string, {commands, texts}: {commands: unknown; texts: unknown}) => {
		const row = digests.get(name) ?? {commands: createHash('sha256'), texts: createHash('sha256')};
		digests.set(name, row);
		row.commands.update(JSON.stringify(commands, plain));
		row.texts.update(JSON.stringify(texts));
	};

	for await (const {name, planned} of netPlans(block)) {
		add(name, partsOf(planned, plan => ({
			commands: workOf(plan), texts: textsIn([plan.steps.map(({command: _command, undo: _undo, ...rest}) => rest), plan.consequences]),
		})));
	}

	for await (const {name, planned} of prunePlans(block)) {
		add(name, partsOf(planned, ({steps, title, notes, done}) => ({commands: steps.map(({command, undo}) => [command, undo]), texts: [title, notes, done, steps.map(step => step.title)]})));
	}

	return [...digests].map(([name, {commands, texts}]) => ({name, commands: commands.digest('hex').slice(0, 16), texts: texts.digest('hex').slice(0, 16)}));
}

function partsOf<T>(planned: Result<T>, read: (plan: T) => {commands: unknown; texts: unknown}): {commands: unknown; texts: unknown} {
	if (!planned.ok) {
		const {failure} = planned;
		return {commands: failure.kind === 'refused' ? failure.blockers.map(({kind}) => kind) : failure.kind, texts: textsIn(failure)};
	}

	return read(planned.value);
}
