/**
Checkpoints in the records of states that were left. A domain has checkpoints of one line alone; those of a state that is kept are noted in its record, and recorded again
when somebody goes back to it, or to a snapshot before it.
*/
import {bitmapHealth} from '../../model/domain/checkpoint-health.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {frozenPath, type Checkpoint, type NotedCheckpoint, type Snapshot} from '../../model/domain/snapshot.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import {chainOf, imageAt, type ImageGraph} from '../../model/images/image-graph.ts';
import type {PlanContext} from '../context.ts';
import {frozenIndex, writtenHeads} from './lineage.ts';

/** A disk and the image that it is to be on. */
type Below = {target: string; basePath: string};

const holds = (graph: ImageGraph, path: string, name: string): boolean => imageAt(graph, path)?.bitmaps.some(bitmap => bitmap.name === name) ?? false;

const isAmong = (graph: ImageGraph, path: string, wanted: string): boolean => chainOf(graph, path).some(link => graph.keyOf(link) === graph.keyOf(wanted));

/** By target, the lowest image that holds its bitmap: what the disk was on when the checkpoint was made, or what that was merged into. */
function originsOf(context: PlanContext, {disks}: Checkpoint): Map<string, string> {
	const {graph, inventory: {details: {domain}}} = context;
	return new Map(disks.flatMap(({target, bitmap, sizeBytes}) => {
		const head = writtenHeads(context).find(candidate => candidate.target === target);
		if (bitmap === undefined || head === undefined) {
			return [];
		}

		const [top = head.path, ...below] = chainOf(graph, head.path);
		// The file of an image that a running guest writes to does not tell.
		const isInHead = hasProcess(domain) ? sizeBytes !== undefined : holds(graph, top, bitmap);
		const lowest = below.findLast(path => holds(graph, path, bitmap)) ?? (isInHead ? top : undefined);
		return lowest === undefined ? [] : [[target, lowest] as const];
	}));
}

/** For the record of the state that is left. */
export function notesOf(context: PlanContext): NotedCheckpoint[] {
	return context.inventory.details.checkpoints.map(checkpoint => ({checkpoint, origins: originsOf(context, checkpoint)}));
}

/** Whether it was made on the way to these images, as far as its bitmaps tell: on another line, one of the same name may have been made. */
export function isOnTheWay(context: PlanContext, checkpoint: Checkpoint, disks: readonly Below[]): boolean {
	const origins = originsOf(context, checkpoint);
	return disks.every(({target, basePath}) => !origins.has(target) || isAmong(context.graph, basePath, origins.get(target)!));
}

/** Whether each image that was written to since then holds the bitmap: on another line, it may have been removed from those that both lines have. */
function isWholeBelow(context: PlanContext, {checkpoint, origins}: NotedCheckpoint, disks: readonly Below[]): boolean {
	const {graph} = context;
	const frozen = frozenIndex(context);
	return checkpoint.disks.every(({target, bitmap}) => {
		const disk = disks.find(candidate => candidate.target === target);
		if (bitmap === undefined || disk === undefined) {
			return true;
		}

		const origin = origins.get(target);
		const wanted = origin !== undefined && isAmong(graph, disk.basePath, origin)
			? [origin]
			: chainOf(graph, disk.basePath).filter(path => frozen.get(graph.keyOf(path))?.some(({createdAt}) => createdAt > checkpoint.createdAt));
		return bitmapHealth(graph, disk.basePath, bitmap) === 'good' && wanted.every(path => holds(graph, path, bitmap));
	});
}

/** What its own record notes, and those of states that come after it, as far as it was there by then. `isWhole`: nothing is missing in the images. */
export function notedBefore(context: PlanContext, snapshot: Snapshot, disks: readonly Below[]): Array<{checkpoint: Checkpoint; isWhole: boolean}> {
	const {snapshots} = context.inventory.details;
	const after = withDescendants(snapshots, snapshot.name);
	const later = snapshots.filter(({name}) => name !== snapshot.name && after.has(name)).flatMap(({checkpoints = []}) => checkpoints)
		.filter(({checkpoint}) => checkpoint.createdAt <= snapshot.createdAt)
		.sort((a, b) => b.checkpoint.createdAt - a.checkpoint.createdAt);
	const byName = new Map<string, NotedCheckpoint>();
	for (const noted of [...snapshot.checkpoints ?? [], ...later]) {
		if (!byName.has(noted.checkpoint.name)) {
			byName.set(noted.checkpoint.name, noted);
		}
	}

	return [...byName.values()].map(noted => ({checkpoint: noted.checkpoint, isWhole: isWholeBelow(context, noted, disks)}));
}

/** In the images of all states that are kept: the bitmaps of checkpoints that can be recorded again. */
export function notedBitmaps(context: PlanContext): Array<{path: string; name: string}> {
	const {graph, inventory: {details: {snapshots}}} = context;
	return snapshots.filter(({checkpoints}) => checkpoints !== undefined).flatMap(snapshot => {
		const disks = snapshot.disks.flatMap(({target, mode}) => {
			const basePath = mode === 'external' ? frozenPath(snapshot, target) : undefined;
			return basePath === undefined ? [] : [{target, basePath}];
		});
		return snapshot.checkpoints!.filter(noted => isWholeBelow(context, noted, disks)).flatMap(({checkpoint}) => checkpoint.disks.flatMap(({target, bitmap}) => {
			const disk = disks.find(candidate => candidate.target === target);
			return bitmap === undefined || disk === undefined ? [] : chainOf(graph, disk.basePath).map(path => ({path, name: bitmap}));
		}));
	});
}
