/**
The question of a deletion: the snapshot, only its record, or its descendants too. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Question} from '../question.ts';

export function deleteQuestions(request: Request & {kind: 'delete'}, {details}: {details: DomainDetails | undefined}): Question[] {
	const count = withDescendants(details?.snapshots ?? [], request.snapshot).size - 1;
	const descendants = count === 0 ? 'its descendants' : `its ${count} descendant${count === 1 ? '' : 's'}`;
	const reason = count === 0 ? 'it has no descendants' : undefined;
	const scope = (value: typeof request.scope, isMetadataOnly = false) => ({request: {...request, scope: value, isMetadataOnly}});
	return [{
		id: 'scope',
		word: 'Scope',
		heading: 'What should be deleted?',
		choices: [
			{id: 'one', label: 'Only this snapshot', note: 'Its descendants stay, and so does the current state.', change: scope('one')},
			{
				id: 'record',
				label: 'Only its record; no image is touched',
				note: 'Its image files stay on disk, but nothing will record what they are for.',
				change: scope('one', true),
			},
			{
				id: 'children-only',
				label: `Only ${descendants}`,
				reason,
				note: 'The snapshot itself stays.',
				change: scope('children-only'),
			},
			{
				id: 'with-children',
				label: `It and ${descendants}`,
				reason,
				note: 'You can no longer revert to any of them.',
				change: scope('with-children'),
			},
		],
	}];
}
