/**
The images that an internal snapshot lies inside, and what keeps it from being put back there.
*/
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {refuseBrokenChain, refuseNeededContent} from '../../planner/checks/blockers.ts';
import {type PlanContext} from '../../planner/context.ts';
import {checkpointRemedy} from '../../planner/checks/checkpoint-remedy.ts';
import {refuseForeignHeads} from '../../planner/checks/foreign-heads.ts';
import {dropRecordRemedy, twiceRemedy} from '../../planner/checks/internal-remedies.ts';
import {remedyForInternal} from './way-to-internal.ts';

/** `target` of the firmware variables, where they are put back like one more disk: `nvram`. */
export type InternalDisk = {target: string; path: string};

function refuseDisk(context: PlanContext, snapshot: Snapshot, disk: InternalDisk): void {
	const {blockers, graph} = context;
	const head = headDisks(context.inventory.details.domain).find(candidate => candidate.target === disk.target);
	if (head?.sourcePath === undefined || graph.keyOf(head.sourcePath) !== graph.keyOf(disk.path)) {
		blockers.push({
			kind: 'image-needed',
			text: `The snapshot is inside ${disk.path}, but ${disk.target} ${head?.sourcePath === undefined ? 'is no longer in the domain' : `writes to ${head.sourcePath}`}.`,
			remedy: remedyForInternal(context, snapshot, disk),
		});
		return;
	}

	refuseNeededContent(context, disk.path, 'This revert');
	const image = imageAt(graph, disk.path);
	const tags = image?.internalSnapshots.filter(candidate => candidate.tag === snapshot.name).length ?? 0;
	if (image && tags !== 1) {
		blockers.push({
			kind: 'chain-broken',
			text: tags === 0
				? `The image ${disk.path} holds no internal snapshot "${snapshot.name}".`
				: `The image ${disk.path} holds ${tags} internal snapshots "${snapshot.name}", so it is not clear which one to use.`,
			remedy: tags === 0 ? dropRecordRemedy(context, snapshot.name) : twiceRemedy(disk.path, snapshot.name),
		});
	}

	if (image && image.bitmaps.length > 0 && context.inventory.details.checkpoints.length === 0) {
		blockers.push({
			kind: 'checkpoint',
			text: `The image ${disk.path} holds bitmaps of checkpoints (${image.bitmaps.map(bitmap => bitmap.name).join(', ')}), and QEMU cannot revert to an internal snapshot beside them.`,
			remedy: checkpointRemedy(context),
		});
	}
}

/** The images that the snapshot lies inside. Appends blockers where it cannot be put back there. The snapshot has its `<domain>`. */
export function requireInternalDisks(context: PlanContext, snapshot: Snapshot): InternalDisk[] {
	const disks: InternalDisk[] = snapshot.domain!.disks
		.filter(disk => isWritableMedium(disk) && snapshot.disks.some(recorded => recorded.target === disk.target && recorded.mode === 'internal'))
		.map(disk => ({target: disk.target, path: disk.sourcePath ?? ''}));
	for (const disk of disks) {
		refuseBrokenChain(context, disk.path);
		// It is written to in place, so that what another domain has there is in the way however old it is.
		refuseForeignHeads(context, disk.path, Number.NEGATIVE_INFINITY);
		refuseDisk(context, snapshot, disk);
	}

	const {checkpoints} = context.inventory.details;
	if (checkpoints.length > 0) {
		// The bitmaps of a running domain stand in no file yet, so the records decide (R12).
		context.blockers.push({
			kind: 'checkpoint',
			text: `The domain has checkpoints (${checkpoints.map(checkpoint => checkpoint.name).join(', ')}), and QEMU cannot revert to an internal snapshot beside them.`,
			remedy: checkpointRemedy(context),
		});
	}

	if (disks.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'The snapshot records no disk that could be reverted.', remedy: dropRecordRemedy(context, snapshot.name)});
	}

	return disks;
}
