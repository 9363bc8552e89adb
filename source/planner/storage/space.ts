/**
What a plan does to the room on the host, as `du` counts it: all its files together, net, and what it needs before anything is removed. Read from the plan itself, so
that no planner can say one thing and do another.
*/
import {posix} from 'node:path';
import {imageAt, type ImageGraph} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {
	goneWith, type Consequence, type Plan, type Space,
} from '../../model/plan/plan.ts';
import {formatBytes} from '../../model/text/format.ts';
import {storageAt} from './storage.ts';

/** An empty qcow2 overlay takes about 200 KiB; where the image is large, a few tables more. */
const overlayBytes = 262_144;

type Range = Space['freed'];

const sum = (ranges: readonly Range[]): Range => ({atLeast: ranges.reduce((all, {atLeast}) => all + atLeast, 0), atMost: ranges.reduce((all, {atMost}) => all + atMost, 0)});

const exactly = (bytes: number): Range => ({atLeast: bytes, atMost: bytes});

/** Undefined: nobody can tell beforehand what the file takes. */
function removedBytes({memoryFiles, nvramFiles}: Inventory, graph: ImageGraph, path: string): number | undefined {
	const memory = memoryFiles.get(path);
	return imageAt(graph, path)?.allocatedBytes ?? (memory?.kind === 'good' ? memory.sizeBytes : nvramFiles.get(path)?.sizeBytes);
}

/** A file without a format is a copy of firmware variables, named after their file, or holds the memory of the guest, whatever it is called. */
function createdBytes({details: {domain}, nvramFiles}: Inventory, {path, format, bytes}: Plan['images']['created'][number]): Range {
	if (bytes !== undefined) {
		return {atLeast: bytes.atLeast, atMost: bytes.atMost + overlayBytes};
	}

	if (format !== undefined) {
		return {atLeast: 0, atMost: overlayBytes};
	}

	const variables = [...nvramFiles].find(([file]) => path.startsWith(`${file}.`))?.[1];
	return {atLeast: 0, atMost: variables?.sizeBytes ?? domain.definition.memoryBytes};
}

/** The files that the plan makes, removes or writes to. */
export function filesOf({images: {created, removed, written = []}}: Pick<Plan, 'images'>): string[] {
	return [...new Set([...created.map(({path}) => path), ...removed, ...written])];
}

/** Undefined where it changes no file, or where nobody can tell beforehand: a state inside an image is given back to that image, as far as it is. */
export function spaceOf(plan: Plan, inventory: Inventory, graph: ImageGraph): Space | undefined {
	const {images: {created, removed}, steps} = plan;
	const files = filesOf(plan).filter(path => storageAt(graph, path).kind === 'file');
	// What deletes a snapshot and frees nothing is told as well.
	const isTold = files.length > 0 || goneWith(plan).length > 0;
	const grown = steps.flatMap(({grows}) => grows?.byBytes ?? []);
	const leftBehind = removed.map(path => removedBytes(inventory, graph, path));
	if (steps.some(({changesInside}) => changesInside) || !isTold || steps.some(({grows}) => grows !== undefined && grows.byBytes === undefined)) {
		return undefined;
	}

	const taken = sum([...grown, ...created.map(file => createdBytes(inventory, file))]);
	const freed = sum(leftBehind.map(bytes => bytes === undefined ? {atLeast: 0, atMost: 0} : exactly(bytes)));
	const folders = [...new Set(files.map(path => posix.dirname(path)))].flatMap(folder => inventory.folders.get(folder) ?? []);
	return {
		freed: {atLeast: freed.atLeast - taken.atMost, atMost: freed.atMost - taken.atLeast},
		meanwhileBytes: taken.atMost,
		...(folders.length > 0 && {leftBytes: Math.min(...folders.map(({freeBytes}) => freeBytes))}),
	};
}

/** "frees 0 B to 700 MiB", "takes up to 1.0 MiB more": net, when all is done. */
function describeFreed({atLeast, atMost}: Range): string {
	const [low, high] = [atLeast, atMost].map(bytes => formatBytes(Math.abs(bytes)));
	if (atLeast >= 0) {
		return `frees ${low === high ? low : `${low} to ${high}`}`;
	}

	return atMost > 0 ? `frees up to ${high}, or takes up to ${low} more` : `takes ${atMost === 0 ? `up to ${low}` : (low === high ? low : `${high} to ${low}`)} more`;
}

export function describeSpace({freed, meanwhileBytes, leftBytes}: Space): Consequence {
	return {severity: 'info', text: [
		`Disk space: ${describeFreed(freed)} in all`,
		...(meanwhileBytes > overlayBytes && freed.atMost > 0 ? [`needs up to ${formatBytes(meanwhileBytes)} in the meantime`] : []),
		...(leftBytes === undefined ? [] : [`${formatBytes(leftBytes)} free now`]),
	].join('; ') + '.'};
}
