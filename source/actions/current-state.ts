/**
What happens to the current state when a domain leaves it: shared by revert and branch.
*/
import type {CurrentState, Request} from '../model/plan/request.ts';
import {freeName} from '../model/domain/snapshot-name.ts';
import {mostTaken, nameByTime, problemOfName, type Naming} from './names.ts';
import type {Change, Question, QuestionId} from './question.ts';
import type {OptionSpec, RawOptions} from './spec.ts';

/** Nothing is lost by default: the current state is kept, "before-b1" beside the branch b1, else "kept-20261121-0200". */
export function defaultCurrentState(leaving: {branch?: string}, naming: Naming): CurrentState & {kind: 'keep'} {
	return {
		kind: 'keep',
		name: leaving.branch === undefined
			? nameByTime('kept', naming)
			: freeName(`before-${leaving.branch.slice(0, mostTaken)}`, new Set([...naming.taken, leaving.branch])),
	};
}

export type CompletedCurrentState = {currentState: CurrentState; keepName: string; answered: QuestionId[]};

/** A name that cannot be taken is asked for again. */
export function completeCurrentState(given: CurrentState | undefined, leaving: {branch?: string}, naming: Naming): CompletedCurrentState {
	const proposed = defaultCurrentState(leaving, naming);
	const isAnswered = given !== undefined && (given.kind === 'discard' || problemOfName(given.name, naming.taken) === undefined);
	return {currentState: given ?? proposed, keepName: given?.kind === 'keep' ? given.name : proposed.name, answered: isAnswered ? ['current-state'] : []};
}

export const currentStateOptions = (defaultName: string): OptionSpec[] => [
	{flags: '--keep <name>', summary: `keep the current state as a snapshot of this name (else ${defaultName})`},
	{flags: '--discard', summary: 'lose the current state'},
];

export function readCurrentState({keep, discard}: RawOptions): CurrentState | undefined {
	if (typeof keep === 'string') {
		return {kind: 'keep', name: keep};
	}

	return discard === true ? {kind: 'discard'} : undefined;
}

export function describeCurrentState(currentState: CurrentState): string {
	return currentState.kind === 'keep' ? `keeping the current state as "${currentState.name}"` : 'discarding the current state';
}

/** The choice that loses nothing stands first. `withFate` gives the request with another answer. */
export function currentStateQuestion(keepName: string, taken: ReadonlySet<string>, withCurrentState: (currentState: CurrentState) => Request): Question {
	const keep = (name: string): Change => ({keepName: name, request: withCurrentState({kind: 'keep', name})});
	return {
		id: 'current-state',
		word: 'Current state',
		heading: 'What happens to the current state:',
		choices: [
			{
				id: 'keep',
				label: `Keep it as the snapshot "${keepName}"`,
				note: 'Nothing is lost: it can be reverted to. Press e for another name.',
				change: keep(keepName),
			},
			{
				id: 'discard',
				label: 'Discard it',
				note: 'What was written since the last snapshot is lost for ever.',
				change: {request: withCurrentState({kind: 'discard'})},
			},
		],
		text: {label: 'Keep it as the snapshot', value: keepName, problem: problemOfName(keepName, taken), change: keep},
	};
}
