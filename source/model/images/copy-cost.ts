/**
What a merge copies, frees and needs meanwhile. `actual-size` does not tell: a compressed image holds more than it takes, a device takes nothing, and what a
lower image holds already does not grow it again. So the data of each run of images is measured (`qemu-img measure`, see tools/files/measure-images.ts).
*/
import {imageAt, isDevice, type ImageGraph} from './image-graph.ts';
import {removalBytes} from './image.ts';
import type {CopyCost, Merge} from './image-merge.ts';

/** A run of images from the top down, read with nothing below it. Its data counts in clusters of the image that it goes into. */
export type ImageRun = {images: string[]; clusterSizeBytes: number};

/** Bytes of data in each run that was measured, by `runKey`. */
export type DataSizes = ReadonlyMap<string, number>;

const defaultClusterBytes = 65_536;

export function runKey({images, clusterSizeBytes}: ImageRun): string {
	return JSON.stringify([clusterSizeBytes, ...images]);
}

type Parts = {all: ImageRun; own: ImageRun; source: ImageRun};

/** The runs of which the data has to be known: all of it, the image that is written into, and what is copied. */
function partsOf(graph: ImageGraph, {method, top, layers, into}: Pick<Merge, 'method' | 'top' | 'layers' | 'into'>): Parts {
	const clusterSizeBytes = imageAt(graph, into)?.clusterSizeBytes ?? defaultClusterBytes;
	const below = [...layers].reverse();
	const run = (images: string[]): ImageRun => ({images, clusterSizeBytes});
	return {all: run([top, ...below]), own: run([into]), source: run(method === 'pull' ? below : [top, ...below.slice(0, -1)])};
}

export function runsOf(graph: ImageGraph, merge: Pick<Merge, 'method' | 'top' | 'layers' | 'into'>): ImageRun[] {
	return Object.values(partsOf(graph, merge));
}

const allocated = (graph: ImageGraph, paths: readonly string[]) => paths.reduce((sum, path) => sum + (imageAt(graph, path)?.allocatedBytes ?? 0), 0);

/** Without measures by what the files take, which is right for images that are not compressed and of which nothing overlaps. */
export function costOf(graph: ImageGraph, merge: Pick<Merge, 'method' | 'top' | 'layers' | 'into' | 'gone'>, sizes: DataSizes | undefined): CopyCost {
	const {method, into, gone} = merge;
	const parts = partsOf(graph, merge);
	const freedBytes = gone.filter(path => !isDevice(graph, path)).flatMap(path => imageAt(graph, path) ?? []).reduce((sum, image) => sum + removalBytes(image), 0);
	const [all, own, source] = [parts.all, parts.own, parts.source].map(run => sizes?.get(runKey(run)));
	if (all === undefined || own === undefined || source === undefined) {
		const copyBytes = allocated(graph, parts.source.images);
		return {copyBytes, growth: {atLeast: 0, atMost: isDevice(graph, into) ? 0 : copyBytes}, freedBytes, isMeasured: false};
	}

	const added = Math.max(0, all - own);
	const copyBytes = method === 'pull' ? added : source;
	const image = imageAt(graph, into);
	// What is written over a compressed cluster, or over one that an internal snapshot holds, takes new room.
	const takesAnew = image !== undefined && (image.internalSnapshots.length > 0 || (image.dataFilePath === undefined && image.allocatedBytes < own));
	return {
		copyBytes,
		growth: isDevice(graph, into)
			? {atLeast: 0, atMost: 0}
			// A pull leaves out what reads the same from below.
			: {atLeast: method === 'pull' ? 0 : added, atMost: method === 'commit' && takesAnew ? copyBytes : added},
		freedBytes,
		isMeasured: true,
	};
}

/** Room for growing so much: tables of qcow2, which are written along, among it. */
export function roomFor(bytes: number): number {
	return bytes === 0 ? 0 : Math.ceil(bytes * 1.002) + (4 * defaultClusterBytes);
}
