import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'create'>['words'] = {
	title: ({snapshot, domain}) => `Create snapshot ${snapshot} of ${domain.name}`,
	noun: ({snapshot}) => `creation of "${snapshot}"`,
	log: ({snapshot}) => `create snapshot "${snapshot}"`,
	done: ({snapshot, domain}) => `The snapshot "${snapshot}" of "${domain.name}" is created.`,
};
