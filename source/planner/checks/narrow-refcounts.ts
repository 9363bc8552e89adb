/**
qcow2 images with `refcount_bits=1`: a cluster has one owner, so nothing can be shared with an internal snapshot. QEMU notices only when it makes one, and each
attempt leaks a cluster (7.2, 11.1).
*/
import {imageAt} from '../../model/images/image-graph.ts';
import type {PlanContext} from '../context.ts';

/** Appends a blocker to the context. `remedy`: the way out that fits what was asked. */
export function refuseNarrowRefcounts(context: PlanContext, path: string, remedy: string): void {
	if (imageAt(context.graph, path)?.hasNarrowRefcounts) {
		context.blockers.push({kind: 'not-supported', text: `${path} was created with refcount_bits=1, so it cannot hold internal snapshots.`, remedy});
	}
}
