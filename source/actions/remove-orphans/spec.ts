/**
Images that nothing needs are removed: what the doctor offers for them.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planRemoveOrphans} from './plan.ts';

export const removeOrphans = {
	kind: 'remove-orphans',
	complete: wholeRequest,
	reads: ({paths}) => paths ?? [],
	join: requests => ({...requests[0]!, paths: [...new Set(requests.flatMap(({paths}) => paths))]}),
	plan: planRemoveOrphans,
	words: {
		title: ({domain}) => `Remove images of ${domain.name} that nothing needs`,
		noun: () => 'removal of images that nothing needs',
		log: ({paths}) => `remove ${paths.length} image${paths.length === 1 ? '' : 's'} that nothing needs`,
		done: ({domain}) => `The images of "${domain.name}" that nothing needed are removed.`,
	},
} satisfies ActionSpec<'remove-orphans'>;
