/**
The planner for `branch`: a second line of development from an external snapshot.

Two layers are made on what the snapshot froze: the lower one is frozen at once by the branch's own first snapshot, the upper one is what the domain goes
on writing to. With one layer two snapshots would freeze one image, and libvirt's own delete of either would harm the other. Pure: the world, the time and
the id come in.
*/
import {posix} from 'node:path';
import type {BranchAction} from '../../model/plan/request.ts';
import {hasProcess, type Disk} from '../../model/domain/domain.ts';
import {formatMoment, stampOf} from '../../model/text/format.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Consequence, Plan, Step} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {buildSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {
	refuseBrokenChain, refuseBusyDomain, refuseFolders, refuseHeldHead, requireFreeName, refuseUnreadable,
} from '../../planner/checks/blockers.ts';
import {preservingXml, dropRevertDisks} from '../../planner/records/bookkeeping.ts';
import {closeBuildFolders, proveBuilt, refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {planContext, type PlanArguments, type PlanContext} from '../../planner/context.ts';
import {defineStep, stopSteps} from '../../planner/steps/domain.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {describeIdentity} from '../../planner/steps/guest-identity.ts';
import {linksOfOverlays} from '../../planner/expected-links.ts';
import {refuseForeignHeads} from '../../planner/checks/foreign-heads.ts';
import {refuseHandMerged} from '../../planner/checks/hand-merged.ts';
import {keepPresentState, type Kept} from '../../planner/steps/keep.ts';
import {branchNvram, revertNvram} from '../../planner/steps/nvram-revert.ts';
import {overlayPath} from '../../planner/steps/overlay-name.ts';
import {checkSteps, filesAt, laterOwnerSteps, overlayFiles, overlaySteps} from '../../planner/steps/overlay.ts';
import {needsStop, revertDisks, type OverlaidDisk, type RevertDisks} from '../../planner/steps/revert-disks.ts';
import {abandonHeads, describeDisks, sizesOf} from '../go-back/abandoned.ts';
import {newDefinition, sourcesOf} from '../go-back/definition.ts';
import {planFrame} from '../../planner/frame.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {describeEmptied} from '../../planner/checks/start-files.ts';
import {step} from '../../planner/steps/step.ts';
import {lackOfDomain} from '../../planner/checks/recorded-domain.ts';

/** What the branch writes to: a second overlay on each of those that its first snapshot freezes. */
function upperLayer(context: PlanContext, lower: readonly OverlaidDisk[], now: Date): OverlaidDisk[] {
	const {details, folders} = context.inventory;
	const taken = new Set([...details.images.map(image => image.path), ...lower.map(disk => disk.overlayPath)]);
	return lower.map(disk => ({
		...disk,
		layer: 'upper',
		basePath: disk.overlayPath,
		baseFormat: 'qcow2',
		overlayPath: overlayPath(disk.overlayPath, {stamp: stampOf(now), folder: folders.get(posix.dirname(disk.overlayPath)), taken}),
	}));
}

/** The branch's first snapshot, and what it does to the record of the snapshot that was current. */
function recordSteps(context: PlanContext, action: BranchAction, given: {snapshot: Snapshot; disks: RevertDisks; upper: OverlaidDisk[]; now: Date}): Result<Step[]> {
	const {snapshot, disks, upper, now} = given;
	const {snapshots, currentSnapshot} = context.inventory.details;
	const former = snapshots.find(({name}) => name === currentSnapshot);
	const domainXml = newDefinition(context, snapshot, sourcesOf(disks, disks.overlaid));
	const formerXml = former === undefined ? succeed('') : preservingXml(former);
	const tidied = dropRevertDisks(context, former);
	if (!domainXml.ok) {
		return domainXml;
	}

	if (!formerXml.ok) {
		return formerXml;
	}

	if (!tidied.ok) {
		return tidied;
	}

	const overlays = new Map(upper.map(disk => [disk.target, disk.overlayPath]));
	const xml = buildSnapshotXml({
		name: action.name,
		description: `A branch from "${snapshot.name}"`,
		state: 'shutoff',
		parent: snapshot.name,
		createdAt: Math.floor(now.getTime() / 1000),
		memory: {mode: 'no'},
		disks: snapshot.domain!.disks.map(({target}) => ({target, mode: overlays.has(target) ? 'external' : 'no', overlayPath: overlays.get(target)})),
		domainXml: domainXml.value.xml,
	});
	return succeed([
		step('switch', {
			id: 'branch',
			title: `Record the beginning of the branch as snapshot "${action.name}", after "${snapshot.name}"`,
			command: context.hypervisor.records.replace({fileName: 'snapshot-branch', xml, makeCurrent: true}),
			undo: [
				{...context.hypervisor.records.deleteMetadata(action.name), onlyIf: {kind: 'snapshot-exists', uuid: context.uuid, name: action.name}},
				...(former === undefined ? [] : [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: formerXml.value, makeCurrent: true})]),
			],
		}),
		...tidied.value,
	]);
}

function describe(context: PlanContext, action: BranchAction, given: {snapshot: Snapshot; disks: RevertDisks; removed: string[]; abandoned: Consequence[]; emptied: readonly Disk[]}): Consequence[] {
	const {snapshot, disks, removed, abandoned, emptied} = given;
	const {domain, currentSnapshot} = context.inventory.details;
	return [
		{severity: 'info', text: `A branch begins at "${snapshot.name}" of ${formatMoment(snapshot.createdAt)}: its first snapshot is "${action.name}", and the domain goes on from there.`},
		...(action.currentState.kind === 'keep'
			? [{severity: 'info', text: `The current state is kept as snapshot "${action.currentState.name}"${currentSnapshot === undefined ? '' : `, after "${currentSnapshot}"`}: it can be reverted to.`} as const]
			: []),
		...(removed.length > 0
			? [{severity: 'loss', text: `What was written since is lost: ${sizesOf(context, removed)} in ${removed.map(path => posix.basename(path)).join(', ')}.`} as const]
			: []),
		...(hasProcess(domain) ? [{severity: 'loss', text: 'The guest is running: it is powered off as by pulling the plug, and what is in its memory is lost.'} as const] : []),
		...abandoned,
		...describeDisks(context, disks, snapshot),
		...describeEmptied(emptied, false),
		...(snapshot.memory.mode === 'no' ? [] : [{severity: 'warning', text: 'The branch begins with the disks of the snapshot only, not with its memory: the guest finds them as after a power cut.'} as const]),
		{severity: 'info', text: 'The domain is off afterwards.'},
	];
}

/** Appends blockers. */
function refuseBranch(context: PlanContext, action: BranchAction, snapshot: Snapshot): void {
	refuseBusyDomain(context);
	requireFreeName(context, action.name, 'the branch');
	if (action.currentState.kind === 'keep') {
		requireFreeName(context, action.currentState.name);
		if (action.currentState.name === action.name) {
			context.blockers.push({kind: 'name-taken', text: `The branch and the kept state cannot both be called "${action.name}".`, remedy: 'Choose another name for one of them.'});
		}
	}

	if (context.inventory.details.checkpoints.length > 0) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `The domain has checkpoints (${context.inventory.details.checkpoints.map(({name}) => name).join(', ')}), which cannot go on through a snapshot that is taken while the domain is off.`,
			remedy: 'Delete the checkpoints first (virsh checkpoint-delete).',
		});
	}

	if (!isExternal(snapshot)) {
		context.blockers.push({
			kind: 'not-supported',
			text: `"${snapshot.name}" lies inside the images, where there is one line only: nothing can stand on it.`,
			remedy: 'Revert to it, keeping the current state (--keep), and take the next snapshot there: the tree forks by that.',
		});
	}
}

type Layers = {disks: RevertDisks; upper: OverlaidDisk[]; warnings: Consequence[]};

function planLayers(context: PlanContext, action: BranchAction, given: {snapshot: Snapshot; now: Date}): Layers {
	const disks = revertDisks(context, {...given, isKept: action.currentState.kind === 'keep'});
	const warnings: Consequence[] = [];
	for (const disk of disks.overlaid) {
		refuseBrokenChain(context, disk.basePath);
		warnings.push(...refuseForeignHeads(context, disk.basePath, given.snapshot.createdAt));
		if (disk.headPath !== undefined) {
			refuseHeldHead(context, disk.headPath);
		}
	}

	refuseHandMerged(context, given.snapshot, disks);
	const upper = upperLayer(context, disks.overlaid, given.now);
	refuseFolders(context, [...disks.overlaid, ...upper].map(disk => disk.overlayPath));
	refuseFolderRisks(context, disks.overlaid.map(disk => disk.overlayPath));
	return {disks, upper, warnings};
}

function keep(context: PlanContext, action: BranchAction, given: {snapshot: Snapshot; disks: RevertDisks; now: Date}): Result<Kept | undefined> {
	return action.currentState.kind === 'keep'
		? keepPresentState(context, {
			name: action.currentState.name,
			description: `The state that was left for the branch "${action.name}"`,
			now: given.now,
			untouched: new Set(given.disks.untouched.map(disk => disk.target)),
			kind: 'external',
		})
		: succeed(undefined);
}

/** Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where a document cannot be changed. */
export function planBranch(action: BranchAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const {details} = inventory;
	const {now} = given;
	const snapshot = details.snapshots.find(({name}) => name === action.snapshot);
	if (snapshot === undefined) {
		return fail({kind: 'snapshot-not-found', domain: details.domain.name, name: action.snapshot, known: details.snapshots.map(({name}) => name)});
	}

	const context = planContext(inventory, given);
	refuseBranch(context, action, snapshot);
	if (snapshot.domain === undefined || snapshot.domainXml === undefined || !isExternal(snapshot)) {
		const lack = lackOfDomain(snapshot);
		return fail({kind: 'refused', blockers: [...context.blockers, ...lack === undefined ? [] : [lack]]});
	}

	const {disks, upper, warnings} = planLayers(context, action, {snapshot, now});
	const kept = keep(context, action, {snapshot, disks, now});
	const sources = sourcesOf(disks, upper);
	const definition = newDefinition(context, snapshot, sources);
	const records = recordSteps(context, action, {snapshot, disks, upper, now});
	const failed = [kept, definition, records].find(result => !result.ok);
	if (!kept.ok || !definition.ok || !records.ok) {
		return failed as Result<never>;
	}

	const abandoned = abandonHeads(context, disks, kept.value);
	if (abandoned.removed.length > 0) {
		refuseUnreadable(context, {canKeep: true});
	}

	if (disks.overlaid.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'The snapshot froze no disk, so nothing can branch from it.', remedy: 'Take a snapshot of the disks first.'});
	}

	const nvram = revertNvram(context, snapshot, {keepName: action.currentState.kind === 'keep' ? action.currentState.name : undefined, now, definitionXml: definition.value.xml, resumes: false});
	const ownNvram = branchNvram(context, snapshot, {name: action.name, now, definitionXml: definition.value.xml});
	const mustStopFirst = hasProcess(details.domain) && disks.overlaid.some(disk => needsStop(disk));
	const stop = stopSteps(context, {phase: mustStopFirst ? 'create' : 'switch', isGraceful: action.currentState.kind === 'keep'});
	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const create = [...overlaySteps(disks.overlaid), ...overlaySteps(upper), ...nvram.create, ...proveBuilt(disks.overlaid), ...proveBuilt(upper)];
	const bases = snapshot.domain.disks.flatMap(disk => disk.sourcePath === undefined ? [] : [disk.sourcePath]);
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {
				heads: [...sources].map(([target, {path}]) => ({target, path})),
				chains: [...sources.values(), ...disks.overlaid.map(disk => ({path: disk.overlayPath, format: 'qcow2'}))],
				links: linksOfOverlays(context, disks.overlaid),
				...(kept.value && {kept: kept.value.files}),
				currentSnapshot: action.name,
				snapshots: [
					...details.snapshots.map(({name, parent}) => ({name, parent})),
					...(action.currentState.kind === 'keep' ? [{name: action.currentState.name, parent: details.currentSnapshot}] : []),
					{name: action.name, parent: snapshot.name},
				],
				endState: 'shutoff',
			},
			fingerprint: fingerprintOf(inventory, new Set([...bases, ...abandoned.removed])),
		}),
		consequences: describe(context, action, {snapshot, disks, removed: abandoned.removed, abandoned: [...abandoned.consequences, ...warnings, ...kept.value?.consequences ?? [], ...nvram.consequences, ...describeIdentity(context, snapshot, {resumes: false})], emptied: definition.value.emptied}),
		images: {created: [...overlayFiles([...disks.overlaid, ...upper]), ...filesAt([...nvram.created, ...ownNvram.created])], removed: abandoned.removed, kept: details.images.map(image => image.path).filter(path => !abandoned.removed.includes(path))},
		steps: [
			...checkSteps(disks.overlaid.filter(disk => !needsStop(disk))),
			...(mustStopFirst ? [...stop, ...create] : [...create, ...stop]),
			...laterOwnerSteps(disks.overlaid),
			...laterOwnerSteps(upper),
			...kept.value?.steps ?? [],
			...nvram.switch,
			...ownNvram.switch,
			defineStep(context, definition.value.xml),
			...records.value,
			...removeSteps(context, abandoned.removed),
			...closeBuildFolders([...disks.overlaid, ...upper]),
			...nvram.remove,
		],
	});
}
