/**
Overlays, and the records that name it, are told where a moved image file lies: what the doctor offers for a broken chain.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planRebase} from './plan.ts';

export const rebase = {
	kind: 'rebase',
	complete: wholeRequest,
	reads: ({links}) => (links ?? []).filter(({backingFormat}) => backingFormat === 'qcow2').map(({backingPath}) => backingPath),
	join: requests => ({...requests[0]!, links: requests.flatMap(({links}) => links), moved: requests.flatMap(({moved}) => moved)}),
	plan: planRebase,
	words: {
		title: ({domain}) => `Rebase ${domain.name} onto moved backing files`,
		noun: () => 'rebase onto moved backing files',
		log: ({links}) => `rebase onto ${links.length} moved backing file${links.length === 1 ? '' : 's'}`,
		done: ({domain}) => `The images of "${domain.name}" find their backing files again.`,
	},
} satisfies ActionSpec<'rebase'>;
