/**
Overlays that no record tells of: somebody made them without a snapshot (`--no-metadata`, a backup script that died), or dropped the record.
*/
import {
	chainOf, contentHoldersOf, imageAt,
} from '../../model/images/image-graph.ts';
import type {PlanContext} from '../context.ts';
import {isNamedAfter} from '../steps/overlay-name.ts';
import {frozenIndex, writtenHeads} from './lineage.ts';

/** One disk of a layer: the image that was frozen, and the overlay that was put on it. */
export type LayerDisk = {target: string; frozenPath: string; overlayPath: string};

/** An overlay beside its backing file, named after it, on an image that no snapshot froze and that nothing else needs. */
function layersOf(context: PlanContext, target: string, headPath: string, frozen: ReadonlySet<string>): LayerDisk[] {
	const {graph} = context;
	const left = new Set((context.inventory.details.domain.definition.leftImages ?? []).map(path => graph.keyOf(path)));
	const chain = chainOf(graph, headPath);
	const layers: LayerDisk[] = [];
	for (const [index, overlayPath] of chain.entries()) {
		const frozenPath = chain[index + 1];
		if (frozenPath === undefined || frozen.has(graph.keyOf(frozenPath)) || left.has(graph.keyOf(frozenPath)) || !isNamedAfter(overlayPath, frozenPath)) {
			break;
		}

		const isShared = contentHoldersOf(graph, frozenPath).some(pin => pin.domainUuid !== context.uuid) || imageAt(graph, frozenPath)?.file?.mode === 0o444;
		if (isShared) {
			break;
		}

		layers.push({target, frozenPath, overlayPath});
	}

	return layers;
}

/** From the oldest to the youngest; each names the disks that were frozen together, as far as their order from the top tells. */
export function unrecordedLayers(context: PlanContext): LayerDisk[][] {
	const frozen = new Set(frozenIndex(context).keys());
	const byDisk = writtenHeads(context).map(({target, path}) => layersOf(context, target, path, frozen));
	const depth = Math.max(0, ...byDisk.map(layers => layers.length));
	return Array.from({length: depth}, (_, fromTop) => byDisk.flatMap(layers => layers[fromTop] ?? [])).reverse();
}
