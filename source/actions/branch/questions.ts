/**
The fields of a branch: what its first snapshot is called, the current state, and the power state afterwards.
*/
import type {Request} from '../../model/plan/request.ts';
import {currentStateFields, defaultCurrentState} from '../current-state.ts';
import {endStateFields} from '../end-state.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {Change, Field} from '../question.ts';
import type {Asked} from '../spec.ts';

export function branchFields(request: Request & {kind: 'branch'}, {details, kept, nowMs}: Asked): Field[] {
	const taken = takenNames(details);
	const keptBy = (branch: string) => defaultCurrentState({branch}, {nowMs: 0, taken}).name;
	// The name of the kept state follows the name of the branch until the person chooses another.
	const rename = (name: string): Change => {
		const following = kept!.name === keptBy(request.name) ? {...kept!, name: keptBy(name)} : kept!;
		return {kept: following, request: {...request, name, currentState: request.currentState.kind === 'keep' ? following : request.currentState}};
	};

	return [
		{
			kind: 'text', id: 'name', label: 'Name', question: 'Name of the first snapshot of the branch', value: request.name, problem: problemOfName(request.name, taken), change: rename,
		},
		...currentStateFields(request.currentState, {details, kept: kept!, nowMs, taken: new Set([...taken, request.name])}, currentState => ({...request, currentState})),
		...endStateFields(request.endState, {details}, endState => ({...request, endState})),
	];
}
