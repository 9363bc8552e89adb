/**
Whether a folder can take a backup.
*/
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {formatBytes} from '../../model/text/format.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../../planner/context.ts';
import type {ChosenDisk} from './choose.ts';

/** Tables and metadata of each image, and the manifest, rounded up generously. */
const marginBytes = 4 * 1024 * 1024;

/** Appends blockers. */
export function refuseFolder(context: PlanContext, {path, folder, pruning}: BackupFolder, disks: readonly ChosenDisk[]): void {
	// Nobody writes to a domain that is off: a folder that is full in the midst does no harm to it.
	const needed = disks.reduce((sum, {atMostBytes, isUncounted}) => sum + (isUncounted ? 0 : atMostBytes) + marginBytes, 0);
	if (!folder.isWritable) {
		context.blockers.push({kind: 'not-permitted', text: `No file can be created in ${path}: it is not writable by you.`, remedy: 'Run as a user who may write there, or choose another folder.'});
	}

	if (folder.risk !== undefined) {
		context.blockers.push({
			kind: 'not-permitted',
			text: `${path} can be written to by ${folder.risk.who}, who could exchange what root writes there.`,
			remedy: 'Choose a folder that only root can write to, in folders that only root can write to.',
		});
	}

	if (pruning !== undefined) {
		context.blockers.push({
			kind: 'unfinished-action',
			text: `A removal of old points was interrupted in ${path}.`,
			remedy: `Finish it first: vsnap-tui backup prune ${quoteForShell(path)} --yes.`,
		});
	}

	if (folder.freeBytes < needed) {
		context.blockers.push({
			kind: 'no-space',
			text: `Not enough room in ${path}: ${formatBytes(folder.freeBytes)} free, and the backup may need ${formatBytes(needed)}.`,
			remedy: 'Free some space there (vsnap-tui backup prune), or choose another folder.',
		});
	}
}
