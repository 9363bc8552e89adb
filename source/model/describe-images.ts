/**
What a picture says about its images, in words: who holds each of them, and what is wrong with it.
*/
import {buildImageGraph, holdersOf} from './image-graph.ts';
import type {Image, ImageProblem} from './image.ts';
import type {DomainPicture, Pin} from './inventory.ts';
import {pinsOfDomain} from './pins.ts';

export function describeProblem(problem: ImageProblem): string {
	switch (problem.kind) {
		case 'missing': {
			return 'missing';
		}

		case 'unreadable': {
			return `unreadable: ${problem.reason}`;
		}

		case 'backing-missing': {
			return `its backing file ${problem.backingPath} is missing`;
		}

		case 'backing-format-not-recorded': {
			return 'the format of its backing file is not recorded';
		}

		case 'locked': {
			return `open in another process${problem.processes.length === 0 ? '' : ` (${problem.processes.join(', ')})`}`;
		}

		default: {
			return problem satisfies never;
		}
	}
}

export type ImageHolding = {
	image: Image;
	/** Pins on this very image. */
	direct: Pin[];
	/** Every pin that needs it, through overlays too. */
	all: Pin[];
};

/** The images of a picture with the pins on them, in the order of the picture. */
export function holdingsOf(picture: DomainPicture): ImageHolding[] {
	const pins = [...pinsOfDomain(picture.domain, picture.snapshots), ...picture.foreignPins];
	const graph = buildImageGraph(picture.images, pins);
	return picture.images.map(image => {
		const all = holdersOf(graph, image.path);
		const key = graph.keyOf(image.path);
		return {image, all, direct: all.filter(pin => graph.keyOf(pin.path) === key)};
	});
}
