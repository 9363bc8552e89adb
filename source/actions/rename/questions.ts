/**
The field of a rename: the new name.
*/
import type {Request} from '../../model/plan/request.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';

export function renameFields(request: Request & {kind: 'rename'}, {details}: Asked): Field[] {
	const {snapshot, name} = request;
	const problem = name === snapshot ? 'This is its name already.' : problemOfName(name, takenNames(details));
	return [{
		kind: 'text', id: 'name', label: 'New name', question: 'Its new name', value: name, problem, change: typed => ({request: {...request, name: typed}}),
	}];
}
