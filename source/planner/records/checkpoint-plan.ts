/**
What the plans for checkpoints have in common: they leave the domain in its state, on its disks and with its snapshots.
*/
import type {Action} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {CheckpointProof, Plan, Step} from '../../model/plan/plan.ts';
import {fail, mapResult, succeed, type Result} from '../../model/result.ts';
import type {PlanArguments, PlanContext} from '../context.ts';
import {writtenHeads} from './lineage.ts';
import {assembleRepair, emptyRepair, type Repair} from './repair-plan.ts';

/** Fails with `checkpoint-not-found`. */
export function findCheckpoint({inventory: {details: {domain, checkpoints}}}: PlanContext, name: string): Result<Checkpoint> {
	const found = checkpoints.find(checkpoint => checkpoint.name === name);
	return found === undefined ? fail({kind: 'checkpoint-not-found', domain: domain.name, name, known: checkpoints.map(checkpoint => checkpoint.name)}) : succeed(found);
}

/** The checkpoint that the next one comes after: the youngest that none comes after. */
export function lastCheckpoint(checkpoints: readonly Checkpoint[]): Checkpoint | undefined {
	const parents = new Set(checkpoints.map(({parent}) => parent));
	let last: Checkpoint | undefined;
	for (const checkpoint of checkpoints) {
		if (!parents.has(checkpoint.name) && (last === undefined || checkpoint.createdAt >= last.createdAt)) {
			last = checkpoint;
		}
	}

	return last;
}

/** The images of the disk's chain that hold a bitmap of the checkpoint, from the top down. */
export function imagesWithBitmap(context: PlanContext, {target, bitmap}: {target: string; bitmap: string | undefined}): Image[] {
	const head = writtenHeads(context).find(candidate => candidate.target === target);
	return head === undefined
		? []
		: chainOf(context.graph, head.path).flatMap(path => {
			const image = imageAt(context.graph, path);
			return image?.bitmaps.some(({name}) => name === bitmap) ? [image] : [];
		});
}

export const isOff = ({inventory: {details}}: PlanContext): boolean => !hasProcess(details.domain);

const phases = ['check', 'create', 'switch', 'remove'];

const inPhases = (steps: Step[]): Step[] => [...steps].sort((a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase));

/** `proof`: what is expected of checkpoints. Fails with `refused` and every reason that stands in the context. */
export function assembleCheckpointPlan(context: PlanContext, given: {action: Action; arguments: PlanArguments; proof: CheckpointProof}, {files, ...parts}: Partial<Repair> & {files?: Plan['images']['created']}): Result<Plan> {
	return mapResult(assembleRepair(context, given.action, given.arguments, {...emptyRepair(context), ...parts, steps: inPhases(context.hypervisor.checkpoints.within(parts.steps ?? []))}), plan => {
		const [target] = plan.targets;
		return {...plan, images: files === undefined ? plan.images : {...plan.images, created: files}, targets: [{...target, expected: {...target.expected, ...given.proof}}]};
	});
}
