/**
The question of a new checkpoint: its name, and beside it what it is for.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import {descriptionField} from '../names.ts';
import type {Question} from '../question.ts';

export const takenCheckpoints = (details: DomainDetails | undefined): Set<string> => new Set(details?.checkpoints.map(({name}) => name));

/** A whole sentence while the name cannot be taken; undefined as soon as it can. */
export function problemOfCheckpoint(name: string, taken: ReadonlySet<string>): string | undefined {
	const problem = checkpointNameProblem(name);
	return problem === undefined
		? (taken.has(name) ? `A checkpoint "${name}" exists already.` : undefined)
		: (name === '' ? 'The checkpoint needs a name.' : `This name ${problem}.`);
}

export function checkpointQuestions(request: Request & {kind: 'create-checkpoint'}, {details}: {details: DomainDetails | undefined}): Question[] {
	const {checkpoint, description} = request;
	return [{
		id: 'name',
		word: 'Name',
		heading: 'What should the checkpoint be called?',
		choices: [],
		text: {
			label: 'Its name',
			value: checkpoint,
			problem: problemOfCheckpoint(checkpoint, takenCheckpoints(details)),
			change: typed => ({request: {...request, checkpoint: typed}}),
			beside: descriptionField(description, typed => ({request: {...request, description: typed}})),
		},
	}];
}
