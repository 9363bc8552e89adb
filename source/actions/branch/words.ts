import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {BranchAction, EndState} from '../../model/plan/request.ts';
import {formatMoment} from '../../model/text/format.ts';
import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';
import {describeCondition, describePower} from '../words.ts';

export const words: ActionSpec<'branch'>['words'] = {
	title: ({name, snapshot, domain}) => `Branch ${name} from ${snapshot} of ${domain.name}`,
	noun: ({name, snapshot}) => `branch "${name}" from "${snapshot}"`,
	log: ({name, snapshot, currentState}) => `branch "${name}" from "${snapshot}", ${describeCurrentState(currentState)}`,
	done: ({name, snapshot, domain}) => `"${domain.name}" is on the new branch "${name}", which begins at "${snapshot}".`,
};

export function describeBegin({name}: BranchAction, snapshot: Snapshot): Consequence {
	return {severity: 'info', text: `A branch begins at "${snapshot.name}" of ${formatMoment(snapshot.createdAt)}: its first snapshot is "${name}", and the domain continues from there.`};
}

export function describeEnd(snapshot: Snapshot, endState: EndState): Consequence[] {
	return [
		...(snapshot.memory.mode === 'no' ? describeCondition(snapshot) : [{severity: 'warning', about: 'guest', text: 'The branch begins with the disks of the snapshot, without its memory. They are crash-consistent: the guest boots as after a power failure.'} as const]),
		describePower(endState),
	];
}
