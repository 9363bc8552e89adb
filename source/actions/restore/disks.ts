/**
Which disks of the domain are restored from a point, and into which new images.
*/
import {posix} from 'node:path';
import type {BackedUpDisk, Manifest} from '../../model/backup/manifest.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {succeed, type Result} from '../../model/result.ts';
import {formatBytes, stampOf} from '../../model/text/format.ts';
import {refuseFolders as refusePlainFolders} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {refuseBackups} from '../../planner/folder/refuse-backups.ts';
import {wholeBytes} from '../../planner/folder/restore.ts';
import {refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {toOverlaid} from '../../planner/steps/overlay.ts';
import {overlayPath, stemOf} from '../../planner/steps/overlay-name.ts';
import type {OverlaidDisk, RevertDisks} from '../../planner/steps/revert-disks.ts';
import {filePathOf} from '../../planner/storage/storage.ts';

/** `bytes`: what it takes at most. */
export type RestoredDisk = {disk: BackedUpDisk; overlaid: OverlaidDisk; bytes: number};

export type RestoreDisks = {disks: RestoredDisk[]; revert: RevertDisks};

/** Appends blockers. Fails with `unreadable` where the chain of a disk is not whole. */
export function chooseDisks(context: PlanContext, {backups, point, now}: {backups: BackupFolder; point: Manifest; now: Date}): Result<RestoreDisks> {
	const {details, folders} = context.inventory;
	const heads = headDisks(details.domain);
	const taken = new Set(details.images.map(({path}) => path));
	const disks: RestoredDisk[] = [];
	for (const disk of point.disks) {
		const head = heads.find(({target}) => target === disk.disk);
		const headPath = head && isWritableMedium(head) && head.transient === undefined && !head.isEncrypted ? filePathOf(head) : undefined;
		const bytes = wholeBytes(backups.points, [disk]);
		if (!bytes.ok) {
			return bytes;
		}

		if (headPath === undefined) {
			context.blockers.push({
				kind: 'not-supported',
				text: head === undefined ? `The domain has no disk ${disk.disk}, and the backup has one.` : `${disk.disk} is not on an image file of its own that could be replaced.`,
				remedy: 'Restore the backup as a new domain (--as NAME), or its images alone (--to FOLDER).',
			});
			continue;
		}

		const path = overlayPath(stemOf(headPath), {stamp: stampOf(now), folders, taken});
		const like = toOverlaid(context, {target: disk.disk, headPath, format: head!.format ?? 'qcow2', overlayPath: path, reuse: 'no-backing-file'});
		const file = imageAt(context.graph, headPath)?.file;
		const isHeldByLibvirt = details.domain.liveDefinition !== undefined && context.can.changesOwners && file?.isRegular;
		// It is built on nothing, so nothing below it is needed.
		disks.push({disk, bytes: bytes.value, overlaid: {...like, basePath: path, baseFormat: 'qcow2', layout: {}, sizeBytes: disk.virtualSizeBytes, ...(isHeldByLibvirt && {ownedLater: {headPath, file}})}});
	}

	const restored = new Set(point.disks.map(({disk}) => disk));
	const untouched = heads.filter(head => isWritableMedium(head) && !restored.has(head.target)).flatMap(head => {
		const path = filePathOf(head);
		return path === undefined ? [] : [{target: head.target, path, format: head.format ?? 'raw'}];
	});
	return succeed({disks, revert: {overlaid: disks.map(({overlaid}) => overlaid), untouched, outside: [], leaving: []}});
}

/** Appends blockers. */
export function refuseFolders(context: PlanContext, {backups, point}: {backups: BackupFolder; point: Manifest}, disks: readonly RestoredDisk[]): void {
	const paths = disks.map(({overlaid}) => overlaid.overlayPath);
	refusePlainFolders(context, paths);
	refuseFolderRisks(context, paths);
	refuseBackups(context.blockers, backups, 'restore', point);
	const needed = new Map<string, {bytes: number; free: number; folder: string}>();
	for (const {overlaid: {overlayPath}, bytes} of disks) {
		const place = context.inventory.folders.get(posix.dirname(overlayPath));
		if (place !== undefined) {
			const sum = needed.get(place.device) ?? {bytes: 0, free: place.freeBytes, folder: place.path};
			needed.set(place.device, {...sum, bytes: sum.bytes + bytes});
		}
	}

	for (const {bytes, free, folder: full} of needed.values()) {
		if (free < bytes) {
			context.blockers.push({kind: 'no-space', text: `Not enough room in ${full}: ${formatBytes(free)} free, and the restored images may need ${formatBytes(bytes)}.`, remedy: 'Free some space there, or restore elsewhere: --to FOLDER.'});
		}
	}
}
