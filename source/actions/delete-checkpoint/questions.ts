/**
The field of a deletion: the checkpoint, only its record, or those after it too. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';
import {scopeWords} from './words.ts';

export function deleteCheckpointFields(request: Request & {kind: 'delete-checkpoint'}, {details}: Asked): Field[] {
	const count = withDescendants(details?.checkpoints ?? [], request.checkpoint).size - 1;
	const words = scopeWords(count);
	const reason = count === 0 ? words.whyNot : undefined;
	const scope = (value: typeof request.scope, isMetadataOnly = false) => ({request: {...request, scope: value, isMetadataOnly}});
	return request.others === undefined
		? [{
			kind: 'choice',
			id: 'scope',
			...words.field,
			chosen: request.isMetadataOnly ? (request.scope === 'one' ? 'record' : undefined) : request.scope,
			isList: true,
			choices: [
				{id: 'one', ...words.one, change: scope('one')},
				{id: 'record', ...words.record, change: scope('one', true)},
				{id: 'children-only', reason, ...words.childrenOnly, change: scope('children-only')},
				{id: 'with-children', reason, ...words.withChildren, change: scope('with-children')},
			],
		}]
		: [];
}
