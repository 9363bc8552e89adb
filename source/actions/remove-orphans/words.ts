import type {Consequence} from '../../model/plan/plan.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'remove-orphans'>['words'] = {
	title: ({domain}) => `Remove images of ${domain.name} that nothing needs`,
	noun: () => 'removal of images that nothing needs',
	log: ({paths}) => `remove ${paths.length} image${paths.length === 1 ? '' : 's'} that nothing needs`,
	done: ({domain}) => `The images of "${domain.name}" that nothing needed are removed.`,
};

export function describeRemoved(files: ReadonlyArray<{path: string; bytes: number; isNvramCopy: boolean}>): Consequence[] {
	return [
		...files.map(({path, bytes, isNvramCopy}): Consequence => ({
			severity: 'loss',
			text: isNvramCopy ? `${path}: the firmware variables of a deleted snapshot.` : `${path} (${formatBytes(bytes)}): a state that was kept there without a snapshot is lost.`,
			what: path,
		})),
		{severity: 'info', text: 'The domain, its disks and its snapshots are not touched.'},
	];
}
