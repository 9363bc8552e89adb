/**
Random hosts and random sequences of actions on them, with what must hold after each: every snapshot that remains holds what it held, nothing of another
domain is touched, and nothing is left that could go.
*/
import {capabilitiesOf} from '../../source/planner/hypervisor/capabilities.ts';
import {planAction} from '../../source/actions/plan-action.ts';
import type {Action, CurrentState} from '../../source/model/plan/request.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import {isExternal} from '../../source/model/domain/snapshot.ts';
import {withDescendants} from '../../source/model/domain/tree.ts';
import {
	addDomain, contentsOf, emptyEstate, headsOf, inventoryOf, pinsOf, runCommand, snapshotsOf, takeSnapshot, type Estate, type ModelDomain,
} from './estate-model.ts';
import {
	addImage, blockCount, bytesOf, contentOf, runOnImages, writeBlock,
} from './model-images.ts';
import type {Random} from './random.ts';

export type EstateOptions = {
	folder: string;
	snapshots: number;
	/** Whether what is left is somebody else's question. */
	mayLeave?: true;
	/** The same on real images. */
	mirror?: {run(argv: string[]): Promise<void> | void; writeBlock(path: string, block: number, value: number): Promise<void> | void};
};

export type Journey = {
	estate: Estate;
	own: ModelDomain;
	random: Random;
	options: EstateOptions;
	count: number;
	/** How often each kind of action was planned and run, and refused. */
	done: Map<string, number>;
	refused: Map<string, number>;
};

async function runImages(journey: Journey, argv: string[]): Promise<void> {
	runOnImages(journey.estate.images, argv);
	await journey.options.mirror?.run(argv);
}

async function scribble(journey: Journey): Promise<void> {
	const {estate, own, random} = journey;
	estate.images.clock += 10;
	for (const path of headsOf(own).values()) {
		for (let count = random.below(3); count > 0; count--) {
			const [block, value] = [random.below(blockCount), 1 + random.below(250)];
			writeBlock(estate.images, path, block, value);
			await journey.options.mirror?.writeBlock(path, block, value);
		}
	}
}

export async function take(journey: Journey): Promise<void> {
	const {estate, own, random, options} = journey;
	const name = `n${++journey.count}`;
	const commands: string[][] = [];
	const canBeInternal = !options.mirror && random.oneIn(6);
	takeSnapshot(estate, own, {
		name,
		kind: canBeInternal ? 'internal' : 'external',
		leftOut: random.oneIn(5) && headsOf(own).size > 1 ? random.pick([...headsOf(own).keys()]) : undefined,
		memoryPath: !canBeInternal && random.oneIn(8) ? `${options.folder}/${name}.mem` : undefined,
	}, argv => {
		runOnImages(estate.images, argv);
		commands.push(argv);
	});
	for (const argv of commands) {
		await options.mirror?.run(argv);
	}

	if (estate.images.files.has(`${options.folder}/${name}.mem`)) {
		await options.mirror?.run(['dd', 'if=/dev/null', `of=${options.folder}/${name}.mem`, 'conv=excl', 'status=none']);
	}
}

async function makeImage(journey: Journey, path: string, backing: string | undefined): Promise<void> {
	addImage(journey.estate.images, path, {format: undefined});
	await journey.options.mirror?.run(['dd', 'if=/dev/null', `of=${path}`, 'conv=excl', 'status=none']);
	await runImages(journey, ['qemu-img', 'create', '-q', '-f', 'qcow2', ...(backing === undefined ? [] : ['-F', 'qcow2', '-b', backing]), path]);
}

/** Another domain, on an image of this one. */
async function makeClone(journey: Journey): Promise<void> {
	const {estate, own, random, options} = journey;
	const bases = snapshotsOf(own).filter(snapshot => isExternal(snapshot)).flatMap(({disks, domain}) =>
		disks.filter(({mode}) => mode === 'external').map(({target}) => domain!.disks.find(disk => disk.target === target)!.sourcePath!));
	if (bases.length > 0) {
		const path = `${options.folder}/clone-${++journey.count}.qcow2`;
		await makeImage(journey, path, random.pick(bases));
		const clone = addDomain(estate, `clone${journey.count}`, {vda: path});
		if (random.oneIn(2)) {
			const commands: string[][] = [];
			takeSnapshot(estate, clone, {name: 'c1', kind: 'external'}, argv => {
				runOnImages(estate.images, argv);
				commands.push(argv);
			});
			for (const argv of commands) {
				await options.mirror?.run(argv);
			}
		}
	}
}

/** Something is written, a snapshot is taken, and now and then the domain goes on from elsewhere. */
export async function grow(journey: Journey): Promise<void> {
	await scribble(journey);
	await take(journey);
	if (journey.random.oneIn(4)) {
		await act(journey, randomAction(journey, ['revert', 'branch']));
	}
}

/** A domain with one to three disks, perhaps on a template, with a random tree of snapshots. */
export async function randomJourney(random: Random, options: EstateOptions): Promise<Journey> {
	const estate = emptyEstate(options.folder, random.pick([9_000_000, 10_000_000, 11_003_000]));
	const journey: Journey = {estate, own: undefined as unknown as ModelDomain, random, options, count: 0, done: new Map(), refused: new Map()};
	const heads: Record<string, string> = {};
	for (const target of ['vda', 'vdb', 'vdc'].slice(0, 1 + random.below(3))) {
		const template = `${options.folder}/template-${target}.qcow2`;
		const isClone = random.oneIn(4);
		if (isClone) {
			await makeImage(journey, template, undefined);
			writeBlock(estate.images, template, 0, 77);
			await options.mirror?.writeBlock(template, 0, 77);
		}

		heads[target] = `${options.folder}/${target}.qcow2`;
		await makeImage(journey, heads[target], isClone ? template : undefined);
	}

	journey.own = addDomain(estate, 'web', heads);
	for (let count = 1 + random.below(options.snapshots); count > 0; count--) {
		await grow(journey);
	}

	await scribble(journey);
	if (random.oneIn(4)) {
		await makeClone(journey);
	}

	return journey;
}

type ActionKind = 'revert' | 'branch' | 'merge' | 'delete';

export function randomAction({own, random, count}: Journey, kinds: readonly ActionKind[]): Action | undefined {
	const names = [...own.records.keys()];
	if (names.length === 0) {
		return undefined;
	}

	const base = {domain: {uuid: own.uuid, name: own.name}, snapshot: random.pick(names)};
	const currentState: CurrentState = random.oneIn(2) ? {kind: 'keep', name: `k${count}-${random.below(1_000_000)}`} : {kind: 'discard'};
	const kind = random.pick(kinds);
	switch (kind) {
		case 'revert': {
			return {...base, kind, currentState, endState: 'shutoff'};
		}

		case 'branch': {
			return {...base, kind, currentState, name: `b${count}-${random.below(1_000_000)}`};
		}

		case 'merge': {
			return {...base, kind};
		}

		case 'delete': {
			return {...base, kind, scope: random.pick(['one', 'one', 'one', 'with-children', 'children-only'] as const), isMetadataOnly: false};
		}
	}
}

/** Names of the snapshots that the action drops. */
function droppedBy(journey: Journey, action: Action): Set<string> {
	if (action.kind === 'merge') {
		return new Set([action.snapshot]);
	}

	if (action.kind !== 'delete') {
		return new Set();
	}

	const below = withDescendants(snapshotsOf(journey.own), action.snapshot);
	const all = action.scope === 'one' ? [action.snapshot] : [...below].filter(name => action.scope === 'with-children' || name !== action.snapshot);
	return new Set(all);
}

function fail(what: string): never {
	throw new Error(what);
}

/** Which images any pin of any domain reaches. */
function reachedBy(estate: Estate, domains: readonly ModelDomain[]): Set<string> {
	const reached = new Set<string>();
	for (const {path} of domains.flatMap(domain => pinsOf(domain))) {
		for (let name: string | undefined = path; name !== undefined && !reached.has(name); name = estate.images.files.get(name)?.backing) {
			reached.add(name);
		}
	}

	return reached;
}

/** Nothing that could go: no file that nothing reaches, and, where images were collected, none that could become one with the only image on it. */
function checkTidy(journey: Journey, isCollected: boolean): void {
	const {estate, own} = journey;
	const reached = reachedBy(estate, estate.domains);
	const foreign = reachedBy(estate, estate.domains.filter(domain => domain !== own));
	const held = new Set(estate.domains.flatMap(domain => pinsOf(domain)).map(({path}) => path));
	for (const [path, file] of estate.images.files) {
		// Internal snapshots inside either of the two forbid it. What stands on nothing may be somebody's original.
		if (!reached.has(path) && (file.backing !== undefined || file.format === undefined)) {
			fail(`${path} is left, and nothing needs it`);
		}

		const overlays = [...estate.images.files.values()].filter(({backing}) => backing === path);
		const isTemplate = path.includes('/template-');
		if (isCollected && file.format !== undefined && !held.has(path) && reached.has(path) && !foreign.has(path) && !isTemplate && overlays.length === 1 && file.tags.size === 0 && overlays[0]!.tags.size === 0) {
			fail(`${path} is left, and could be merged with the only image on it`);
		}
	}
}

function checkRecords(journey: Journey, plan: Plan): void {
	const {own, estate} = journey;
	const names = new Map(snapshotsOf(own).map(snapshot => [snapshot.name, snapshot.parent]));
	for (const {name, parent} of plan.targets[0].expected.snapshots) {
		if (!names.has(name) || names.get(name) !== parent) {
			fail(`"${name}" should come after ${parent}, and comes after ${names.get(name)}`);
		}
	}

	for (const {target, path} of plan.targets[0].expected.heads) {
		if (headsOf(own).get(target) !== path) {
			fail(`${target} should be on ${path}`);
		}
	}

	if (own.current !== plan.targets[0].expected.currentSnapshot) {
		fail(`current should be ${plan.targets[0].expected.currentSnapshot}, and is ${own.current}`);
	}

	// Before 9.9 there may be none: better than one that the disks do not come from.
	if (capabilitiesOf({hypervisor: 'libvirt', libvirtVersion: estate.libvirtVersion, hypervisorVersion: 0}).revertUnlinksRecordedOverlays && own.current === undefined && snapshotsOf(own).some(snapshot => isExternal(snapshot))) {
		fail('external snapshots, and none is current');
	}

	for (const gone of plan.images.removed) {
		if (estate.images.files.has(gone)) {
			fail(`${gone} should be gone`);
		}
	}
}

function expectedAfter(journey: Journey, action: Action, before: Map<string, string>): Map<string, string> {
	const dropped = droppedBy(journey, action);
	const after = new Map([...before].filter(([key]) => !dropped.has(key.slice(0, key.lastIndexOf('/')))));
	if (action.kind === 'create') {
		for (const target of headsOf(journey.own).keys()) {
			if (!action.disks.some(disk => disk.target === target)) {
				after.set(`${action.snapshot}/${target}`, before.get(`/${target}`)!);
			}
		}
	}

	if (action.kind === 'revert' || action.kind === 'branch') {
		const snapshot = snapshotsOf(journey.own).find(({name}) => name === action.snapshot)!;
		for (const {target, mode} of snapshot.disks) {
			const then = before.get(`${snapshot.name}/${target}`);
			const kept = before.get(`/${target}`);
			if (action.currentState.kind === 'keep' && kept !== undefined) {
				after.set(`${action.currentState.name}/${target}`, kept);
			}

			if (mode !== 'no' && then !== undefined) {
				after.set(`/${target}`, then);
			}

			if (action.kind === 'branch') {
				after.set(`${action.name}/${target}`, after.get(`/${target}`)!);
			}
		}
	}

	return after;
}

/** Plans the action, runs the plan, and checks what must hold. Refusals change nothing and are counted. Throws where something does not hold. */
export async function act(journey: Journey, action: Action | undefined): Promise<Plan | undefined> {
	if (action === undefined) {
		return undefined;
	}

	const {estate, own, options} = journey;
	estate.images.clock += 100;
	const others = estate.domains.filter(domain => domain !== own);
	const before = contentsOf(estate, own);
	const foreign = new Map([...reachedBy(estate, others)].filter(path => estate.images.files.has(path)).map(path => [path, bytesOf(estate.images, path)]));
	const planned = planAction(action, inventoryOf(estate, own), {id: `p${estate.images.clock}`, now: new Date(estate.images.clock * 1000), workPath: '/work'});
	if (!planned.ok) {
		const kinds = planned.failure.kind === 'refused' ? planned.failure.blockers.map(({kind}) => kind).join(' ') : planned.failure.kind;
		const key = `${action.kind}: ${kinds}`;
		journey.refused.set(key, (journey.refused.get(key) ?? 0) + 1);
		return undefined;
	}

	const plan = planned.value;
	const expected = expectedAfter(journey, action, before);
	let hasSwitched = false;
	for (const step of plan.steps) {
		if (step.guard !== undefined && estate.domains.flatMap(domain => pinsOf(domain)).some(({path}) => path === step.guard!.path)) {
			fail(`${step.id}: ${step.guard.path} is pinned`);
		}

		runCommand(estate, own, step.command);
		if (step.command.tool !== 'virsh' && options.mirror) {
			await options.mirror.run((step.command as {argv: string[]}).argv);
		}

		hasSwitched ||= step.id === 'define' || step.id.startsWith('apply-');
		if (!hasSwitched || !['revert', 'branch'].includes(action.kind)) {
			for (const [target, path] of headsOf(own)) {
				if (contentOf(estate.images, path) !== before.get(`/${target}`)) {
					fail(`after ${step.id} the current state of ${target} is another`);
				}
			}
		}
	}

	checkRecords(journey, plan);
	const after = contentsOf(estate, own);
	for (const [key, content] of expected) {
		const isLeftOutOfKeep = !after.has(key) && (action.kind === 'revert' || action.kind === 'branch') && !before.has(key);
		if (after.get(key) !== content && !isLeftOutOfKeep) {
			fail(`${key} held ${content}, and holds ${after.get(key)}`);
		}
	}

	for (const [path, bytes] of foreign) {
		if (bytesOf(estate.images, path) !== bytes) {
			fail(`${path} belongs to another domain, and was written`);
		}
	}

	if (!options.mayLeave) {
		checkTidy(journey, action.kind === 'delete' || action.kind === 'merge');
	}

	journey.done.set(action.kind, (journey.done.get(action.kind) ?? 0) + 1);
	return plan;
}
