/**
What the snapshot of a running domain begins with, whoever runs it.
*/
import type {SnapshotMemory} from '../../../model/domain/snapshot.ts';
import {refuseFolders} from '../../../planner/checks/blockers.ts';
import type {PlanContext} from '../../../planner/context.ts';
import {filesAt, overlayFiles} from '../../../planner/steps/overlay.ts';
import {requireInternal, partakingDisks, type PartakingDisk} from '../disks.ts';
import {toOverlaid, type CreateParts, type CreateRequest} from '../offline.ts';
import {chooseTargets, type TargetedDisk} from '../targets.ts';

export type Prepared = {
	parts: Omit<CreateParts, 'steps'>;
	/** Disks that are frozen inside their images. */
	internal: PartakingDisk[];
	/** Disks that go on in overlays. */
	targeted: TargetedDisk[];
	memoryPath: string | undefined;
	memory: SnapshotMemory;
};

/** `refuse`: what else this way cannot do. Appends blockers to the context. */
export function prepareOnline(context: PlanContext, {action, way, disks: all, now}: CreateRequest, refuse: (external: PartakingDisk[]) => void): Prepared {
	const internal = partakingDisks(context, all, 'internal');
	const external = partakingDisks(context, all, 'external');
	if (way.by === 'savevm') {
		requireInternal(context, all, internal, action.snapshot);
	}

	refuse(external);
	const {disks: targeted, memoryPath, consequences} = chooseTargets(context, action, {disks: external, hasMemory: way.memory === 'external', now});
	const isMade = ({reuse}: TargetedDisk) => reuse !== 'existing';
	const created = [...overlayFiles(targeted.filter(disk => isMade(disk)).map(disk => toOverlaid(context, disk))), ...filesAt(memoryPath === undefined ? [] : [memoryPath])];
	refuseFolders(context, created.map(({path}) => path));
	return {
		parts: {
			consequences,
			heads: new Map(targeted.map(({target, overlayPath}) => [target, overlayPath])),
			created,
			written: internal.map(({headPath}) => headPath),
			adopted: targeted.filter(disk => !isMade(disk)).map(({overlayPath}) => overlayPath),
			bases: [...internal, ...external].map(({headPath}) => headPath),
		},
		internal,
		targeted,
		memoryPath,
		memory: way.memory === 'external' ? {mode: 'external', path: memoryPath ?? ''} : {mode: way.memory},
	};
}
