import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'rename'>['words'] = {
	title: ({snapshot, name, domain}) => `Rename ${snapshot} of ${domain.name} to ${name}`,
	noun: ({snapshot}) => `rename of "${snapshot}"`,
	log: ({snapshot, name}) => `rename "${snapshot}" to "${name}"`,
	done: ({snapshot, name}) => `"${snapshot}" is called "${name}" now.`,
};
