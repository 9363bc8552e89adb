/**
Which point of a folder is restored. It stands apart from what is planned with it, because the screen asks for it before there is a plan.
*/
import type {Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {listNames} from '../../model/text/list-names.ts';

/** Undefined: the newest. */
export function choosePoint({path, points}: BackupFolder, at: string | undefined): Result<Manifest> {
	const found = at === undefined ? points.at(-1) : points.find(({point}) => point === at);
	return found === undefined
		? fail({
			kind: 'refused',
			blockers: [{
				kind: 'image-missing',
				text: at === undefined ? `There are no backups in ${path}.` : `There is no point "${at}" in ${path}.`,
				remedy: points.length === 0 ? 'Name the folder that vsnap-tui backup create wrote to.' : `Choose one of these: ${listNames(points.map(({point}) => point), 10)}.`,
			}],
		})
		: succeed(found);
}
