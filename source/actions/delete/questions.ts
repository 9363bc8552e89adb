/**
The question of a deletion: the snapshot, only its record, or its descendants too. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Question} from '../question.ts';
import {askScope, listGone} from './words.ts';

export function deleteQuestions(request: Request & {kind: 'delete'}, {details, nowMs}: {details: DomainDetails | undefined; nowMs: number}): Question[] {
	const snapshots = details?.snapshots ?? [];
	const below = withDescendants(snapshots, request.snapshot);
	const gone = (hasItself: boolean) => listGone(snapshots.filter(({name}) => below.has(name) && (hasItself || name !== request.snapshot)), nowMs);
	const texts = askScope(below.size - 1, gone);
	const reason = below.size === 1 ? texts.whyNot : undefined;
	const scope = (value: typeof request.scope, isMetadataOnly = false) => ({request: {...request, scope: value, isMetadataOnly}});
	return [{
		id: 'scope',
		...texts.question,
		showsSpace: true,
		choices: [
			{id: 'one', ...texts.one, change: scope('one')},
			{id: 'record', ...texts.record, change: scope('one', true)},
			{id: 'children-only', reason, ...texts.childrenOnly, change: scope('children-only')},
			{id: 'with-children', reason, ...texts.withChildren, change: scope('with-children')},
		],
	}];
}
