/**
What a plan does to the room on the host, as `du` counts it: all its files together, net, and what it needs before anything is removed. Read from the plan itself, so
that no planner can say one thing and do another.
*/
import {posix} from 'node:path';
import {imageAt, type ImageGraph} from '../../model/images/image-graph.ts';
import {removalBytes} from '../../model/images/image.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {
	goneWith, type Consequence, type Plan, type Space,
} from '../../model/plan/plan.ts';
import {describeFreed, formatBytes} from '../../model/text/format.ts';
import {storageAt} from './storage.ts';

/** An empty qcow2 overlay takes about 200 KiB; where the image is large, a few tables more. */
const overlayBytes = 262_144;

type Range = Space['freed'];

const sum = (ranges: readonly Range[]): Range => ({atLeast: ranges.reduce((all, {atLeast}) => all + atLeast, 0), atMost: ranges.reduce((all, {atMost}) => all + atMost, 0)});

const exactly = (bytes: number): Range => ({atLeast: bytes, atMost: bytes});

/** Undefined: nobody can tell beforehand what the file takes. */
function removedBytes({memoryFiles, nvramFiles}: Inventory, graph: ImageGraph, path: string): number | undefined {
	const memory = memoryFiles.get(path);
	const image = imageAt(graph, path);
	return image === undefined ? (memory?.kind === 'good' ? memory.sizeBytes : nvramFiles.get(path)?.sizeBytes) : removalBytes(image);
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

/** States inside images: a new one takes tables, and the memory of the guest where that is saved along; QEMU gives back what only a deleted one held. */
function insideOf({images: {written = []}, steps}: Plan, {details: {domain}}: Inventory): {taken: Range; deletedFrom: string[]} {
	const kinds = new Set(steps.map(({changesInside}) => changesInside));
	const hasMemory = kinds.has('adds-with-memory');
	const memoryBytes = hasMemory ? domain.definition.memoryBytes : 0;
	return {
		taken: {atLeast: 0, atMost: hasMemory || kinds.has('adds') ? (written.length * overlayBytes) + memoryBytes : 0},
		deletedFrom: kinds.has('deletes') ? written : [],
	};
}

/** Those of the images, and those that backups go to and come from. */
function foldersOf({folders, backups, restorePlace}: Inventory): Inventory['folders'] {
	return new Map([...folders, ...(backups ? [[backups.path, backups.folder] as const] : []), ...(restorePlace ? [[restorePlace.target.path, restorePlace.target.facts] as const] : [])]);
}

/** Undefined where it changes no file, or where it cannot be told beforehand. */
export function spaceOf(plan: Plan, inventory: Inventory, graph: ImageGraph): Space | undefined {
	const {images: {created, removed}, steps} = plan;
	const files = filesOf(plan).filter(path => storageAt(graph, path).kind === 'file');
	// What deletes a snapshot and frees nothing is told as well.
	const grown = steps.flatMap(({grows}) => grows?.byBytes ?? []);
	// What a header or a bitmap takes that is written into an image is not known.
	const isCounted = created.length > 0 || removed.length > 0 || grown.length > 0 || steps.some(({changesInside}) => changesInside !== undefined);
	const changesSpace = (files.length > 0 && isCounted) || goneWith(plan).length > 0;
	const leftBehind = removed.map(path => removedBytes(inventory, graph, path));
	if (!changesSpace || steps.some(({grows}) => grows !== undefined && grows.byBytes === undefined)) {
		return undefined;
	}

	const inside = insideOf(plan, inventory);
	const taken = sum([...grown, inside.taken, ...created.map(file => createdBytes(inventory, file))]);
	const given = inside.deletedFrom.map(path => ({atLeast: 0, atMost: imageAt(graph, path)?.allocatedBytes ?? 0}));
	const freed = sum([...given, ...leftBehind.map(bytes => bytes === undefined ? {atLeast: 0, atMost: 0} : exactly(bytes))]);
	const known = foldersOf(inventory);
	const folders = [...new Set(files.map(path => posix.dirname(path)))].flatMap(folder => known.get(folder) ?? []);
	const systems = [...new Map(folders.map(folder => [folder.device, folder])).values()].sort((a, b) => a.freeBytes - b.freeBytes);
	const [fullest] = systems;
	return {
		freed: {atLeast: freed.atLeast - taken.atMost, atMost: freed.atMost - taken.atLeast},
		...(inside.deletedFrom.length > 0 && {deletedFrom: inside.deletedFrom}),
		meanwhileBytes: taken.atMost,
		...(fullest !== undefined && {leftBytes: fullest.freeBytes}),
		...(systems.length > 1 && {leftIn: systems.map(({path, freeBytes}) => ({path, bytes: freeBytes}))}),
	};
}

export function describeSpace({meanwhileBytes, leftBytes, leftIn, ...net}: Space): Consequence {
	const left = leftIn === undefined ? `${formatBytes(leftBytes ?? 0)} free now` : `free now: ${leftIn.map(({path, bytes}) => `${formatBytes(bytes)} in ${path}`).join(', ')}`;
	return {severity: 'info', about: 'space', text: [
		`Disk space: ${describeFreed(net)}${net.deletedFrom === undefined ? ' in all' : '; how much that is, only the end can tell'}`,
		...(meanwhileBytes > overlayBytes && net.freed.atMost > 0 ? [`needs up to ${formatBytes(meanwhileBytes)} in the meantime`] : []),
		...(leftBytes === undefined ? [] : [left]),
	].join('; ') + '.'};
}
