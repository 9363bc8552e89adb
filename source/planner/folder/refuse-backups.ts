/**
What speaks against any use of a folder of backups.
*/
import {chainOf, linksByFile} from '../../model/backup/chain.ts';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {Pruning} from '../../model/backup/pruning.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';

type Use = 'add' | 'restore' | 'prune';

/** Whether an interrupted removal may have changed what the point is read from; of what only goes later, what is missing tells. */
function isTouched({points}: BackupFolder, {replaced, removed}: Pruning, {point, disks}: Manifest): boolean {
	const links = linksByFile(points);
	const files = new Set(disks.flatMap(({file}) => {
		const chain = chainOf(links, file);
		return chain.ok ? chain.value.map(link => link.file) : [];
	}));
	return removed.some(one => one.point === point) || replaced.some(one => one.files.some(file => files.has(file)));
}

const safety: Record<Use, {does: 'writes' | 'reads'; remedy: string}> = {
	add: {does: 'writes', remedy: 'Choose a folder that only root can write to, in folders that only root can write to.'},
	restore: {does: 'reads', remedy: 'Copy the backups to a folder that only root can write to, in folders that only root can write to.'},
	prune: {does: 'writes', remedy: 'Let only root write to that folder, and to those above it.'},
};

/** Appends. Also where what an interrupted removal left is finished: whoever may write there may have left it. */
export function refuseForeign(blockers: Blocker[], {path, folder}: BackupFolder, use: Use): void {
	const {does, remedy} = safety[use];
	if (folder.risk !== undefined) {
		blockers.push({kind: 'not-permitted', text: `${path} can be written to by ${folder.risk.who}, who could exchange what root ${does} there.`, remedy});
	}
}

/** Appends. `point`: it alone is to be read. */
export function refuseBackups(blockers: Blocker[], backups: BackupFolder, use: Use, point?: Manifest): void {
	const {path, pruning} = backups;
	refuseForeign(blockers, backups, use);
	if (pruning !== undefined && (point === undefined || isTouched(backups, pruning, point))) {
		blockers.push({kind: 'unfinished-action', text: `A removal of old points was interrupted in ${path}.`, remedy: `Finish it first: vsnap-tui backup prune ${quoteForShell(path)} --yes.`});
	}
}
