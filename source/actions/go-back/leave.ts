/**
Leaving the current state for what an external snapshot froze: new overlays on the frozen images first, then the switch, then what nothing needs is
removed. Shared by revert and branch.
*/
import {hasProcess} from '../../model/domain/domain.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence, Step} from '../../model/plan/plan.ts';
import type {CurrentState} from '../../model/plan/request.ts';
import {succeed, type Result} from '../../model/result.ts';
import {refuseBrokenChain, refuseFolders, refuseHeldHead} from '../../planner/checks/blockers.ts';
import {refuseForeignHeads} from '../../planner/checks/foreign-heads.ts';
import {refuseHandMerged} from '../../planner/checks/hand-merged.ts';
import {describeEmptied} from '../../planner/checks/start-files.ts';
import type {PlanContext} from '../../planner/context.ts';
import {linksOfOverlays} from '../../planner/expected-links.ts';
import {notesOf} from '../../planner/records/noted-checkpoints.ts';
import {closeBuildFolders, proveBuilt, refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {defineStep} from '../../planner/steps/domain.ts';
import {describeIdentity, revertFirmware} from '../../planner/steps/guest-identity.ts';
import {keptDescription} from '../current-state.ts';
import {keepPresentState} from '../../planner/steps/keep.ts';
import {checkSteps, filesAt, laterOwnerSteps, overlayFiles, overlaySteps} from '../../planner/steps/overlay.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {needsStop, revertDisks, type OverlaidDisk, type RevertDisks} from '../../planner/steps/revert-disks.ts';
import {abandonHeads} from './abandoned.ts';
import {newDefinition, sourcesOf, type Sources} from './definition.ts';
import {endDomain, keepMemory} from './keep-memory.ts';
import type {GoBackParts} from './plan.ts';
import {describeDiscarded, describeDisks} from './words.ts';

/** What an action that leaves the current state adds to the steps of all of them. */
type Additions = {
	/** Something in the new overlays, before they are opened. */
	bitmaps?: Step[];
	upperBitmaps?: Step[];
	/** With the domain off: before the records, with the firmware variables, and once the definition is switched. */
	before?: Step[];
	nvram?: Step[];
	after: Step[];
};

export type Leave = {
	disks: RevertDisks;
	/** The overlays on the new ones. */
	upper: OverlaidDisk[];
	sources: Sources;
	definitionXml: string;
	/** The plan's part, with what the action adds. */
	finish: (additions: Additions) => Omit<GoBackParts, 'endState'>;
};

type Leaving = {
	snapshot: Snapshot;
	currentState: CurrentState;
	/** For disks that are on no file. */
	overlayFolder: string | undefined;
	now: Date;
	/** For what it is left, in the description of what is kept where nobody gave one. */
	leftFor: string;
	/** The guest goes on with saved memory. */
	resumes: boolean;
	/** Overlays on the new ones, which the domain then goes on in. */
	layOver?: (lower: OverlaidDisk[]) => OverlaidDisk[];
};

/** The frozen images must hold what they held. Appends blockers to the context, and gives warnings. */
export function refuseOtherImages(context: PlanContext, snapshot: Snapshot, disks: RevertDisks): Consequence[] {
	const warnings = disks.overlaid.flatMap(({basePath}) => {
		refuseBrokenChain(context, basePath);
		return refuseForeignHeads(context, basePath, snapshot.createdAt);
	});
	refuseHandMerged(context, snapshot, disks);
	return warnings;
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function leaveFor(context: PlanContext, {snapshot, currentState, overlayFolder, now, leftFor, resumes, layOver}: Leaving): Result<Leave> {
	const keepName = currentState.kind === 'keep' ? currentState.name : undefined;
	const disks = revertDisks(context, {snapshot, now, isKept: keepName !== undefined, ...(overlayFolder !== undefined && {overlayFolder})});
	const {overlaid} = disks;
	const warnings = refuseOtherImages(context, snapshot, disks);
	for (const path of overlaid.flatMap(({headPath}) => headPath ?? [])) {
		refuseHeldHead(context, path);
	}

	const upper = layOver?.(overlaid) ?? [];
	const layers = [...overlaid, ...upper];
	refuseFolders(context, layers.map(({overlayPath}) => overlayPath));
	refuseFolderRisks(context, overlaid.map(({overlayPath}) => overlayPath));
	const sources = sourcesOf(disks, layOver === undefined ? overlaid : upper);
	const definition = newDefinition(context, snapshot, sources);
	if (!definition.ok) {
		return definition;
	}

	const {xml: definitionXml, emptied} = definition.value;
	const untouched = new Set(disks.untouched.map(({target}) => target));
	const memory = keepMemory(context, currentState, {now, untouched, kind: 'external'});
	const kept = keepName === undefined
		? succeed(undefined)
		: keepPresentState(context, {
			name: keepName, description: keptDescription(currentState) ?? `The state that was left for ${leftFor}`, now, untouched, kind: 'external', memoryPath: memory?.path, checkpoints: notesOf(context),
		});
	if (!kept.ok) {
		return kept;
	}

	const {removed, consequences: staying} = abandonHeads(context, disks, kept.value);
	const nvram = revertFirmware(context, {variables: snapshot, tpm: snapshot}, {keepName, now, definitionXml, resumes});
	// An overlay on an image that the guest still writes to would read what changes, and QEMU's lock forbids to look at it.
	const mustStopFirst = hasProcess(context.inventory.details.domain) && overlaid.some(disk => needsStop(disk));
	const stop = endDomain(context, {phase: mustStopFirst ? 'create' : 'switch', isGraceful: keepName !== undefined, memory});
	return succeed({
		disks,
		upper,
		sources,
		definitionXml,
		finish({bitmaps, upperBitmaps, before = [], nvram: ownNvram = [], after}) {
			const create = [...overlaySteps(overlaid, bitmaps), ...overlaySteps(upper, upperBitmaps), ...nvram.create, ...proveBuilt(layers)];
			return {
				steps: [
					...checkSteps(overlaid.filter(disk => !needsStop(disk))),
					...memory?.reserve ?? [],
					...(mustStopFirst ? [...stop, ...create] : [...create, ...stop]),
					...laterOwnerSteps(layers),
					...before,
					...kept.value?.steps ?? [],
					...nvram.switch,
					...ownNvram,
					defineStep(context, definitionXml),
					...after,
					...removeSteps(context, removed),
					...closeBuildFolders(layers),
					...nvram.remove,
				],
				consequences: [
					...describeDiscarded(context, removed),
					...staying,
					...warnings,
					...kept.value?.consequences ?? [],
					...memory?.consequences ?? [],
					...describeDisks(context, disks, snapshot),
					...describeEmptied(emptied, resumes),
					...nvram.consequences,
					...describeIdentity(context, snapshot, {resumes, isTpmBack: nvram.isTpmBack}),
				],
				heads: [...sources].map(([target, {path}]) => ({target, path})),
				created: [...overlayFiles(layers), ...filesAt([...nvram.created, ...memory === undefined ? [] : [memory.path]])],
				removed,
				links: linksOfOverlays(context, overlaid),
				...(kept.value && {kept: kept.value.files}),
			};
		},
	});
}
