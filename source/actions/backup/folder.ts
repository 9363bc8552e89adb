/**
Whether a folder can take a backup.
*/
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {tablesBytes} from '../../model/backup/tables.ts';
import {formatBytes} from '../../model/text/format.ts';
import {formatCommandLine} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../../planner/context.ts';
import {refuseBackups} from '../../planner/folder/refuse-backups.ts';
import type {ChosenDisk} from './choose.ts';

/** Appends blockers. */
export function refuseFolder(context: PlanContext, backups: BackupFolder, disks: readonly ChosenDisk[]): void {
	const {path, folder, closedAt} = backups;
	// Nobody writes to a domain that is off: a folder that is full in the midst does no harm to it.
	const needed = disks.reduce((sum, {atMostBytes, isUncounted, virtualSizeBytes}) => sum + (isUncounted ? 0 : atMostBytes) + tablesBytes(virtualSizeBytes), 0);
	if (!folder.isWritable) {
		context.blockers.push({kind: 'not-permitted', text: `No file can be created in ${path}: it is not writable by you.`, remedy: 'Run as a user who may write there, or choose another folder.', needsRights: true});
	}

	if (closedAt !== undefined) {
		context.blockers.push({
			kind: 'not-permitted',
			text: `QEMU, which runs as user ${closedAt.uid}, cannot enter ${closedAt.folder}, and so not write the backup to ${path}.`,
			remedy: `Let others through it, who need not see what is in it: ${formatCommandLine(['chmod', 'o+x', closedAt.folder])}. Or choose another folder.`,
		});
	}

	refuseBackups(context.blockers, backups, 'add');

	if (folder.freeBytes < needed) {
		context.blockers.push({
			kind: 'no-space',
			text: `Not enough room in ${path}: ${formatBytes(folder.freeBytes)} free, and the backup may need ${formatBytes(needed)}.`,
			remedy: 'Free some space there (vsnap-tui backup prune), or choose another folder.',
		});
	}
}
