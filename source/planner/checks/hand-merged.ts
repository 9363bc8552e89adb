/**
Images that somebody merged by hand (virsh blockcommit, qemu-img commit): libvirt's records do not know of it, and a revert would succeed with wrong
bytes (L8).
*/
import {headDisks} from '../../model/domain/domain.ts';
import {chainOf, imageAt, isWholeChain} from '../../model/images/image-graph.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import type {PlanContext} from '../context.ts';
import type {RevertDisks} from '../steps/revert-disks.ts';
import {dropRecordRemedy} from './internal-remedies.ts';

type Merged = {
	/** Frozen images of the line to the current snapshot that the domain's chain no longer goes through. */
	missing: string[];
	/** The images right below them, into which they went if they were committed, with the missing one. */
	below: Map<string, string>;
};

function findMerged(context: PlanContext, target: string, headPath: string): Merged {
	const {domain: {definition: {restoredAt = 0}}, snapshots, currentSnapshot} = context.inventory.details;
	const chain = new Set(chainOf(context.graph, headPath).map(path => context.graph.keyOf(path)));
	const merged: Merged = {missing: [], below: new Map()};
	if (!isWholeChain(context.graph, headPath)) {
		return merged;
	}

	let above: string | undefined;
	// Disks that came from a backup are backed by no snapshot that is older.
	for (const snapshot of currentSnapshot === undefined ? [] : withAncestors(snapshots, currentSnapshot).filter(({createdAt}) => createdAt > restoredAt)) {
		const recorded = snapshot.disks.find(disk => disk.target === target);
		const path = recorded?.mode === 'external' ? frozenPath(snapshot, target) : undefined;
		if (path === undefined) {
			continue;
		}

		const isMissing = !chain.has(context.graph.keyOf(path));
		if (isMissing) {
			merged.missing.push(path);
		} else if (above !== undefined) {
			merged.below.set(path, above);
		}

		above = isMissing ? path : undefined;
	}

	return merged;
}

const modifiedAtOf = (context: PlanContext, path: string) => Number(imageAt(context.graph, path)?.file?.modifiedAt ?? 0);

/**
Refuses where the chain is not what the records say and the frozen image was written to after the snapshot. Records know whole seconds only: within the
second of the snapshot, an image counts as written to where a missing one stood right on it and is not younger: one that was pulled up is. Appends blockers.
*/
export function refuseHandMerged(context: PlanContext, snapshot: Snapshot, disks: RevertDisks): void {
	const heads = headDisks(context.inventory.details.domain);
	for (const {target, basePath} of disks.overlaid.filter(disk => !disk.wasLeftOut)) {
		const headPath = heads.find(disk => disk.target === target)?.sourcePath;
		const modifiedAt = modifiedAtOf(context, basePath);
		if (headPath === undefined || Math.floor(modifiedAt) < snapshot.createdAt) {
			continue;
		}

		const {missing, below} = findMerged(context, target, headPath);
		const above = below.get(basePath);
		const isChanged = Math.floor(modifiedAt) > snapshot.createdAt
			|| (Math.floor(modifiedAt) === snapshot.createdAt && above !== undefined && modifiedAtOf(context, above) <= modifiedAt);
		if (missing.length > 0 && isChanged) {
			context.blockers.push({
				kind: 'image-changed',
				text: `The image ${basePath} was written to after the snapshot was taken, and the chain of ${target} leaves out ${missing.join(', ')}: `
					+ 'they were merged without vsnap-tui, so the state of the snapshot is gone.',
				remedy: dropRecordRemedy(context, snapshot.name, 'Restore that image from a backup'),
				image: basePath,
			});
		}
	}
}
