/**
The field of a deletion, which a merge shares: what goes with the snapshot. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';
import {scopeWords} from './words.ts';

export function scopeField({uuid, snapshot}: Request & {kind: 'delete' | 'merge'}, chosen: string | undefined, {details}: Asked): Field {
	const count = withDescendants(details?.snapshots ?? [], snapshot).size - 1;
	const words = scopeWords(count);
	const reason = count === 0 ? words.whyNot : undefined;
	const scope = (value: (Request & {kind: 'delete'})['scope'], isMetadataOnly = false) => ({request: {kind: 'delete' as const, uuid, snapshot, scope: value, isMetadataOnly}});
	return {
		kind: 'choice',
		id: 'scope',
		...words.field,
		chosen,
		isList: true,
		showsSpace: true,
		choices: [
			{id: 'one', ...words.one, change: scope('one')},
			{id: 'merge', ...words.merge, change: {request: {kind: 'merge', uuid, snapshot}}},
			{id: 'record', ...words.record, change: scope('one', true)},
			{id: 'children-only', reason, ...words.childrenOnly, change: scope('children-only')},
			{id: 'with-children', reason, ...words.withChildren, change: scope('with-children')},
		],
	};
}
