/**
What the rows of the snapshots tell beside their names: how much the images take that each keeps, what a delete may free, and which lie on the way to where the domain is.
Taken from what was read for the picture; nothing is asked for it.
*/
import {headDisks} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {writtenSince} from '../../model/domain/written-since.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {ownImages} from '../../model/images/describe-images.ts';
import {usedBytes, type Image} from '../../model/images/image.ts';

/** Bytes on the host, as `df` counts them; missing: not known, or the snapshot keeps nothing of its own there. */
type Sizes = ReadonlyMap<string, number>;

export type RowFacts = {
	/** The disks that have images, in the order of the definition. */
	targets: readonly string[];
	/** Of the images that a snapshot keeps, by disk. */
	sizesOf: (snapshot: Snapshot) => Sizes;
	/** Of those that the domain writes to. */
	heads: Sizes;
	/** Of the heads, what was written since the current snapshot. */
	written: Sizes;
	/** All images of the picture together. */
	totalBytes: number;
	/** Names of the current snapshot and all above it. */
	wayToNow: ReadonlySet<string>;
	/** What a delete frees, net; undefined: not told by the images alone. `lines`: so many go on from it, so that its images stay. */
	freesOf: (snapshot: Snapshot) => {atLeast: number; atMost: number} | {lines: number} | undefined;
};

/** A picture stays the same for many keys. */
const known = new WeakMap<DomainDetails, RowFacts>();

export function rowFacts(details: DomainDetails): RowFacts {
	const facts = known.get(details) ?? gatherFacts(details);
	known.set(details, facts);
	return facts;
}

export const totalOf = (sizes: Sizes): number | undefined => sizes.size === 0 ? undefined : [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);

function gatherFacts(details: DomainDetails): RowFacts {
	const {domain, snapshots, currentSnapshot, images} = details;
	const byPath = new Map(images.map(image => [image.path, image]));
	const overlays = new Map<string, Image[]>();
	for (const image of images) {
		const {backingPath} = image;
		if (backingPath !== undefined) {
			const all = overlays.get(backingPath) ?? [];
			all.push(image);
			overlays.set(backingPath, all);
		}
	}

	const frozenBy = new Map<string, number>();
	const kept = (snapshot: Snapshot) => {
		const found: Array<{target: string; image: Image}> = [];
		for (const {target, mode} of snapshot.disks) {
			const image = mode === 'external' ? byPath.get(frozenPath(snapshot, target) ?? '') : undefined;
			if (image !== undefined) {
				found.push({target, image});
			}
		}

		return found;
	};

	for (const snapshot of snapshots) {
		for (const {image} of kept(snapshot)) {
			frozenBy.set(image.path, (frozenBy.get(image.path) ?? 0) + 1);
		}
	}

	const foreign = new Set(details.foreignPins.map(({path}) => path));
	const sizes = (found: ReadonlyArray<{target: string; image: Image | undefined}>): Sizes => new Map(found.flatMap(({target, image}) => {
		const bytes = image && usedBytes(image);
		return bytes === undefined ? [] : [[target, bytes] as const];
	}));
	const targets = headDisks(domain).filter(({device, sourcePath}) => device === 'disk' && sourcePath !== undefined).map(({target}) => target);
	return {
		targets: [...new Set([...targets, ...snapshots.slice(-1).flatMap(snapshot => kept(snapshot).map(({target}) => target))])],
		sizesOf: snapshot => sizes(kept(snapshot)),
		heads: sizes(headDisks(domain).map(({target, sourcePath}) => ({target, image: byPath.get(sourcePath ?? '')}))),
		written: writtenSince(details),
		totalBytes: ownImages(details).reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0),
		wayToNow: new Set(currentSnapshot === undefined ? [] : withAncestors(snapshots, currentSnapshot).map(({name}) => name)),
		freesOf(snapshot) {
			const images = kept(snapshot).map(({image}) => image);
			const isPlain = snapshot.memory.mode === 'no' && images.length > 0 && images.length === snapshot.disks.filter(({mode}) => mode !== 'no' && mode !== 'manual').length
				&& images.every(image => usedBytes(image) !== undefined && image.internalSnapshots.length === 0 && frozenBy.get(image.path) === 1 && !foreign.has(image.path));
			if (!isPlain) {
				return undefined;
			}

			const lines = Math.max(...images.map(({path}) => overlays.get(path)?.length ?? 0));
			if (lines > 1) {
				return {lines};
			}

			// What both hold is there once when they are one: between nothing and all of the smaller.
			const parts = images.map(image => ({own: image.allocatedBytes, over: overlays.get(image.path)?.[0]?.allocatedBytes}));
			return {
				atLeast: parts.reduce((sum, {own, over}) => sum + (over === undefined ? own : 0), 0),
				atMost: parts.reduce((sum, {own, over}) => sum + Math.min(own, over ?? own), 0),
			};
		},
	};
}
