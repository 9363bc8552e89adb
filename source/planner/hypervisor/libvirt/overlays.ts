/**
Overlays of a running domain that libvirt cannot make, or not well: where it gives no image to QEMU's user, QEMU may not open what libvirt has made; encrypted ones take it
long. They are made beforehand with the owners of the disks, and handed to libvirt as prepared ones.
*/
import {imageAt} from '../../../model/images/image-graph.ts';
import type {Step} from '../../../model/plan/plan.ts';
import {keysOf, secretOn} from '../../encryption/keys.ts';
import {closeBuildFolders, proveBuilt, refuseFolderRisks} from '../../steps/build-folder.ts';
import type {PlanContext} from '../../context.ts';
import {overlaySteps, toOverlaid} from '../../steps/overlay.ts';
import {inMode, type DiskPlan, type NewOverlay} from '../../disk-plan.ts';

/** By `dynamic_ownership = 0`, or by the domain's own label. A disk's own label is no reason: libvirt does not hand it down to the overlay (9.0, 12.8). */
function keepsOwners({inventory}: PlanContext): boolean {
	return inventory.keepsOwners === true || inventory.details.domain.liveDefinition?.fileOwnership?.keepsOwners === true;
}

/** QEMU would hash the passphrase while the guest stands still (12 seconds for each disk, 9.0). */
const isEncrypted = (context: PlanContext, {headPath}: NewOverlay): boolean => secretOn(keysOf(context).layersOf(headPath)) !== undefined;

/** `steps` before libvirt's own, `after` it. `reason`: why they are made here; undefined: none is. `disks`: all of them, as libvirt is told of them. */
export function ownOverlays(context: PlanContext, disks: DiskPlan[]): {steps: Step[]; after: Step[]; reason: string | undefined; disks: DiskPlan[]} {
	const external = inMode(disks, 'external');
	const isNeeded = keepsOwners(context) || external.some(disk => isEncrypted(context, disk));
	const made = isNeeded ? external.filter(({reuse}) => reuse === 'absolute-paths') : [];
	const overlaid = made.map(disk => ({...toOverlaid(context, disk), sizeBytes: imageAt(context.graph, disk.headPath)?.virtualSizeBytes ?? 0}));
	refuseFolderRisks(context, made.map(({overlayPath}) => overlayPath));
	return {
		steps: [...overlaySteps(overlaid), ...proveBuilt(overlaid)],
		after: closeBuildFolders(overlaid),
		reason: made.length === 0 ? undefined : (keepsOwners(context) ? 'libvirt is configured not to change the owner of images' : 'Encrypted images take long to make'),
		disks: disks.map((disk): DiskPlan => disk.mode === 'external' && made.includes(disk) ? {...disk, reuse: 'existing'} : disk),
	};
}
