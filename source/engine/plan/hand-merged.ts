/**
Images that somebody merged by hand (virsh blockcommit, qemu-img commit): libvirt's records do not know of it, and a revert would succeed with wrong
bytes (L8).
*/
import {headDisks} from '../../model/domain.ts';
import {chainOf, imageAt} from '../../model/image-graph.ts';
import {frozenPath, type Snapshot} from '../../model/snapshot.ts';
import {withAncestors} from '../../model/tree.ts';
import type {PlanContext} from './context.ts';
import type {RevertDisks} from './revert-disks.ts';

/** Frozen images of the line to the current snapshot that the domain's chain no longer goes through. */
function missingFromChain(context: PlanContext, target: string, headPath: string): string[] {
	const {snapshots, currentSnapshot} = context.inventory.picture;
	const chain = new Set(chainOf(context.graph, headPath).map(path => context.graph.keyOf(path)));
	return (currentSnapshot === undefined ? [] : withAncestors(snapshots, currentSnapshot)).flatMap(snapshot => {
		const recorded = snapshot.disks.find(disk => disk.target === target);
		const path = recorded?.mode === 'external' ? frozenPath(snapshot, target) : undefined;
		return path === undefined || chain.has(context.graph.keyOf(path)) ? [] : [path];
	});
}

/** Refuses where the chain is not what the records say and the frozen image was written to after the snapshot. Appends blockers. */
export function blockHandMerged(context: PlanContext, snapshot: Snapshot, disks: RevertDisks): void {
	const heads = headDisks(context.inventory.picture.domain);
	for (const {target, basePath} of disks.overlaid.filter(disk => !disk.wasLeftOut)) {
		const headPath = heads.find(disk => disk.target === target)?.sourcePath;
		const missing = headPath === undefined ? [] : missingFromChain(context, target, headPath);
		const modifiedAt = Math.floor(Number(imageAt(context.graph, basePath)?.file?.modifiedAt ?? 0));
		if (missing.length > 0 && modifiedAt > snapshot.createdAt) {
			context.blockers.push({
				kind: 'image-changed',
				text: `The image ${basePath} was written to after the snapshot was made, and the chain of ${target} leaves out ${missing.join(', ')}: `
					+ 'somebody merged them by hand, so the state of then is gone.',
				remedy: 'Restore that image from a backup, or drop the record (virsh snapshot-delete --metadata).',
			});
		}
	}
}
