/**
The plan of a revert or a branch from its parts: what is so whichever way the domain goes back to a snapshot.
*/
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import type {
	CheckpointProof, Consequence, CreatedFile, Expected, Plan, Step,
} from '../../model/plan/plan.ts';
import type {BranchAction, EndState, RevertAction} from '../../model/plan/request.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {refuseUnreadable} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {planFrame} from '../../planner/frame.ts';
import {describeLeaving} from './words.ts';

/** What one way back contributes to the plan. */
export type GoBackParts = {
	steps: Step[];
	consequences: Consequence[];
	heads: Array<{target: string; path: string}>;
	created: CreatedFile[];
	removed: string[];
	/** Images that are changed in place. */
	written?: string[];
	endState: EndState;
	links?: Expected['links'];
	kept?: Expected['kept'];
	checkpoints?: CheckpointProof;
};

/** How it begins and ends, in words; what is the current snapshot afterwards, and where it is if it is new. */
type Course = {
	begins: Consequence;
	ends: Consequence[];
	currentSnapshot: string;
	newSnapshots: Expected['snapshots'];
	/** Below the heads: images that must open with their chains, too. */
	layers: string[];
};

/** Fails with `refused` and every reason that stands in the context. */
export function planWayBack(context: PlanContext, action: RevertAction | BranchAction, given: PlanArguments & {snapshot: Snapshot; parts: GoBackParts; course: Course}): Result<Plan> {
	const {
		snapshot, parts: {
			steps, consequences, heads, created, removed, written, endState, links, kept, checkpoints,
		}, course,
	} = given;
	const {inventory, inventory: {details}} = context;
	const isInside = !isExternal(snapshot);
	if (removed.length > 0 || isInside) {
		refuseUnreadable(context, {canKeep: !isInside});
	}

	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const bases = snapshot.domain!.disks.flatMap(({sourcePath}) => sourcePath ?? []);
	const formatAt = (path: string) => created.some(file => file.path === path) ? 'qcow2' : details.images.find(image => image.path === path)?.format ?? 'qcow2';
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {
				heads,
				chains: [...heads.map(({path}) => path), ...course.layers].map(path => ({path, format: formatAt(path)})),
				...(links && {links}),
				...(kept && {kept}),
				currentSnapshot: course.currentSnapshot,
				snapshots: [
					...details.snapshots.map(({name, parent}) => ({name, parent})),
					...(action.currentState.kind === 'keep' ? [{name: action.currentState.name, parent: details.currentSnapshot}] : []),
					...course.newSnapshots,
				],
				endState,
				...checkpoints,
			},
			fingerprint: fingerprintOf(inventory, new Set([...bases, ...removed])),
		}),
		consequences: [course.begins, ...describeLeaving(context, action.currentState), ...consequences, ...course.ends],
		images: {created, removed, ...(written && {written}), kept: details.images.map(({path}) => path).filter(path => !removed.includes(path))},
		steps,
	});
}
