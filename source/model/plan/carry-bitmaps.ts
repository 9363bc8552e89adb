/**
Bitmaps of a head that is committed and completed: at that moment the image below is open for writing, and whatever the guest writes goes into both.
*/
import type {CarriedBitmap, FrozenBitmaps, QmpCommand} from './plan.ts';

const textOf = (value: unknown): string => typeof value === 'string' ? value : '';

/** One transaction: made and filled at one moment, the new ones miss no write. `command`: the commit. */
export function carryingBitmaps({arguments: {device, 'base-node': base}}: Pick<QmpCommand, 'arguments'>, carried: readonly CarriedBitmap[]): {actions: Array<{type: string; data: Record<string, unknown>}>} {
	return {
		actions: carried.flatMap(({name, granularityBytes}) => [
			{type: 'block-dirty-bitmap-add', data: {node: textOf(base), name, granularity: granularityBytes, persistent: true}},
			{type: 'block-dirty-bitmap-merge', data: {node: textOf(base), target: name, bitmaps: [{node: textOf(device), name}]}},
		]),
	};
}

/** One transaction, while the job that copies waits with the image open for writing: what the job itself has written there is then no longer to come. */
export function mergingFrozen({bitmaps, nodes}: FrozenBitmaps): {actions: Array<{type: string; data: Record<string, unknown>}>} {
	const node = nodes.into;
	return {
		actions: bitmaps.flatMap(({name, granularityBytes, isNew, from}) => [
			...(isNew ? [{type: 'block-dirty-bitmap-add', data: {node, name, granularity: granularityBytes, persistent: true}}] : []),
			{type: 'block-dirty-bitmap-merge', data: {node, target: name, bitmaps: from.map(key => ({node: nodes[key], name}))}},
		]),
	};
}
