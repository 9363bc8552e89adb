/**
The question of a deletion: the snapshot, only its record, or its descendants too. What removes the least comes first.
*/
import type {Request} from '../../model/plan/request.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {descriptionOf} from '../../model/text/describe-snapshot.ts';
import {formatAge} from '../../model/text/format.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import type {Question} from '../question.ts';

const mostNamed = 5;

/** Each by name, age and description; the described ones first, because a description may be the reason to leave one. */
function listGone(snapshots: readonly Snapshot[], nowMs: number): string {
	const isDescribed = (snapshot: Snapshot) => descriptionOf(snapshot) !== undefined;
	const inOrder = [...snapshots.filter(snapshot => isDescribed(snapshot)), ...snapshots.filter(snapshot => !isDescribed(snapshot))];
	const named = inOrder.slice(0, mostNamed).map(snapshot => {
		const description = descriptionOf(snapshot);
		return `"${snapshot.name}" (${formatAge(snapshot.createdAt, Math.floor(nowMs / 1000))})${description === undefined ? '' : `: ${description}`}`;
	});
	const restCount = inOrder.length - named.length;
	return `Deletes ${named.join('; ')}${restCount === 0 ? '' : `; and ${restCount} more, which the plan lists`}.`;
}

export function deleteQuestions(request: Request & {kind: 'delete'}, {details, nowMs}: {details: DomainDetails | undefined; nowMs: number}): Question[] {
	const snapshots = details?.snapshots ?? [];
	const below = withDescendants(snapshots, request.snapshot);
	const count = below.size - 1;
	const gone = (hasItself: boolean) => listGone(snapshots.filter(({name}) => below.has(name) && (hasItself || name !== request.snapshot)), nowMs);
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
				note: `The snapshot itself stays. ${gone(false)}`,
				change: scope('children-only'),
			},
			{
				id: 'with-children',
				label: `It and ${descendants}`,
				reason,
				note: gone(true),
				change: scope('with-children'),
			},
		],
	}];
}
