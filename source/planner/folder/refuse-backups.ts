/**
What speaks against any use of a folder of backups.
*/
import type {BackupFolder} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';

type Use = 'add' | 'restore' | 'prune';

const safety: Record<Use, {does: 'writes' | 'reads'; remedy: string}> = {
	add: {does: 'writes', remedy: 'Choose a folder that only root can write to, in folders that only root can write to.'},
	restore: {does: 'reads', remedy: 'Copy the backups to a folder that only root can write to, in folders that only root can write to.'},
	prune: {does: 'writes', remedy: 'Let only root write to that folder, and to those above it.'},
};

/** Appends. */
export function refuseBackups(blockers: Blocker[], {path, folder, pruning}: BackupFolder, use: Use): void {
	const {does, remedy} = safety[use];
	if (folder.risk !== undefined) {
		blockers.push({kind: 'not-permitted', text: `${path} can be written to by ${folder.risk.who}, who could exchange what root ${does} there.`, remedy});
	}

	if (pruning !== undefined) {
		blockers.push({kind: 'unfinished-action', text: `A removal of old points was interrupted in ${path}.`, remedy: `Finish it first: vsnap-tui backup prune ${quoteForShell(path)} --yes.`});
	}
}
