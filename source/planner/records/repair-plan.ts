/**
What plans have in common that change records and unused files alone: they leave the domain in its state and on its disks.
*/
import type {Action} from '../../model/plan/request.ts';
import {imageAt, isOpenable} from '../../model/images/image-graph.ts';
import type {
	CheckpointProof, Consequence, Expected, Plan, Step,
} from '../../model/plan/plan.ts';
import {
	fail, mapResult, succeed, type Result,
} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {refuseJobs, refuseReadOnly} from '../checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../context.ts';
import {fingerprintOf} from '../fingerprint.ts';
import {planFrame} from '../frame.ts';
import {checkpointRecords} from '../steps/checkpoints.ts';
import {writtenHeads, type Head} from './lineage.ts';

/** What one kind of repair contributes to the plan. */
export type Repair = {
	steps: Step[];
	consequences: Consequence[];
	/** New files, beside images. */
	created?: string[];
	removed: string[];
	written: string[];
	/** On which images the plan was made. */
	basis: string[];
	heads: Head[];
	/** Must open with their whole chains afterwards, beside the heads. */
	opens: string[];
	/** The records afterwards. */
	snapshots: ReadonlyArray<Pick<Snapshot, 'name' | 'parent'>>;
	currentSnapshot: string | undefined;
	/** Names that no record has afterwards. */
	goneSnapshots?: string[];
	checkpoints?: CheckpointProof;
	/** What images name as their backing file from then on, and what the overlays must be backed by. */
	rebased?: Plan['images']['rebased'];
	links?: Expected['links'];
};

/** What a plan that only touches records and unused files must wait for; others ask `refuseBusyDomain`. */
export function refuseRepair(context: PlanContext): void {
	refuseJobs(context);
	refuseReadOnly(context);
}

/** Older versions of libvirt refuse to redefine a snapshot while the domain has checkpoints: their records are set aside meanwhile. Fails with `unreadable` where one cannot be written. */
export function besideCheckpoints(context: PlanContext, steps: Step[]): Result<Pick<Repair, 'steps' | 'checkpoints'>> {
	return steps.length === 0
		? succeed({steps})
		: mapResult(checkpointRecords(context, {stay: context.inventory.details.checkpoints}), ({before, after, expected}) => ({steps: [...before, ...steps, ...after], checkpoints: expected}));
}

/** Fails with `refused` and every reason that stands in the context. */
export function assembleRepair(context: PlanContext, action: Action, given: PlanArguments, repair: Repair): Result<Plan> {
	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const {inventory, graph} = context;
	const {details} = inventory;
	const {steps, consequences, created = [], removed, written, basis, heads, opens, snapshots, currentSnapshot} = repair;
	const chains = [...new Set([...heads.map(({path}) => path).filter(path => isOpenable(graph, path)), ...opens])];
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {
				heads,
				chains: chains.map(path => ({path, format: imageAt(graph, path)?.format ?? 'qcow2'})),
				...(repair.links && {links: repair.links}),
				currentSnapshot,
				snapshots: snapshots.map(({name, parent}) => ({name, parent})),
				...(repair.goneSnapshots && {goneSnapshots: repair.goneSnapshots}),
				endState: undefined,
				...repair.checkpoints,
			},
			fingerprint: fingerprintOf(inventory, new Set([...basis, ...removed, ...written])),
		}),
		consequences,
		images: {created: created.map(path => ({path})), removed, written, ...(repair.rebased && {rebased: repair.rebased}), kept: details.images.map(({path}) => path).filter(path => !removed.includes(path) && !written.includes(path))},
		steps,
	});
}

/** A repair that leaves all as it is: to be filled. A disk that the next start has on another file is not for this plan to prove. */
export function emptyRepair(context: PlanContext): Repair {
	const {domain, snapshots, currentSnapshot} = context.inventory.details;
	const heads = writtenHeads(context).filter(({target, path}) => domain.definition.disks.some(disk => disk.target === target && disk.sourcePath === path));
	return {
		steps: [], consequences: [], removed: [], written: [], basis: [], heads, opens: [], snapshots, currentSnapshot,
	};
}
