/**
Images that nothing needs are removed: what the doctor offers for them.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {whyNoUndo, words} from './words.ts';

export const removeOrphans = {
	kind: 'remove-orphans',
	complete: wholeRequest,
	reads: ({paths}) => paths ?? [],
	join: requests => ({...requests[0]!, paths: [...new Set(requests.flatMap(({paths}) => paths))]}),
	undo: action => ({never: whyNoUndo(action)}),
	words,
} satisfies ActionSpec<'remove-orphans'>;
