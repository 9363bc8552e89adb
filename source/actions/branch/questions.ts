/**
The questions of a branch: what its first snapshot is called, the current state, and the power state afterwards.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {defaultCurrentState, currentStateQuestion, keptDescription} from '../current-state.ts';
import {endStateQuestion} from '../end-state.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {Change, Question} from '../question.ts';

export function branchQuestions(request: Request & {kind: 'branch'}, {details, keepName}: {details: DomainDetails | undefined; keepName: string}): Question[] {
	const taken = takenNames(details);
	const keptBy = (branch: string) => defaultCurrentState({branch}, {nowMs: 0, taken});
	// The name of the kept state follows the name of the branch until the person chooses another.
	const rename = (name: string): Change => {
		const isFollowing = keepName === keptBy(request.name).name && request.currentState.kind === 'keep';
		return isFollowing ? {request: {...request, name, currentState: {...request.currentState, ...keptBy(name)}}, keepName: keptBy(name).name} : {request: {...request, name}};
	};

	return [
		{
			id: 'name',
			word: 'Name',
			heading: 'What should the new branch be called?',
			choices: [],
			text: {label: 'Name of its first snapshot', value: request.name, problem: problemOfName(request.name, taken), change: rename},
		},
		currentStateQuestion(keepName, {details, description: keptDescription(request.currentState), taken: new Set([...taken, request.name])}, currentState => ({...request, currentState})),
		...endStateQuestion(details, undefined, endState => ({...request, endState})),
	];
}
