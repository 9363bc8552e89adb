import {describeFate} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'revert'>['words'] = {
	title: ({snapshot, domain}) => `Revert ${domain.name} to ${snapshot}`,
	log: ({snapshot, fate}) => `revert to "${snapshot}", ${describeFate(fate)}`,
	done: ({snapshot, domain}) => `"${domain.name}" is back at "${snapshot}".`,
};
