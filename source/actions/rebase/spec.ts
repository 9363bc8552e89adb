/**
Overlays, and the records that name it, are told where a moved image file lies: what the doctor offers for a broken chain.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {whyNoUndo, words} from './words.ts';

export const rebase = {
	kind: 'rebase',
	complete: wholeRequest,
	reads: ({links}) => (links ?? []).filter(({backingFormat}) => backingFormat === 'qcow2').map(({backingPath}) => backingPath),
	join: requests => ({...requests[0]!, links: requests.flatMap(({links}) => links), moved: requests.flatMap(({moved}) => moved)}),
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'rebase'>;
