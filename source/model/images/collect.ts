/**
Collecting: what becomes of images that lost their pin (docs/planning.md#images-and-pins). Without a child the file goes; with one child the two become one, by
the way that copies less and that the other pins allow; with more it stays, as the shared base of what is backed by it.
*/
import type {Merge} from './image-merge.ts';
import {costOf, type DataSizes} from './copy-cost.ts';
import {
	imageAt, isDevice, overlaysOf, holdersOf, type ImageGraph,
} from './image-graph.ts';
import type {Pin} from './pin.ts';
import {objectionTo, type Objection} from './may-change.ts';

export type Stay = {
	path: string;
	reason: Objection['reason'] | 'shared' | 'stands-alone' | 'cannot-merge';
	holders: Pin[];
	overlays: string[];
};

export type Collection = {
	/** Files that nothing is backed by, in an order in which they can go. */
	removed: string[];
	merges: Merge[];
	staying: Stay[];
};

type CollectOptions = {
	/** The images that lost their pin; nothing else is ever given up. */
	candidates: Iterable<string>;
	domainUuid: string;
	/** Whether this run can be merged in this way at all, seen from who has it open. */
	isPossible: (merge: Merge) => boolean;
	/** Images into which what is on them is committed wherever that is possible, whatever it costs. */
	folded?: readonly string[];
	/** How much data the runs hold that were measured. */
	dataSizes?: DataSizes;
	/** Is told of each merge that is thought of, so that what it would copy can be measured. */
	onConsider?: (merge: Merge) => void;
};

/** Candidates by key, and keys of those that go. */
type Marks = {candidates: Map<string, string>; gone: Set<string>};

function livingOverlays(graph: ImageGraph, path: string, {gone}: Marks): string[] {
	return overlaysOf(graph, path).filter(overlay => !gone.has(graph.keyOf(overlay)));
}

/** Leaves first: what was backed by the removed ones may be a leaf then. The bottom of a chain stays: nobody here made it. */
function collectLeaves(graph: ImageGraph, marks: Marks, staying: Map<string, Stay>): string[] {
	const removed: string[] = [];
	for (let isGoingOn = true; isGoingOn;) {
		isGoingOn = false;
		for (const [key, path] of marks.candidates) {
			if (marks.gone.has(key) || staying.has(key) || livingOverlays(graph, path, marks).length > 0 || !imageAt(graph, path)) {
				continue;
			}

			const objection = objectionTo(graph, path, {kind: 'remove', without: removed});
			if (objection !== undefined) {
				staying.set(key, {path, ...objection});
			} else if (imageAt(graph, path)!.backingPath === undefined) {
				staying.set(key, {path, reason: 'stands-alone', holders: [], overlays: []});
			} else {
				marks.gone.add(key);
				removed.push(path);
				isGoingOn = true;
			}
		}
	}

	return removed;
}

const hasContentPin = (graph: ImageGraph, path: string) =>
	(graph.nodes.get(graph.keyOf(path))?.pins ?? []).some(pin => pin.hold !== 'existence');

const holdsSomething = (graph: ImageGraph, path: string) =>
	(graph.nodes.get(graph.keyOf(path))?.pins ?? []).length > 0 || (imageAt(graph, path)?.internalSnapshots.length ?? 0) > 0;

/** An image that could be merged with its overlay. */
function isLayer(graph: ImageGraph, path: string, marks: Marks): boolean {
	const key = graph.keyOf(path);
	return marks.candidates.has(key)
		&& !marks.gone.has(key)
		&& imageAt(graph, path) !== undefined
		&& !hasContentPin(graph, path)
		&& livingOverlays(graph, path, marks).length === 1;
}

/** The layers right below `top`, from the bottom up. One that holds internal snapshots can only be the lowest: its file has to stay. */
function layersBelow(graph: ImageGraph, top: string, marks: Marks): string[] {
	const layers: string[] = [];
	const seen = new Set([graph.keyOf(top)]);
	for (let path = imageAt(graph, top)?.backingPath; path !== undefined && !seen.has(graph.keyOf(path)) && isLayer(graph, path, marks); path = imageAt(graph, path)?.backingPath) {
		seen.add(graph.keyOf(path));
		layers.unshift(path);
		if (holdsSomething(graph, path)) {
			break;
		}
	}

	return layers;
}

function pullOf(graph: ImageGraph, top: string, layers: string[]): Omit<Merge, 'cost'> {
	return {
		method: 'pull', top, layers, into: top,
		below: imageAt(graph, layers[0]!)?.backingPath,
		rebased: [],
		gone: [...layers].reverse(),
	};
}

function commitOf(graph: ImageGraph, top: string, layers: string[], marks: Marks): Omit<Merge, 'cost'> {
	const [into, ...between] = layers;
	return {
		method: 'commit', top, layers,
		into: into!,
		below: imageAt(graph, into!)?.backingPath,
		rebased: livingOverlays(graph, top, marks),
		gone: [top, ...between.reverse()],
	};
}

/** Pins that a merge moves to another file have to be records of this domain, which can be told. */
function objectionToMove(graph: ImageGraph, path: string, domainUuid: string): Objection | undefined {
	const foreign = holdersOf(graph, path).filter(pin => pin.domainUuid !== domainUuid);
	return foreign.length > 0 ? {reason: 'needed', holders: foreign, overlays: []} : undefined;
}

function objectionToMerge(graph: ImageGraph, merge: Merge, given: {domainUuid: string; removed: readonly string[]}): Objection | undefined {
	const {method, top, layers, into, rebased, gone} = merge;
	const {domainUuid} = given;
	const run = [...layers, top];
	const isGone = new Set(gone);
	const qcow2 = imageAt(graph, top)?.format === 'qcow2';
	const sizes = new Set([top, into].map(path => imageAt(graph, path)?.virtualSizeBytes));
	const unreached = rebased.filter(overlay => holdersOf(graph, overlay).length === 0);
	const cannot = (reason: Objection['reason'], overlays: string[] = []): Objection => ({reason, holders: [], overlays});
	if (!qcow2 || (method === 'commit' && sizes.size > 1)) {
		return cannot('in-use-elsewhere');
	}

	if (holdersOf(graph, top).length === 0) {
		return cannot('in-use-elsewhere', [top]);
	}

	if (unreached.length > 0) {
		return cannot('in-use-elsewhere', unreached);
	}

	for (const [index, path] of layers.entries()) {
		const without = [run[index + 1]!, ...given.removed];
		const objection = isGone.has(path)
			// A device is written to; only what was committed past it is left, as it is.
			? objectionTo(graph, path, {kind: method === 'commit' && isDevice(graph, path) ? 'abandon' : 'remove', without})
			: objectionTo(graph, path, {kind: 'overwrite', without});
		if (objection !== undefined) {
			return objection;
		}
	}

	if (method === 'pull') {
		return objectionTo(graph, top, {kind: 'pull', domainUuid});
	}

	// The top goes, but only after all that reads from it reads the same from where it went.
	return objectionToMove(graph, top, domainUuid)
		?? (holdsSomethingInside(graph, top) ? cannot('has-internal-snapshots') : undefined)
		?? (imageAt(graph, top)?.dataFilePath === undefined ? undefined : cannot('has-data-file'))
		?? rebased.map(overlay => objectionTo(graph, overlay, {kind: 'rewrite', domainUuid})).find(found => found !== undefined);
}

const holdsSomethingInside = (graph: ImageGraph, path: string) =>
	(imageAt(graph, path)?.internalSnapshots.length ?? 0) > 0
	|| (graph.nodes.get(graph.keyOf(path))?.pins ?? []).some(pin => pin.hold === 'existence');

/** Images that are the top of a run: each image with a layer below it that is no layer itself. */
function findTops(graph: ImageGraph, marks: Marks): string[] {
	const tops = new Map<string, string>();
	for (const candidate of marks.candidates.values()) {
		let path = candidate;
		const seen = new Set<string>();
		while (isLayer(graph, path, marks) && !seen.has(graph.keyOf(path))) {
			seen.add(graph.keyOf(path));
			path = livingOverlays(graph, path, marks)[0]!;
			if (holdsSomething(graph, path) && isLayer(graph, path, marks)) {
				break;
			}
		}

		if (path !== candidate) {
			tops.set(graph.keyOf(path), path);
		}
	}

	return [...tops.values()];
}

/** Pulls come first: what was backed by a layer that was pulled up is then the top of that pull. */
function afterPulls(merges: Merge[]): Merge[] {
	const pulls = merges.filter(merge => merge.method === 'pull');
	const topOf = (path: string) => pulls.find(pull => pull.layers.includes(path))?.top ?? path;
	return [...pulls, ...merges.filter(merge => merge.method === 'commit').map(merge => ({...merge, rebased: merge.rebased.map(path => topOf(path))}))];
}

/** So much more a commit may copy than a pull, for the disk to stay on the file that bears its own name and has its own format. */
const nameIsWorth = 1.25;

/** What a merge copies, weighed: a pull gives up the file at the bottom of the chain, which is the disk by its name. */
function priceOf(graph: ImageGraph, {method, into, below, cost}: Merge, folded: readonly string[]): number {
	if (method === 'pull') {
		return cost.copyBytes;
	}

	const isWanted = folded.some(path => graph.keyOf(path) === graph.keyOf(into));
	return isWanted ? -1 : (below === undefined && cost.isMeasured ? Math.floor(cost.copyBytes / nameIsWorth) - 1 : cost.copyBytes);
}

/**
`graph` is the graph as it will be, without the pins that were given up. Gives what to do with each candidate; an image that is pinned, directly and by
content, is no matter of collecting and is not spoken of.
*/
export function collect(graph: ImageGraph, options: CollectOptions): Collection {
	const {domainUuid, isPossible, dataSizes, folded = [], onConsider} = options;
	const unpinned = [...options.candidates].filter(path => !hasContentPin(graph, path));
	const marks: Marks = {candidates: new Map(unpinned.map(path => [graph.keyOf(path), path])), gone: new Set()};
	const staying = new Map<string, Stay>();
	const removed = collectLeaves(graph, marks, staying);
	const merges: Merge[] = [];
	for (const highest of findTops(graph, marks)) {
		let top = highest;
		for (let layers = layersBelow(graph, top, marks); layers.length > 0; layers = layers.slice(0, -1)) {
			const ways = [pullOf(graph, top, layers), commitOf(graph, top, layers, marks)]
				.map((merge): Merge => ({...merge, cost: costOf(graph, merge, dataSizes)}))
				.map(merge => ({merge, objection: objectionToMerge(graph, merge, {domainUuid, removed}), possible: isPossible(merge)}));
			const [best] = ways.filter(way => way.objection === undefined && way.possible).sort((a, b) => priceOf(graph, a.merge, folded) - priceOf(graph, b.merge, folded));
			for (const {merge, objection} of onConsider ? ways : []) {
				if (objection === undefined) {
					onConsider?.(merge);
				}
			}

			if (best) {
				merges.push(best.merge);
				break;
			}

			// The top forbids it, but those below it may still become one.
			const objections = ways.flatMap(way => way.objection ?? []);
			// That a device, or an image with a data file, is not pulled up is no news: what keeps it from being committed into is.
			const objection = objections.find(({reason}) => reason !== 'is-device' && reason !== 'has-data-file') ?? objections[0];
			top = layers.at(-1)!;
			staying.set(graph.keyOf(top), {path: top, ...(objection ?? {reason: 'cannot-merge', holders: [], overlays: []})});
		}
	}

	for (const [key, path] of marks.candidates) {
		const overlays = livingOverlays(graph, path, marks);
		if (overlays.length > 1 && !staying.has(key)) {
			staying.set(key, {path, reason: 'shared', holders: holdersOf(graph, path), overlays});
		}
	}

	return {removed, merges: afterPulls(merges), staying: [...staying.values()]};
}
