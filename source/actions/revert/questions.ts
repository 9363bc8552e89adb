/**
The questions of a revert: the current state, and the power state afterwards.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {currentStateQuestion, keptDescription} from '../current-state.ts';
import {endStateQuestion} from '../end-state.ts';
import type {Question} from '../question.ts';

export function revertQuestions(request: Request & {kind: 'revert'}, {details, keepName}: {details: DomainDetails | undefined; keepName: string}): Question[] {
	const snapshot = details?.snapshots.find(({name}) => name === request.snapshot);
	return [
		currentStateQuestion(keepName, {
			details,
			description: keptDescription(request.currentState),
			whyNoMemory: snapshot === undefined || isExternal(snapshot) ? undefined : 'the snapshot is inside the images',
		}, currentState => ({...request, currentState})),
		...endStateQuestion(snapshot && details, snapshot, endState => ({...request, endState})),
	];
}
