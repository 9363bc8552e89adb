/**
The image graph: nodes are image files, edges are "is backed by", pins hold images (docs/planning.md#images-and-pins).

The one rule that every operation asks here: an image that a pin can reach through backing edges must stay readable and unchanged.
Two paths to one file (a link, a bind mount) are one node, told by the inode.
*/
import {isInNetwork} from '../qemu/network-image.ts';
import type {Image} from './image.ts';
import type {Pin} from './pin.ts';

type Node = {
	paths: Set<string>;
	backing: string | undefined;
	/** Keys of the images that are backed by this one. */
	overlays: Set<string>;
	pins: Pin[];
	image: Image | undefined;
};

export type ImageGraph = {nodes: ReadonlyMap<string, Node>; keyOf: (path: string) => string};

export function buildImageGraph(images: readonly Image[], pins: readonly Pin[]): ImageGraph {
	const keys = new Map<string, string>();
	const nodes = new Map<string, Node>();
	for (const image of images) {
		keys.set(image.path, image.file === undefined ? image.path : `inode ${image.file.inode}`);
	}

	const keyOf = (path: string) => keys.get(path) ?? path;
	const nodeAt = (path: string) => {
		const key = keyOf(path);
		let node = nodes.get(key);
		if (!node) {
			node = {paths: new Set(), backing: undefined, overlays: new Set(), pins: [], image: undefined};
			nodes.set(key, node);
		}

		node.paths.add(path);
		return node;
	};

	for (const image of images) {
		const node = nodeAt(image.path);
		node.image ??= image;
		if (image.backingPath !== undefined) {
			node.backing = keyOf(image.backingPath);
			nodeAt(image.backingPath).overlays.add(keyOf(image.path));
		}
	}

	for (const image of images) {
		// Whoever needs an image needs its clusters: what holds the one holds the file with the other.
		if (image.dataFilePath !== undefined) {
			nodeAt(image.dataFilePath).overlays.add(keyOf(image.path));
		}
	}

	for (const pin of pins) {
		nodeAt(pin.path).pins.push(pin);
	}

	return {nodes, keyOf};
}

/** The pins that reach an image, as far as they are asked for: its own first, then those of each image above. */
function * pinsAbove(graph: ImageGraph, path: string): Generator<readonly Pin[]> {
	const start = graph.keyOf(path);
	const seen = new Set([start]);
	const open = [start];
	for (let key = open.pop(); key !== undefined; key = open.pop()) {
		const node = graph.nodes.get(key);
		yield node?.pins ?? [];
		for (const overlay of node?.overlays ?? []) {
			if (!seen.has(overlay)) {
				seen.add(overlay);
				open.push(overlay);
			}
		}
	}
}

/** Every pin that reaches this image, directly or through overlays on it. Empty: nothing needs it. Linear in what lies above. */
export function holdersOf(graph: ImageGraph, path: string): Pin[] {
	return [...pinsAbove(graph, path)].flat();
}

/**
The pins that forbid to write to this image: whatever reaches it through an overlay, and whatever holds its content directly. A head (somebody's
active layer) and an internal snapshot inside do not forbid it.
*/
export function contentHoldersOf(graph: ImageGraph, path: string): Pin[] {
	const key = graph.keyOf(path);
	return holdersOf(graph, path).filter(pin => holdsContent(graph, pin, key));
}

const holdsContent = (graph: ImageGraph, pin: Pin, key: string): boolean => pin.hold === 'content' || graph.keyOf(pin.path) !== key;

/** Whether there are such pins. The first one is enough, and a frozen image has one of its own, however much lies above. */
export function isContentHeld(graph: ImageGraph, path: string): boolean {
	const key = graph.keyOf(path);
	for (const pins of pinsAbove(graph, path)) {
		if (pins.some(pin => holdsContent(graph, pin, key))) {
			return true;
		}
	}

	return false;
}

/** The images that stand directly on this one, whoever made them. */
export function overlaysOf(graph: ImageGraph, path: string): string[] {
	return [...graph.nodes.get(graph.keyOf(path))?.overlays ?? []].flatMap(key => [...graph.nodes.get(key)?.paths ?? []].slice(0, 1)).sort();
}

/**
Under which other names the clusters of this image can be written to: its external data file, as somebody's raw disk, and the other images that have the same.
Empty where it has none.
*/
export function sharersOfDataFile(graph: ImageGraph, path: string): string[] {
	const dataFile = imageAt(graph, path)?.dataFilePath;
	if (dataFile === undefined) {
		return [];
	}

	const others = overlaysOf(graph, dataFile).filter(other => {
		const theirs = imageAt(graph, other)?.dataFilePath;
		return theirs !== undefined && graph.keyOf(theirs) === graph.keyOf(dataFile) && graph.keyOf(other) !== graph.keyOf(path);
	});
	return [dataFile, ...others];
}

/** The images on which this one stands, itself first, down to the bottom of the chain as far as it is known. */
export function chainOf(graph: ImageGraph, path: string): string[] {
	const chain: string[] = [];
	const seen = new Set<string>();
	let key: string | undefined = graph.keyOf(path);
	let name: string | undefined = path;
	while (key !== undefined && name !== undefined && !seen.has(key)) {
		seen.add(key);
		chain.push(name);
		const node = graph.nodes.get(key);
		name = node?.image?.backingPath;
		key = node?.backing;
	}

	return chain;
}

/** Whether the chain from `path` down was read to its bottom. Of one that ends where an image is missing or does not open it is unknown what is below. */
export function isWholeChain(graph: ImageGraph, path: string): boolean {
	return chainOf(graph, path).every(link => imageAt(graph, link)?.problems.every(({kind}) => kind !== 'missing' && kind !== 'unreadable') ?? false);
}

/** Whether the image was read and nothing keeps it from being opened, now or when whoever has it lets it go. */
export function isOpenable(graph: ImageGraph, path: string): boolean {
	return imageAt(graph, path)?.problems.every(({kind}) => kind === 'locked' || kind === 'backing-format-not-recorded') ?? false;
}

/** Whether it is known to be no regular file: a block device, or in the network. Nobody removes such, and nothing can lie beside it. */
export function isDevice(graph: ImageGraph, path: string): boolean {
	return isInNetwork(path) || imageAt(graph, path)?.file?.isRegular === false;
}

/** Every name of an image that is a block device. */
export function devicePaths(graph: ImageGraph): Set<string> {
	return new Set([...graph.nodes.values()].flatMap(({image, paths}) => image?.file?.isRegular === false ? [...paths] : []));
}

export function imageAt(graph: ImageGraph, path: string): Image | undefined {
	return graph.nodes.get(graph.keyOf(path))?.image;
}
