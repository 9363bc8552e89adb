/**
What stands in the way of merging images: broken or locked chains, bitmaps that would be lost, no room, no permission.
*/
import {posix} from 'node:path';
import type {Collection, Merge} from '../../model/collect.ts';
import {formatBytes} from '../../model/format.ts';
import {imageAt} from '../../model/image-graph.ts';
import {blockChain, blockForeignHeads, blockHeldHead} from './blockers.ts';
import type {PlanContext} from './context.ts';
import {bitmapsInQemu} from './merge-qemu.ts';
import {requirePlainLayers} from './recorded-chains.ts';

function blockRoom(context: PlanContext, merges: readonly Merge[]): void {
	const needed = new Map<string, {bytes: number; free: number; folder: string}>();
	for (const merge of merges) {
		const folderPath = posix.dirname(merge.into);
		const folder = context.inventory.folders.get(folderPath);
		if (folder) {
			const sum = needed.get(folder.device) ?? {bytes: 0, free: folder.freeBytes, folder: folderPath};
			needed.set(folder.device, {...sum, bytes: sum.bytes + merge.copyBytes});
		}
	}

	for (const {bytes, free, folder} of needed.values()) {
		if (free < bytes) {
			context.blockers.push({
				kind: 'no-space',
				text: `Not enough room in ${folder}: ${formatBytes(free)} free, and up to ${formatBytes(bytes)} are copied there before anything is removed.`,
				remedy: 'Make room there, then try again.',
			});
		}
	}
}

function blockBitmaps(context: PlanContext, merge: Merge): void {
	for (const path of merge.way === 'pull' ? merge.layers : [...merge.layers, merge.top]) {
		const stored = (imageAt(context.graph, path)?.bitmaps ?? []).map(({name}) => name);
		const bitmaps = [...new Set([...stored, ...bitmapsInQemu(context, path)])];
		if (bitmaps.length > 0) {
			context.blockers.push({
				kind: 'checkpoint',
				text: `The image ${path} holds bitmaps of checkpoints (${bitmaps.join(', ')}), which a merge would lose.`,
				remedy: 'Delete these checkpoints first (virsh checkpoint-delete), or make a full backup and start anew.',
			});
		}
	}
}

function blockDisks(context: PlanContext, merge: Merge): void {
	const {domain, snapshots} = context.inventory.picture;
	const keys = new Set([...merge.layers, merge.top].map(path => context.graph.keyOf(path)));
	const disks = [domain.definition, ...snapshots.map(snapshot => snapshot.domain)].flatMap(definition => definition?.disks ?? []);
	const special = disks.find(disk => disk.sourcePath !== undefined && keys.has(context.graph.keyOf(disk.sourcePath)) && (disk.isEncrypted || disk.hasSlices));
	if (special) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The disk ${special.target} is ${special.isEncrypted ? 'encrypted' : 'a slice of its file'}: its images cannot be merged by this version.`,
		});
	}
}

/** Appends blockers. The files that go have to be in folders that may be written to. */
export function blockMerges(context: PlanContext, {merges, removed}: Collection): void {
	for (const merge of merges) {
		blockChain(context, merge.top);
		blockForeignHeads(context, merge.top);
		blockHeldHead(context, merge.top);
		blockBitmaps(context, merge);
		blockDisks(context, merge);
		requirePlainLayers(context, posix.basename(merge.top), merge.top);
	}

	if (merges.length > 0 && context.inventory.picture.domain.liveDefinition !== undefined && context.inventory.picture.checkpoints.length > 0) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `The domain has checkpoints (${context.inventory.picture.checkpoints.map(({name}) => name).join(', ')}), whose bitmaps a merge in the running domain would lose.`,
			remedy: 'Delete the checkpoints first (virsh checkpoint-delete).',
		});
	}

	const folders = new Set([...removed, ...merges.flatMap(merge => [...merge.gone, merge.into])].map(path => posix.dirname(path)));
	for (const path of folders) {
		if (context.inventory.folders.get(path)?.isWritable === false) {
			context.blockers.push({kind: 'not-permitted', text: `The folder ${path} is not writable for you.`, remedy: 'Run as a user who may write there, or make the file system writable.'});
		}
	}

	blockRoom(context, merges);
}
