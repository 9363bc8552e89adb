/**
Which file must lie right below each image afterwards, for the proof: told by device and inode, because a name may lead somewhere else than the plan meant.
*/
import type {Merge} from '../model/images/image-merge.ts';
import {imageAt} from '../model/images/image-graph.ts';
import type {Expected} from '../model/plan/plan.ts';
import type {PlanContext} from './context.ts';
import type {OverlaidDisk} from './steps/revert-disks.ts';

type Links = NonNullable<Expected['links']>;

function linkTo(context: PlanContext, path: string, backingPath: string | undefined): Links {
	const inode = backingPath === undefined ? undefined : imageAt(context.graph, backingPath)?.file?.inode;
	return backingPath === undefined || inode === undefined ? [] : [{path, backing: {path: backingPath, inode}}];
}

/** The links that merges write: a pull puts its top on what lay below the run, a commit tells what was backed by the top that it is backed by the lowest image. */
export function linksOfMerges(context: PlanContext, merges: readonly Merge[]): Links {
	return merges.flatMap(({method, top, below, into, rebased}) => method === 'pull'
		? linkTo(context, top, below)
		: rebased.flatMap(path => linkTo(context, path, into)));
}

/** New overlays on images that are there. */
export function linksOfOverlays(context: PlanContext, disks: readonly OverlaidDisk[]): Links {
	return disks.flatMap(({overlayPath, basePath}) => linkTo(context, overlayPath, basePath));
}

/** Overlays that are put on a file at another place. */
export function linksOfMoved(context: PlanContext, links: ReadonlyArray<{path: string; backingPath: string}>): Links {
	return links.flatMap(({path, backingPath}) => linkTo(context, path, backingPath));
}
