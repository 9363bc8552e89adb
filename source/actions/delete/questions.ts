/**
The question of a deletion: the snapshot alone, its record alone, or what comes after it too. What takes the least stands first.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Question} from '../question.ts';

export function deleteQuestions(request: Request & {kind: 'delete'}, {details}: {details: DomainDetails | undefined}): Question[] {
	const count = withDescendants(details?.snapshots ?? [], request.snapshot).size - 1;
	const later = count === 1 ? 'the one snapshot that comes after it' : `the ${count} snapshots that come after it`;
	const reason = count === 0 ? 'nothing comes after it' : undefined;
	const scope = (value: typeof request.scope, isMetadataOnly = false) => ({request: {...request, scope: value, isMetadataOnly}});
	return [{
		id: 'scope',
		word: 'What goes',
		heading: 'What to delete:',
		choices: [
			{id: 'one', label: 'This snapshot alone', note: 'What comes after it stays, and so does the current state.', change: scope('one')},
			{
				id: 'record',
				label: 'Only its record; no image is touched',
				note: 'Its image files stay on disk, but nothing will record what they are for.',
				change: scope('one', true),
			},
			{
				id: 'children-only',
				label: `Only ${count === 0 ? 'what comes after it' : later}`,
				reason,
				note: 'The snapshot itself stays.',
				change: scope('children-only'),
			},
			{
				id: 'with-children',
				label: `It and ${count === 0 ? 'what comes after it' : later}`,
				reason,
				note: 'None of them can be reverted to afterwards.',
				change: scope('with-children'),
			},
		],
	}];
}
