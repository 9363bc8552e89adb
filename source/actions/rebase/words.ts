import type {Consequence} from '../../model/plan/plan.ts';
import type {RebaseAction} from '../../model/plan/request.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'rebase'>['words'] = {
	title: ({domain}) => `Rebase ${domain.name} onto moved backing files`,
	noun: () => 'rebase onto moved backing files',
	log: ({links}) => `rebase onto ${links.length} moved backing file${links.length === 1 ? '' : 's'}`,
	done: ({domain}) => `The images of "${domain.name}" find their backing files again.`,
};

export const whyNoUndo = 'the backing files are where the images look for them now';

/** `isMoved`: an overlay looks elsewhere from then on, and is not only told the format. */
export function describeRebase({links}: RebaseAction, {recordCount, isMoved}: {recordCount: number; isMoved: boolean}): Consequence[] {
	return [
		...links.map(({path, backingPath, backingFormat}): Consequence => ({severity: 'info', text: `${path} is backed by ${backingPath} (${backingFormat}). Its own content is not touched.`})),
		...(recordCount > 0 ? [{severity: 'info' as const, text: `The records of ${recordCount} snapshot${recordCount === 1 ? '' : 's'} are updated to the new path.`}] : []),
		...(isMoved ? [{severity: 'warning' as const, text: 'An image cannot prove that a file is the one that was moved: its name and size match, and it has not been written to since.'}] : []),
	];
}
