import type {Consequence} from '../../model/plan/plan.ts';
import type {RemoveOrphansAction} from '../../model/plan/request.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {ActionSpec} from '../spec.ts';

const whatOf = ({paths}: RemoveOrphansAction) => paths.length === 0 ? 'bitmaps' : 'images';
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

export const words: ActionSpec<'remove-orphans'>['words'] = {
	title: action => `Remove ${whatOf(action)} of ${action.domain.name} that nothing needs`,
	noun: action => `removal of ${whatOf(action)} that nothing needs`,
	log: ({paths, bitmaps = []}) => `remove ${paths.length === 0 ? counted(bitmaps.length, 'bitmap') : counted(paths.length, 'image')} that nothing needs`,
	done: action => `The ${whatOf(action)} of "${action.domain.name}" that nothing needed are removed.`,
};

export const whyNoUndo = (action: RemoveOrphansAction) => `the ${whatOf(action)} are removed`;

export function describeRemoved(files: ReadonlyArray<{path: string; bytes: number; isNvramCopy: boolean}>, bitmaps: ReadonlyArray<{path: string; name: string}>): Consequence[] {
	return [
		...files.map(({path, bytes, isNvramCopy}): Consequence => ({
			severity: 'loss',
			text: isNvramCopy ? `${path}: the firmware variables of a deleted snapshot.` : `${path} (${formatBytes(bytes)}): a state that was kept there without a snapshot is lost.`,
			what: path,
		})),
		...bitmaps.map(({path, name}): Consequence => ({severity: 'info', text: `The bitmap "${name}" goes from ${path}. No content of a disk is touched; no backup can start from it, as no checkpoint names it.`})),
		{severity: 'info', text: 'The domain, its disks and its snapshots are not touched.'},
	];
}
