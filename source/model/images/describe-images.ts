/**
What a picture says about its images, in words: who holds each of them, and what is wrong with it.
*/
import {byKind} from '../by-kind.ts';
import type {DomainDetails} from '../domain/inventory.ts';
import {buildImageGraph, holdersOf} from './image-graph.ts';
import type {Image, ImageProblem} from './image.ts';
import type {Pin} from './pin.ts';
import {pinsOfDomain} from './pins.ts';

export const describeProblem: (problem: ImageProblem) => string = byKind({
	missing: () => 'missing',
	unreadable: problem => problem.cause === 'not-permitted' ? 'not permitted for this user' : `unreadable: ${problem.reason}`,
	'backing-missing': problem => `its backing file ${problem.backingPath} is missing`,
	'begins-like-qcow2': () => 'used as raw, but it looks like a qcow2 image',
	'backing-format-not-recorded': () => 'the format of its backing file is not recorded',
	locked: problem => `open in another process${problem.processes.length === 0 ? '' : ` (${problem.processes.join(', ')})`}`,
});

export type ImageHolding = {
	image: Image;
	/** Pins on this very image. */
	direct: Pin[];
	/** Every pin that needs it, through overlays too. */
	all: Pin[];
};

/** The images of a picture with the pins on them, in the order of the picture. */
export function holdingsOf(details: DomainDetails): ImageHolding[] {
	const pins = [...pinsOfDomain(details.domain, details.snapshots), ...details.foreignPins];
	const graph = buildImageGraph(details.images, pins);
	return details.images.map(image => {
		const all = holdersOf(graph, image.path);
		const key = graph.keyOf(image.path);
		return {image, all, direct: all.filter(pin => graph.keyOf(pin.path) === key)};
	});
}

/**
The images that the domain is backed by, and what others have put on top of them: that is why an image must stay. Images of other domains that have nothing
in common with this one are left out.
*/
export function ownImages(details: DomainDetails): Image[] {
	const byPath = new Map(details.images.map(image => [image.path, image]));
	const overlays = new Map<string, string[]>();
	for (const {path, backingPath} of details.images) {
		if (backingPath !== undefined) {
			const known = overlays.get(backingPath);
			if (known === undefined) {
				overlays.set(backingPath, [path]);
			} else {
				known.push(path);
			}
		}
	}

	const found = new Set<string>();
	const open = pinsOfDomain(details.domain, details.snapshots).map(({path}) => path);
	for (let path = open.pop(); path !== undefined; path = open.pop()) {
		if (!found.has(path)) {
			found.add(path);
			open.push(...(overlays.get(path) ?? []), ...(byPath.get(path)?.backingPath === undefined ? [] : [byPath.get(path)!.backingPath!]));
		}
	}

	return details.images.filter(({path}) => found.has(path));
}
