import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {EndState} from '../../model/plan/request.ts';
import {formatMoment} from '../../model/text/format.ts';
import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';
import {describeCondition, describePower} from '../words.ts';

export const words: ActionSpec<'revert'>['words'] = {
	title: ({snapshot, domain}) => `Revert ${domain.name} to ${snapshot}`,
	noun: ({snapshot}) => `revert to "${snapshot}"`,
	log: ({snapshot, currentState}) => `revert to "${snapshot}", ${describeCurrentState(currentState)}`,
	done: ({snapshot, domain}) => `"${domain.name}" is back at "${snapshot}".`,
};

export function describeBegin(snapshot: Snapshot): Consequence {
	return {severity: 'info', text: `The disks go back to "${snapshot.name}" of ${formatMoment(snapshot.createdAt)}; so does the VM definition: hardware changes made since are undone.`};
}

export function describeEnd(snapshot: Snapshot, {endState}: {endState: EndState}): Consequence[] {
	if (endState !== 'shutoff' && snapshot.memory.mode !== 'no') {
		return [{severity: 'info', about: 'guest', text: `The guest resumes ${endState === 'paused' ? '(paused) ' : ''}from the saved memory; its clock and connections are those of that moment.`}];
	}

	return [
		describePower(endState),
		...describeCondition(snapshot),
	];
}
