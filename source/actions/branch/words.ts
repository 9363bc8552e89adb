import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'branch'>['words'] = {
	title: ({name, snapshot, domain}) => `Branch ${name} from ${snapshot} of ${domain.name}`,
	noun: ({name, snapshot}) => `branch "${name}" from "${snapshot}"`,
	log: ({name, snapshot, currentState}) => `branch "${name}" from "${snapshot}", ${describeCurrentState(currentState)}`,
	done: ({name, snapshot, domain}) => `"${domain.name}" is on the new branch "${name}", which begins at "${snapshot}".`,
};
