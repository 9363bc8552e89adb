/**
Whether an image may be removed, overwritten or rewritten: the one question that every planner asks before it touches an image that exists
(docs/planning.md#images-and-pins). Nothing goes around it.
*/
import {
	contentHoldersOf, holdersOf, imageAt, isDevice, overlaysOf, sharersOfDataFile, type ImageGraph,
} from './image-graph.ts';
import type {Pin} from './pin.ts';

type Change = {
	/**
	`remove`: the file goes. `abandon`: nothing reads it afterwards, and it stays where it is (a device). `overwrite`: what is read from it becomes something else. `rewrite`: what is read from it stays, byte for byte, though the
	file changes (its header names another file with the same content). `pull`: likewise, and it is backed by other content afterwards: internal snapshots
	inside would read that.
	*/
	kind: 'remove' | 'abandon' | 'overwrite' | 'rewrite' | 'pull';
	/** Overlays that will no longer read from it, or that want the new content. */
	without?: readonly string[];
	/** Whose plan it is: what other domains read from is not even rewritten. */
	domainUuid?: string;
};

export type Objection = {
	reason: 'needed' | 'in-use-elsewhere' | 'has-internal-snapshots' | 'is-read-only' | 'is-device' | 'has-data-file';
	/** The pins that need it, for `needed`. */
	holders: Pin[];
	/** The images that are backed by it. */
	overlays: string[];
};

const objection = (reason: Objection['reason'], more: Partial<Objection> = {}): Objection => ({reason, holders: [], overlays: [], ...more});

/** Templates are kept from being written by their mode; root may write all the same, so it is asked here. */
function isReadOnly(graph: ImageGraph, path: string): boolean {
	const file = imageAt(graph, path)?.file;
	return file !== undefined && Math.floor(file.mode / 0o200) % 2 === 0;
}

/** The reason why the image must not be changed so; undefined: it may be. Linear in what lies above it. */
export function objectionTo(graph: ImageGraph, path: string, change: Change): Objection | undefined {
	const key = graph.keyOf(path);
	const leaving = new Set((change.without ?? []).map(overlay => graph.keyOf(overlay)));
	const overlays = overlaysOf(graph, path).filter(overlay => !leaving.has(graph.keyOf(overlay)));
	const direct = graph.nodes.get(key)?.pins ?? [];
	const above = overlays.flatMap(overlay => holdersOf(graph, overlay));
	const sharers = sharersOfDataFile(graph, path);
	const sharing = sharers.flatMap(sharer => graph.nodes.get(graph.keyOf(sharer))?.pins ?? []);
	if ((change.kind === 'overwrite' || change.kind === 'pull') && (sharing.length > 0 || sharers.length > 1)) {
		return sharing.length > 0 ? objection('needed', {holders: sharing}) : objection('in-use-elsewhere', {overlays: sharers.slice(1)});
	}

	const hasStatesInside = (imageAt(graph, path)?.internalSnapshots.length ?? 0) > 0 || direct.some(pin => pin.hold === 'existence');
	if (change.kind === 'rewrite' || change.kind === 'pull') {
		const foreign = holdersOf(graph, path).filter(pin => pin.domainUuid !== change.domainUuid);
		if (foreign.length > 0) {
			return objection('needed', {holders: foreign});
		}

		if (change.kind === 'pull' && hasStatesInside) {
			return objection('has-internal-snapshots');
		}

		return isReadOnly(graph, path) ? objection('is-read-only') : undefined;
	}

	const isLeft = change.kind === 'remove' || change.kind === 'abandon';
	const holders = [...(isLeft ? direct : contentHoldersOf(graph, path).filter(pin => graph.keyOf(pin.path) === key)), ...above];
	if (holders.length > 0) {
		return objection('needed', {holders, overlays});
	}

	if (isLeft && hasStatesInside) {
		return objection('has-internal-snapshots');
	}

	if (overlays.length > 0) {
		return objection('in-use-elsewhere', {overlays});
	}

	// The file that holds its clusters would be left behind, and nothing would name it.
	if (isLeft && imageAt(graph, path)?.dataFilePath !== undefined) {
		return objection('has-data-file');
	}

	// Its node, or the link that a logical volume goes by, would be removed, and not the content.
	if (change.kind === 'remove' && isDevice(graph, path)) {
		return objection('is-device');
	}

	return change.kind !== 'abandon' && isReadOnly(graph, path) ? objection('is-read-only') : undefined;
}
