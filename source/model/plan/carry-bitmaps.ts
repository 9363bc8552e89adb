/**
Bitmaps of images that are merged by a job. While it waits at its end, or is ready to be completed, the image that it writes to is open for writing, and whatever it had to write
there is written: what the guest of a head that is committed writes from then on goes into both.
*/
import type {MovedBitmaps} from './plan.ts';

/** One transaction: made and filled at one moment, the new ones miss no write. */
export function movingBitmaps({bitmaps, nodes}: MovedBitmaps): {actions: Array<{type: string; data: Record<string, unknown>}>} {
	const node = nodes.into;
	return {
		actions: bitmaps.flatMap(({name, granularityBytes, isNew, from}) => [
			...(isNew ? [{type: 'block-dirty-bitmap-add', data: {node, name, granularity: granularityBytes, persistent: true}}] : []),
			{type: 'block-dirty-bitmap-merge', data: {node, target: name, bitmaps: from.map(key => ({node: nodes[key], name}))}},
		]),
	};
}
