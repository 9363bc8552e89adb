/**
A snapshot that is planned once more, by recovery.
*/
import {createdPaths, targetOf, type Plan} from '../../model/plan/plan.ts';
import type {CreateAction} from '../../model/plan/request.ts';

/** It is alone by then: nobody else is frozen with it. What was asked for, as far as the power of the domain decided it: a snapshot of disks that were off stays one where somebody has started the domain since. */
export function againAsPlanned({isFrozenApart: _, ...action}: CreateAction, plan: Plan): CreateAction {
	const {before, expected} = targetOf(plan);
	const created = createdPaths(plan);
	if (action.memory !== undefined || (before.state !== 'shutoff' && before.state !== 'crashed') || created.length === 0) {
		return action;
	}

	const made = expected.heads.filter(({path}) => created.includes(path));
	const others = action.disks.filter(({target}) => !made.some(head => head.target === target));
	return {
		...action,
		isDiskOnly: true,
		disks: [...others, ...made.map(({target}) => ({...action.disks.find(request => request.target === target), target, mode: 'external'} as const))],
	};
}
