/**
Where a definition records another chain than the headers of the images tell. QEMU is started on the recorded one (docs/facts/behaviour.md#recorded-chains), so
whoever drops the record changes what the guest reads.
*/
import {chainOf, imageAt, type ImageGraph} from '../images/image-graph.ts';
import type {Disk} from './domain.ts';

export type ChainConflict = {
	/** The image whose backing file is told differently. */
	path: string;
	/** Undefined: nothing, it is the last one. */
	recorded: {path: string; format: string | undefined} | undefined;
	header: {path: string; format: string | undefined} | undefined;
};

/** The first place at which the two part; undefined where they agree, as far as files are known. */
export function chainConflict(graph: ImageGraph, disk: Disk): ChainConflict | undefined {
	const {recordedChain, sourcePath} = disk;
	if (recordedChain === undefined || sourcePath === undefined) {
		return undefined;
	}

	let path = sourcePath;
	for (const recorded of [...recordedChain.layers, ...(recordedChain.isWhole ? [undefined] : [])]) {
		const image = imageAt(graph, path);
		if (image === undefined || image.problems.some(({kind}) => kind === 'missing' || kind === 'unreadable') || (recorded !== undefined && recorded.path === undefined)) {
			return undefined;
		}

		const header = image.backingPath === undefined ? undefined : {path: image.backingPath, format: image.backingFormat};
		const isSamePath = recorded?.path === undefined ? header === undefined : header !== undefined && graph.keyOf(header.path) === graph.keyOf(recorded.path);
		const isSameFormat = recorded?.format === undefined || header?.format === undefined || recorded.format === header.format;
		if (!isSamePath || !isSameFormat) {
			return {path, recorded: recorded?.path === undefined ? undefined : {path: recorded.path, format: recorded.format}, header};
		}

		path = recorded?.path ?? path;
	}

	return undefined;
}

/**
The same for a record of the past. Merges take layers out, rightly, and old records go on naming them; only a layer that the record never knew tells of somebody
who put the image on another one.
*/
export function foreignLayer(graph: ImageGraph, disk: Disk): ChainConflict | undefined {
	const conflict = chainConflict(graph, disk);
	const known = new Set((disk.recordedChain?.layers ?? []).flatMap(({path}) => path === undefined ? [] : [graph.keyOf(path)]));
	const isThere = conflict?.recorded !== undefined && imageAt(graph, conflict.recorded.path)?.problems.every(({kind}) => kind !== 'missing');
	return conflict?.header !== undefined && isThere && !known.has(graph.keyOf(conflict.header.path)) ? conflict : undefined;
}

/** The encrypted layers that the headers lead to below a head, without those for which the definition records a secret. */
export function layersWithoutSecret(graph: ImageGraph, disk: Disk): string[] {
	const withSecret = new Set((disk.recordedChain?.layers ?? []).flatMap(({path, isEncrypted}) => path === undefined || !isEncrypted ? [] : [graph.keyOf(path)]));
	const head = disk.isEncrypted && disk.sourcePath !== undefined ? graph.keyOf(disk.sourcePath) : undefined;
	return disk.sourcePath === undefined ? [] : encryptedLayers(graph, disk.sourcePath).filter(path => graph.keyOf(path) !== head && !withSecret.has(graph.keyOf(path)));
}

/** The images from `path` down, itself among them, that are encrypted by themselves. */
export function encryptedLayers(graph: ImageGraph, path: string): string[] {
	return chainOf(graph, path).filter(layer => imageAt(graph, layer)?.isEncrypted);
}
