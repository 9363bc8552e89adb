import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {DeleteAction} from '../../model/plan/request.ts';
import {describeSnapshot, descriptionOf, nameWithAge} from '../../model/text/describe-snapshot.ts';
import {listNames} from '../../model/text/list-names.ts';
import {describeGone} from '../drop/words.ts';
import type {ActionSpec} from '../spec.ts';

const mostNamed = 6;

const recordOf = ({isMetadataOnly, others}: DeleteAction) => isMetadataOnly ? `the ${others === undefined ? 'record' : 'records'} of ` : '';
const namesOf = ({snapshot, others = []}: DeleteAction, quote = '"') => listNames([snapshot, ...others].map(name => `${quote}${name}${quote}`), mostNamed);

const scopes = {one: '', 'with-children': ' and its descendants', 'children-only': ': its descendants'};

export const words: ActionSpec<'delete'>['words'] = {
	title: action => `Delete ${recordOf(action)}${namesOf(action, '')} of ${action.domain.name}${scopes[action.scope]}`,
	noun: action => `delete of ${recordOf(action)}${namesOf(action)}`,
	log: action => `delete ${recordOf(action)}${namesOf(action)}${scopes[action.scope]}`,
	done: action => `${recordOf(action).replace(/^the/u, 'The')}${namesOf(action)} of "${action.domain.name}"${scopes[action.scope]} ${action.scope === 'one' && action.others === undefined ? 'is' : 'are'} deleted.`,
};

export const whyNoUndo = ({isMetadataOnly}: DeleteAction) => isMetadataOnly ? 'the record is removed; doctor offers what can be done with the images' : 'what only it kept is removed';

export function describeDeleted(deleted: readonly Snapshot[], now: Date): Consequence[] {
	return [...describeGone(deleted, now), {severity: 'info', about: 'kept', text: 'The current state of the disks stays.'}];
}

export const pausesGuest: Consequence = {severity: 'info', about: 'guest', text: 'The guest is paused while QEMU deletes the state inside its images.'};

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
