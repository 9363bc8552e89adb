/**
The fields of a new checkpoint: its name, and what it is for.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import {descriptionField} from '../names.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';

export const takenCheckpoints = (details: DomainDetails | undefined): Set<string> => new Set(details?.checkpoints.map(({name}) => name));

/** A whole sentence while the name cannot be taken; undefined as soon as it can. */
export function problemOfCheckpoint(name: string, taken: ReadonlySet<string>): string | undefined {
	const problem = checkpointNameProblem(name);
	return problem === undefined
		? (taken.has(name) ? `A checkpoint "${name}" exists already.` : undefined)
		: (name === '' ? 'The checkpoint needs a name.' : `This name ${problem}.`);
}

export function checkpointFields(request: Request & {kind: 'create-checkpoint'}, {details}: Asked): Field[] {
	const {checkpoint, description} = request;
	return [
		{
			kind: 'text', id: 'name', label: 'Name', question: 'Its name', value: checkpoint, problem: problemOfCheckpoint(checkpoint, takenCheckpoints(details)), change: typed => ({request: {...request, checkpoint: typed}}),
		},
		descriptionField(description, typed => ({request: {...request, description: typed}})),
	];
}
