import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'merge'>['words'] = {
	title: ({snapshot, domain}) => `Merge ${snapshot} of ${domain.name}`,
	noun: ({snapshot}) => `merge of "${snapshot}"`,
	log: ({snapshot}) => `merge "${snapshot}"`,
	done: ({snapshot, domain}) => `"${snapshot}" of "${domain.name}" is merged: what was written since stays.`,
};
