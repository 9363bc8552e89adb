/**
Whether a backup can start from a checkpoint, disk by disk.
*/
import {chainOf, imageAt, isWholeChain, type ImageGraph} from '../images/image-graph.ts';
import {headDisks, hasProcess, type Domain} from './domain.ts';
import type {Checkpoint} from './snapshot.ts';

/** `unknown`: QEMU keeps its images inactive, or was not asked, or the chain cannot be read. */
export type BitmapHealth = 'good' | 'broken' | 'missing' | 'unknown';

export type DiskHealth = {target: string; bitmap: string; health: BitmapHealth};

/** By what the files hold. The layers that have a bitmap must be contiguous from the top, each with a good one; QEMU asks for no more. */
export function bitmapHealth(graph: ImageGraph, path: string, name: string): BitmapHealth {
	if (!isWholeChain(graph, path)) {
		return 'unknown';
	}

	const found = chainOf(graph, path).map(link => imageAt(graph, link)?.bitmaps.find(bitmap => bitmap.name === name));
	const end = found.indexOf(undefined);
	const contiguous = end === -1 ? found : found.slice(0, end);
	const isWhole = contiguous.every(bitmap => bitmap?.isUsable) && found.slice(contiguous.length).every(bitmap => bitmap === undefined);
	return contiguous.length === 0 ? 'missing' : (isWhole ? 'good' : 'broken');
}

/**
While the domain runs its bitmaps are in QEMU's memory, and the files do not tell: QEMU tells no size where one is missing or broken. Paused after a revert to memory
it holds its images inactive, and then lists none of them (QEMU >= 10). `all`: every checkpoint of the domain.
*/
export function healthOf(checkpoint: Checkpoint, {domain, graph, all}: {domain: Domain; graph: ImageGraph; all: readonly Checkpoint[]}): DiskHealth[] {
	const heads = new Map(headDisks(domain).map(({target, sourcePath}) => [target, sourcePath]));
	const isInactive = domain.state === 'paused' && all.every(({disks}) => disks.every(({sizeBytes}) => sizeBytes === undefined));
	return checkpoint.disks.flatMap(({target, bitmap, sizeBytes}) => {
		const path = heads.get(target);
		if (bitmap === undefined) {
			return [];
		}

		if (hasProcess(domain)) {
			return [{target, bitmap, health: sizeBytes === undefined ? (isInactive || checkpoint.isMeasured !== true ? 'unknown' : 'broken') : 'good'}];
		}

		return [{target, bitmap, health: path === undefined ? 'missing' : bitmapHealth(graph, path, bitmap)}];
	});
}
