import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {DeleteAction} from '../../model/plan/request.ts';
import {describeSnapshot, descriptionOf, nameWithAge} from '../../model/text/describe-snapshot.ts';
import {formatAge} from '../../model/text/format.ts';
import {describeGone} from '../drop/words.ts';
import type {ActionSpec} from '../spec.ts';

const scopes = {one: '', 'with-children': ' and its descendants', 'children-only': ': its descendants'};

export const words: ActionSpec<'delete'>['words'] = {
	title: ({snapshot, scope, isMetadataOnly, domain}) => `Delete ${isMetadataOnly ? 'the record of ' : ''}${snapshot} of ${domain.name}${scopes[scope]}`,
	noun: ({snapshot, isMetadataOnly}) => `delete of ${isMetadataOnly ? 'the record of ' : ''}"${snapshot}"`,
	log: ({snapshot, scope, isMetadataOnly}) => `delete ${isMetadataOnly ? 'the record of ' : ''}"${snapshot}"${scopes[scope]}`,
	done: ({snapshot, scope, isMetadataOnly, domain}) =>
		`${isMetadataOnly ? 'The record of ' : ''}"${snapshot}" of "${domain.name}"${scopes[scope]} ${scope === 'one' ? 'is' : 'are'} deleted.`,
};

export const whyNoUndo = ({isMetadataOnly}: DeleteAction) => isMetadataOnly ? 'the record was removed; doctor offers what can be done with the images' : 'what only it kept was removed';

export function describeDeleted(deleted: readonly Snapshot[], now: Date): Consequence[] {
	return [...describeGone(deleted, now), {severity: 'info', text: 'The current state of the disks stays.'}];
}

export const pausesGuest: Consequence = {severity: 'info', text: 'The guest is paused while QEMU deletes the state inside its images.'};

export function describeRecordsGone(deleted: readonly Snapshot[], now: Date): Consequence[] {
	const nowSeconds = Math.floor(now.getTime() / 1000);
	return [
		...deleted.map(snapshot => {
			const description = descriptionOf(snapshot);
			return {
				severity: 'warning' as const,
				text: `The record of ${nameWithAge(snapshot, nowSeconds)} is deleted.${description === undefined ? '' : ` Its description: "${description}".`}`,
				gone: `the record of ${describeSnapshot(snapshot, nowSeconds)}`,
			};
		}),
		{severity: 'warning', text: `No image is touched, and images that only ${deleted.length === 1 ? 'this snapshot' : 'these snapshots'} needed are left untracked.`},
	];
}

const mostNamed = 5;

/** Each by name, age and description; the described ones first, because a description may be the reason to leave one. */
export function listGone(snapshots: readonly Snapshot[], nowMs: number): string {
	const isDescribed = (snapshot: Snapshot) => descriptionOf(snapshot) !== undefined;
	const inOrder = [...snapshots.filter(snapshot => isDescribed(snapshot)), ...snapshots.filter(snapshot => !isDescribed(snapshot))];
	const named = inOrder.slice(0, mostNamed).map(snapshot => {
		const description = descriptionOf(snapshot);
		return `"${snapshot.name}" (${formatAge(snapshot.createdAt, Math.floor(nowMs / 1000))})${description === undefined ? '' : `: ${description}`}`;
	});
	const restCount = inOrder.length - named.length;
	return `Deletes ${named.join('; ')}${restCount === 0 ? '' : `; and ${restCount} more, which the plan lists`}.`;
}

/** `count`: of its descendants. `gone`: lists them, with the snapshot itself or without it. */
export function askScope(count: number, gone: (hasItself: boolean) => string) {
	const descendants = count === 0 ? 'its descendants' : `its ${count} descendant${count === 1 ? '' : 's'}`;
	return {
		question: {word: 'Scope', heading: 'What should be deleted?'},
		whyNot: 'it has no descendants',
		one: {label: 'Only this snapshot', note: 'Its descendants stay, and so does the current state.'},
		record: {label: 'Only its record; no image is touched', note: 'Its image files stay on disk, but nothing will record what they are for.'},
		childrenOnly: {label: `Only ${descendants}`, note: `The snapshot itself stays. ${gone(false)}`},
		withChildren: {label: `It and ${descendants}`, note: gone(true)},
	};
}
