/**
Overlays of a running domain that libvirt cannot make: where it gives no image to QEMU's user, QEMU may not open what libvirt has made. They are made beforehand
with the owners of the disks, and handed to libvirt as prepared ones.
*/
import {imageAt} from '../../../model/images/image-graph.ts';
import type {Step} from '../../../model/plan/plan.ts';
import {closeBuildFolders, proveBuilt, refuseFolderRisks} from '../../steps/build-folder.ts';
import type {PlanContext} from '../../context.ts';
import {overlaySteps, toOverlaid} from '../../steps/overlay.ts';
import type {ContinuedDisk} from '../hypervisor.ts';

/** By `dynamic_ownership = 0`, or by the domain's own label. A disk's own label is no reason: libvirt does not hand it down to the overlay (9.0, 12.8). */
function keepsOwners({inventory}: PlanContext): boolean {
	return inventory.keepsOwners === true || inventory.details.domain.liveDefinition?.fileOwnership?.keepsOwners === true;
}

/** `steps` before libvirt's own, `after` it. `made`: those that are made here. `disks`: all of them, as libvirt is told of them. */
export function ownOverlays(context: PlanContext, disks: ContinuedDisk[]): {steps: Step[]; after: Step[]; made: ContinuedDisk[]; disks: ContinuedDisk[]} {
	const made = keepsOwners(context) ? disks.filter(({reuse}) => reuse === 'absolute-paths') : [];
	const overlaid = made.map(disk => ({...toOverlaid(context, disk), sizeBytes: imageAt(context.graph, disk.headPath)?.virtualSizeBytes ?? 0}));
	refuseFolderRisks(context, made.map(({overlayPath}) => overlayPath));
	return {
		steps: [...overlaySteps(overlaid), ...proveBuilt(overlaid)],
		after: closeBuildFolders(overlaid),
		made,
		disks: disks.map(disk => made.includes(disk) ? {...disk, reuse: 'existing'} : disk),
	};
}
