/**
The question of a deletion: the checkpoint, only its record, or those after it too. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Question} from '../question.ts';
import {askScope} from './words.ts';

export function deleteCheckpointQuestions(request: Request & {kind: 'delete-checkpoint'}, {details, nowMs}: {details: DomainDetails | undefined; nowMs: number}): Question[] {
	const checkpoints = details?.checkpoints ?? [];
	const below = withDescendants(checkpoints, request.checkpoint);
	const texts = askScope({
		itself: checkpoints.filter(({name}) => name === request.checkpoint),
		after: checkpoints.filter(({name}) => below.has(name) && name !== request.checkpoint),
		nowMs,
	});
	const reason = below.size <= 1 ? texts.whyNot : undefined;
	const scope = (value: typeof request.scope, isMetadataOnly = false) => ({request: {...request, scope: value, isMetadataOnly}});
	return [{
		id: 'scope',
		...texts.question,
		choices: [
			{id: 'one', ...texts.one, change: scope('one')},
			{id: 'record', ...texts.record, change: scope('one', true)},
			{id: 'children-only', reason, ...texts.childrenOnly, change: scope('children-only')},
			{id: 'with-children', reason, ...texts.withChildren, change: scope('with-children')},
		],
	}];
}
