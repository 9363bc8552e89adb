/**
Overlays that no record tells of: somebody made them without a snapshot (`--no-metadata`, a backup script that died), or dropped the record.
*/
import {posix} from 'node:path';
import {
	chainOf, contentHoldersOf, imageAt, overlaysOf,
} from '../../model/images/image-graph.ts';
import type {PlanContext} from '../context.ts';
import {isNamedAfter} from '../steps/overlay-name.ts';
import {
	frozenIndex, recordedOverlays, writtenHeads, type Head,
} from './lineage.ts';

/** One disk of a layer: the image that was frozen, and the overlay that was put on it. */
export type LayerDisk = {target: string; frozenPath: string; overlayPath: string};

/** Keys of the images that a record of the domain names as its disks: what is backed by one of them is no clone of a template. */
function ownImages({graph, inventory: {details}}: PlanContext): Set<string> {
	const paths = details.snapshots.flatMap(snapshot => [...recordedOverlays(snapshot).values(), ...(snapshot.domain?.disks ?? []).flatMap(({sourcePath}) => sourcePath ?? [])]);
	return new Set(paths.map(path => graph.keyOf(path)));
}

/** Somebody else needs it, or it may not be written to: a template. */
function isTemplate(context: PlanContext, path: string): boolean {
	const {graph} = context;
	return contentHoldersOf(graph, path).some(pin => pin.domainUuid !== context.uuid)
		|| ((imageAt(graph, path)?.file?.mode ?? 0o600) & 0o222) === 0;
}

/** The overlays from the head down to the first image that a record tells of, or that somebody else needs. */
function unfrozen(context: PlanContext, {target, path}: Head): LayerDisk[] {
	const {graph} = context;
	const frozen = frozenIndex(context);
	const left = new Set((context.inventory.details.domain.definition.leftImages ?? []).map(image => graph.keyOf(image)));
	const chain = chainOf(graph, path);
	const pairs = chain.flatMap((overlayPath, index) => chain[index + 1] === undefined ? [] : [{target, overlayPath, frozenPath: chain[index + 1]!}]);
	const end = pairs.findIndex(({frozenPath}) => frozen.has(graph.keyOf(frozenPath)) || left.has(graph.keyOf(frozenPath)) || isTemplate(context, frozenPath));
	return end === -1 ? pairs : pairs.slice(0, end);
}

/** Certainly made as a snapshot: named after what it is backed by, or backed by an image that was a disk of the domain before. */
function isOwnLayer(own: ReadonlySet<string>, context: PlanContext, {overlayPath, frozenPath}: LayerDisk): boolean {
	return isNamedAfter(overlayPath, frozenPath) || own.has(context.graph.keyOf(frozenPath));
}

/** Those in one folder with what they are backed by that are named otherwise, below the ones that are known for snapshots: clones, or snapshots after all. */
export function unexplainedLayers(context: PlanContext): LayerDisk[] {
	const own = ownImages(context);
	return writtenHeads(context).flatMap(head => {
		const first = unfrozen(context, head).find(layer => !isOwnLayer(own, context, layer));
		const isLone = first !== undefined && overlaysOf(context.graph, first.frozenPath).length === 1;
		return isLone && posix.dirname(first.overlayPath) === posix.dirname(first.frozenPath) ? [first] : [];
	});
}

/** The images below such overlays. */
export function foldedImages(context: PlanContext): string[] {
	return unrecordedLayers(context).flat().map(({frozenPath}) => frozenPath);
}

/** From the oldest to the youngest; each names the disks that were frozen together, as far as their order from the top tells. */
export function unrecordedLayers(context: PlanContext): LayerDisk[][] {
	const own = ownImages(context);
	const byDisk = writtenHeads(context).map(head => {
		const layers = unfrozen(context, head);
		const end = layers.findIndex(layer => !isOwnLayer(own, context, layer));
		return end === -1 ? layers : layers.slice(0, end);
	});
	const depth = Math.max(0, ...byDisk.map(layers => layers.length));
	return Array.from({length: depth}, (_, fromTop) => byDisk.flatMap(layers => layers[fromTop] ?? [])).reverse();
}
