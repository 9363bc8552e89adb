/**
Reverting to an external snapshot, on every version of libvirt by our own engine: new overlays on the frozen images first, then the switch, then what
nobody needs any more is removed (why not by libvirt: docs/facts/traps.md).
*/
import {posix} from 'node:path';
import type {EndState, RevertAction} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {Consequence, CreatedFile, Expected, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {
	refuseBrokenChain, refuseFolders, refuseHeldHead,
} from '../../planner/checks/blockers.ts';
import {closeBuildFolders, proveBuilt, refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {bookkeepingSteps} from '../../planner/records/bookkeeping.ts';
import {refuseHandMerged} from '../../planner/checks/hand-merged.ts';
import {checkpointSteps} from '../../planner/steps/checkpoints.ts';
import {type PlanContext} from '../../planner/context.ts';
import {
	bootSteps, defineStep, endStateOf, resumeSteps, stopSteps,
} from '../../planner/steps/domain.ts';
import {describeIdentity} from '../../planner/steps/guest-identity.ts';
import {linksOfOverlays} from '../../planner/expected-links.ts';
import {refuseForeignHeads} from '../../planner/checks/foreign-heads.ts';
import {keepPresentState} from '../../planner/steps/keep.ts';
import {usableMemory} from '../../planner/checks/memory.ts';
import {revertNvram} from '../../planner/steps/nvram-revert.ts';
import {checkSteps, filesAt, laterOwnerSteps, overlayFiles, overlaySteps} from '../../planner/steps/overlay.ts';
import {needsStop, revertDisks} from '../../planner/steps/revert-disks.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {describeEmptied, emptiedDrives, requireStartFiles} from '../../planner/checks/start-files.ts';
import {abandonHeads, sizesOf, describeDisks} from '../go-back/abandoned.ts';
import {type Sources, sourcesOf, newDefinition} from '../go-back/definition.ts';

/** What one kind of revert contributes to the plan. */
export type RevertParts = {
	steps: Step[];
	consequences: Consequence[];
	heads: Array<{target: string; path: string}>;
	created: CreatedFile[];
	removed: string[];
	endState: EndState;
	links?: Expected['links'];
	kept?: Expected['kept'];
};

/** How the domain is brought to its end state; nothing where it stays off. */
function endSteps(context: PlanContext, snapshot: Snapshot, given: {endState: EndState; sources: Sources; definitionXml: string}): Result<Step[]> {
	const {endState, sources} = given;
	if (endState === 'shutoff') {
		return succeed([]);
	}

	const isPaused = endState === 'paused';
	if (snapshot.memory.mode === 'external') {
		const memory = usableMemory(context, snapshot);
		if (memory === undefined) {
			return succeed([]);
		}

		const emptied = emptiedDrives(context, memory.definition).map(({target}) => target).filter(target => !sources.has(target));
		const xml = changeDomainXml(memory.domainXml, {sources, emptied, rootName: 'domain'});
		if (!xml.ok) {
			return xml;
		}

		requireStartFiles(context, xml.value);
		return succeed(resumeSteps(context, {memoryPath: memory.path, definitionXml: xml.value, isPaused}));
	}

	return succeed(bootSteps(context, {definitionXml: given.definitionXml, isPaused}));
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function planExternalRevert(context: PlanContext, action: RevertAction, given: {snapshot: Snapshot; now: Date}): Result<RevertParts> {
	const {snapshot, now} = given;
	const {details} = context.inventory;
	const disks = revertDisks(context, {snapshot, now, isKept: action.currentState.kind === 'keep'});
	const warnings: Consequence[] = [];
	for (const disk of disks.overlaid) {
		refuseBrokenChain(context, disk.basePath);
		warnings.push(...refuseForeignHeads(context, disk.basePath, snapshot.createdAt));
		if (disk.headPath !== undefined) {
			refuseHeldHead(context, disk.headPath);
		}
	}

	refuseHandMerged(context, snapshot, disks);

	refuseFolders(context, disks.overlaid.map(disk => disk.overlayPath));
	refuseFolderRisks(context, disks.overlaid.map(disk => disk.overlayPath));
	const endState = endStateOf(action.endState, snapshot.state);
	const sources = sourcesOf(disks, disks.overlaid);
	const definition = newDefinition(context, snapshot, sources);
	if (!definition.ok) {
		return definition;
	}

	const kept = action.currentState.kind === 'keep'
		? keepPresentState(context, {
			name: action.currentState.name,
			description: `The state that was left for "${snapshot.name}"`,
			now,
			untouched: new Set(disks.untouched.map(disk => disk.target)),
			kind: 'external',
		})
		: undefined;
	if (kept && !kept.ok) {
		return kept;
	}

	const hasChildren = details.snapshots.some(candidate => candidate.parent === snapshot.name)
		|| (kept !== undefined && details.currentSnapshot === snapshot.name);
	const heads = new Map(disks.overlaid.map(disk => [disk.target, disk.overlayPath]));
	const bookkeeping = bookkeepingSteps(context, snapshot, {heads, hasChildren});
	const end = endSteps(context, snapshot, {endState, sources, definitionXml: definition.value.xml});
	if (!bookkeeping.ok || !end.ok) {
		return bookkeeping.ok ? end as Result<never> : bookkeeping;
	}

	const abandoned = abandonHeads(context, disks, kept?.value);
	const carried = checkpointSteps(context, {snapshot, disks: disks.overlaid});
	if (!carried.ok) {
		return carried;
	}

	const resumes = endState !== 'shutoff' && snapshot.memory.mode !== 'no';
	const nvram = revertNvram(context, snapshot, {
		keepName: action.currentState.kind === 'keep' ? action.currentState.name : undefined,
		now,
		definitionXml: definition.value.xml,
		resumes,
	});
	const checkpoints = carried.value;
	const keptSteps = kept?.value.steps ?? [];
	// An overlay on an image that the guest still writes to would stand on moving ground, and QEMU's lock forbids to look at it.
	const mustStopFirst = hasProcess(details.domain) && (disks.overlaid.some(disk => needsStop(disk)) || keptSteps.some(step => step.phase === 'create'));
	const stop = stopSteps(context, {phase: mustStopFirst ? 'create' : 'switch', isGraceful: action.currentState.kind === 'keep'});
	const create = [...overlaySteps(disks.overlaid, checkpoints.bitmaps), ...nvram.create, ...keptSteps.filter(step => step.phase === 'create'), ...proveBuilt(disks.overlaid)];
	return succeed({
		steps: [
			...checkSteps(disks.overlaid.filter(disk => !needsStop(disk))),
			...(mustStopFirst ? [...stop, ...create] : [...create, ...stop]),
			...laterOwnerSteps(disks.overlaid),
			...checkpoints.before,
			...keptSteps.filter(step => step.phase === 'switch'),
			...nvram.switch,
			defineStep(context, definition.value.xml),
			...bookkeeping.value,
			...checkpoints.after,
			...end.value,
			...removeSteps(context, abandoned.removed),
			...closeBuildFolders(disks.overlaid),
			...nvram.remove,
		],
		consequences: [
			...(abandoned.removed.length === 0
				? []
				: [{severity: 'loss', text: `What was written since is lost: ${sizesOf(context, abandoned.removed)} in ${abandoned.removed.map(path => posix.basename(path)).join(', ')}.`} as const]),
			...abandoned.consequences,
			...warnings,
			...kept?.value.consequences ?? [],
			...describeDisks(context, disks, snapshot),
			...describeEmptied(definition.value.emptied, resumes),
			...checkpoints.consequences,
			...nvram.consequences,
			...describeIdentity(context, snapshot, {resumes}),
		],
		heads: [...sources].map(([target, {path}]) => ({target, path})),
		created: [...overlayFiles(disks.overlaid), ...filesAt(nvram.created)],
		removed: abandoned.removed,
		endState,
		links: linksOfOverlays(context, disks.overlaid),
		...(kept && {kept: kept.value.files}),
	});
}
