import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'revert'>['words'] = {
	title: ({snapshot, domain}) => `Revert ${domain.name} to ${snapshot}`,
	noun: ({snapshot}) => `revert to "${snapshot}"`,
	log: ({snapshot, currentState}) => `revert to "${snapshot}", ${describeCurrentState(currentState)}`,
	done: ({snapshot, domain}) => `"${domain.name}" is back at "${snapshot}".`,
};
