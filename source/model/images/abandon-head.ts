/**
What can go when a head is left (a revert that discards).
*/
import {chainOf, type ImageGraph} from './image-graph.ts';
import type {Pin} from './pin.ts';
import {objectionTo, type Objection} from './may-change.ts';

type Abandoned = {
	/** Overlays that nothing needs, from the top down. */
	removable: string[];
	/** What stays although the domain no longer writes to it, and why. */
	staying: Array<{path: string; reason: Objection['reason'] | 'stands-alone'; holders: Pin[]}>;
};

/**
`graph` is the graph as it will be, without the pin of the head. Takes overlays from the top of the chain down to the first image that is still needed.
A chain of which nothing is needed stands alone: nobody here made its base, so all of it stays.
*/
export function abandonHead(graph: ImageGraph, headPath: string): Abandoned {
	const removable: string[] = [];
	for (const path of chainOf(graph, headPath)) {
		const objection = objectionTo(graph, path, {kind: 'remove', without: removable});
		if (objection !== undefined) {
			const {reason, holders} = objection;
			return {removable, staying: reason === 'needed' && removable.length > 0 ? [] : [{path, reason, holders}]};
		}

		removable.push(path);
	}

	return {removable: [], staying: [{path: headPath, reason: 'stands-alone', holders: []}]};
}
