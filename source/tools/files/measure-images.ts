/**
How much data images hold, by `qemu-img measure`: a run of layers is opened as if nothing were below it, and what a qcow2 image of it would need, less its
tables, is its data. Compressed clusters count as what they hold; a hole of a raw file counts as nothing (seen with QEMU 7.2).
*/
import type {Image} from '../../model/images/image.ts';
import {runKey, type ImageRun} from '../../model/images/copy-cost.ts';
import type {Runner} from '../run/run.ts';

const measureTimeoutMs = 60_000;

type BlockOptions = {[key: string]: string | BlockOptions | null};

/** QEMU's options for the run: each layer by its own format, the lowest without its backing file. Undefined: a layer is not known. */
function openingOf(layers: ReadonlyArray<Image | undefined>): BlockOptions | undefined {
	const [top, ...below] = layers;
	if (top?.format === undefined || !top.path.startsWith('/')) {
		return undefined;
	}

	const file: BlockOptions = {driver: top.file?.isRegular === false ? 'host_device' : 'file', filename: top.path};
	const backing = below.length === 0 ? null : openingOf(below);
	if (backing === undefined || (top.format === 'raw' && below.length > 0)) {
		return undefined;
	}

	return top.format === 'raw'
		? {driver: 'raw', file}
		: {
			driver: top.format, file,
			...(top.dataFilePath !== undefined && {'data-file': {driver: 'file', filename: top.dataFilePath}}),
			...(top.format === 'qcow2' && {backing}),
		};
}

/** Output of `qemu-img measure -O qcow2`: "fully-allocated" is the disk whole and the tables, "required" the data and the tables. */
export function parseMeasure(stdout: string, {virtualSizeBytes, clusterSizeBytes}: {virtualSizeBytes: number; clusterSizeBytes: number}): number | undefined {
	try {
		const {required, 'fully-allocated': full} = JSON.parse(stdout) as {required?: unknown; 'fully-allocated'?: unknown};
		const whole = Math.ceil(virtualSizeBytes / clusterSizeBytes) * clusterSizeBytes;
		return typeof required === 'number' && typeof full === 'number' ? Math.max(0, required - full + whole) : undefined;
	} catch {
		return undefined;
	}
}

/** By `runKey`; runs that cannot be measured (encrypted, in the network, of another format) are left out. Never fails: a plan can do without. */
export async function readDataSizes(runner: Runner, runs: readonly ImageRun[], images: readonly Image[]): Promise<Map<string, number>> {
	const byPath = new Map(images.map(image => [image.path, image]));
	const sizes = new Map<string, number>();
	for (const run of new Map(runs.map(run => [runKey(run), run])).values()) {
		const layers = run.images.map(path => byPath.get(path));
		const opening = openingOf(layers);
		const answer = opening === undefined
			? undefined
			: await runner({
				argv: ['qemu-img', 'measure', '-U', '--output=json', '-O', 'qcow2', '-o', `cluster_size=${run.clusterSizeBytes}`, `json:${JSON.stringify(opening)}`],
				where: 'host',
				timeoutMs: measureTimeoutMs,
			});
		const bytes = answer?.ok ? parseMeasure(answer.value.stdout, {virtualSizeBytes: layers[0]!.virtualSizeBytes, clusterSizeBytes: run.clusterSizeBytes}) : undefined;
		if (bytes !== undefined) {
			sizes.set(runKey(run), bytes);
		}
	}

	return sizes;
}
