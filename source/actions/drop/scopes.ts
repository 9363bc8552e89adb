/**
The field of a deletion, which a merge shares: what goes with the snapshot. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';
import {scopeWords, severalWords} from './words.ts';

type Deletion = Request & {kind: 'delete'};

export function scopeField(request: Request & {kind: 'delete' | 'merge'}, chosen: string | undefined, {details}: Asked): Field {
	const {uuid, snapshot} = request;
	const others = 'others' in request ? request.others : undefined;
	const count = withDescendants(details?.snapshots ?? [], snapshot).size - 1;
	const words = scopeWords(count);
	const reason = count === 0 ? words.whyNot : undefined;
	const scope = (value: Deletion['scope'], isMetadataOnly = false): {request: Deletion} => ({request: {
		kind: 'delete', uuid, snapshot, ...(others !== undefined && {others}), scope: value, isMetadataOnly,
	}});
	const several = severalWords(1 + (others?.length ?? 0));
	return {
		kind: 'choice',
		id: 'scope',
		...words.field,
		chosen,
		isList: true,
		showsSpace: true,
		choices: others === undefined
			? [
				{id: 'one', ...words.one, change: scope('one')},
				{id: 'merge', ...words.merge, change: {request: {kind: 'merge', uuid, snapshot}}},
				{id: 'record', ...words.record, change: scope('one', true)},
				{id: 'children-only', reason, ...words.childrenOnly, change: scope('children-only')},
				{id: 'with-children', reason, ...words.withChildren, change: scope('with-children')},
			]
			: [{id: 'one', ...several.all, change: scope('one')}, {id: 'record', ...several.records, change: scope('one', true)}],
	};
}
