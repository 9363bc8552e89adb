/**
The question of a rename: the new name.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {Question} from '../question.ts';

export function renameQuestions(request: Request & {kind: 'rename'}, {details}: {details: DomainDetails | undefined}): Question[] {
	const {snapshot, name} = request;
	const problem = name === snapshot ? 'This is its name already.' : problemOfName(name, takenNames(details));
	return [{
		id: 'name',
		word: 'Name',
		heading: `What should "${snapshot}" be called?`,
		choices: [],
		text: {label: 'Its new name', value: name, problem, change: typed => ({request: {...request, name: typed}})},
	}];
}
