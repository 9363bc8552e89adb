/**
What happens to the images that a domain leaves for a snapshot: shared by revert and branch.
*/
import {abandonHead} from '../../model/images/abandon-head.ts';
import {buildImageGraph} from '../../model/images/image-graph.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {PlanContext} from '../../planner/context.ts';
import type {Kept} from '../../planner/steps/keep.ts';
import type {RevertDisks} from '../../planner/steps/revert-disks.ts';
import {describeStaying} from './words.ts';

/** What can be removed when the heads are left, seen from the graph as it will be. */
export function abandonHeads(context: PlanContext, disks: RevertDisks, kept: Kept | undefined) {
	const remaining: Pin[] = [
		...context.pins.filter(pin => !(pin.hold === 'head' && pin.domainUuid === context.uuid)),
		...disks.untouched.map((disk): Pin => ({path: disk.path, hold: 'head', domainUuid: context.uuid, label: 'head', snapshot: undefined, target: disk.target})),
		...disks.overlaid.map((disk): Pin => ({path: disk.basePath, hold: 'content', domainUuid: context.uuid, label: 'new overlay', snapshot: undefined, target: disk.target})),
		...(kept?.pins ?? []),
	];
	const graph = buildImageGraph(context.inventory.details.images, remaining);
	const removed: string[] = [];
	const consequences: Consequence[] = [];
	for (const disk of disks.overlaid) {
		if (disk.headPath === undefined) {
			continue;
		}

		const {removable, staying} = abandonHead(graph, disk.headPath);
		removed.push(...removable.filter(path => !removed.includes(path)));
		consequences.push(...describeStaying(staying, disk.target));
	}

	return {removed, consequences};
}
