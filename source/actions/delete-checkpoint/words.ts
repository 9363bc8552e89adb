/**
What people read of the deletion of checkpoints.
*/
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {formatAge} from '../../model/text/format.ts';
import {listNames} from '../../model/text/list-names.ts';
import type {DeleteCheckpointAction} from '../../model/plan/request.ts';
import type {ActionSpec} from '../spec.ts';

const mostNamed = 6;

const wordFor = ({others = []}: DeleteCheckpointAction) => others.length === 0 ? 'checkpoint' : 'checkpoints';
const namesOf = ({checkpoint, others = []}: DeleteCheckpointAction, quote = '"') => listNames([checkpoint, ...others].map(name => `${quote}${name}${quote}`), mostNamed);

const scopes = {one: '', 'with-children': ' and those after it', 'children-only': ': those after it'};

export const words: ActionSpec<'delete-checkpoint'>['words'] = {
	title: action => `Delete ${action.isMetadataOnly ? 'the record of ' : ''}${wordFor(action)} ${namesOf(action, '')} of ${action.domain.name}${scopes[action.scope]}`,
	noun: action => `delete of ${wordFor(action)} ${namesOf(action)}`,
	log: action => `delete ${action.isMetadataOnly ? 'the record of ' : ''}${wordFor(action)} ${namesOf(action)}${scopes[action.scope]}`,
	done: action => `${action.isMetadataOnly ? 'The record of the' : 'The'} ${wordFor(action)} ${namesOf(action)} of "${action.domain.name}"${scopes[action.scope]} ${action.scope === 'one' && action.others === undefined ? 'is' : 'are'} deleted.`,
};

export const whyNoUndo = ({isMetadataOnly}: DeleteCheckpointAction) => isMetadataOnly ? 'the record is removed; checkpoint redefine writes it anew from its XML' : 'the bitmaps are removed';

export function describeDeletion({deleted, stay, isMetadataOnly, broken, now}: {
	deleted: Checkpoint[];
	stay: Checkpoint[];
	isMetadataOnly: boolean;
	/** Of a running domain: their bitmaps cannot be removed while it runs. */
	broken: Checkpoint[];
	now: Date;
}): Consequence[] {
	const quoted = (checkpoints: Checkpoint[]) => listNames(checkpoints.map(({name}) => `"${name}"`), mostNamed);
	const nowSeconds = Math.floor(now.getTime() / 1000);
	return [
		...deleted.map(({name, createdAt, description}): Consequence => {
			const described = `checkpoint "${name}" (${formatAge(createdAt, nowSeconds)})${description === undefined ? '' : `: ${description}`}`;
			return {severity: 'warning', text: `Goes: ${described}. No backup can copy just the changes since then any longer.`, gone: described};
		}),
		{severity: 'info', text: 'No content of a disk is touched, and backups that were made stay what they are.'},
		...(stay.length === 0
			? [{severity: 'warning' as const, text: 'It is the last checkpoint: the next backup has to be a full one.'}]
			: [{severity: 'info' as const, text: `${quoted(stay)} ${stay.length === 1 ? 'stays' : 'stay'} good: each has recorded all by itself.`}]),
		...(isMetadataOnly ? [{severity: 'warning' as const, text: 'The bitmaps stay in the images, and go on recording; nothing tells what they are for.'}] : []),
		...(broken.length === 0
			? []
			: [{severity: 'warning' as const, text: `The bitmaps of ${quoted(broken)} are broken or missing, and libvirt removes none of those while the domain runs: only the record is deleted. Once it is off, the doctor offers to remove what is left.`}]),
	];
}

/** `count`: of those that come after it. */
export function scopeWords(count: number) {
	const those = count === 0 ? 'those after it' : `the ${count === 1 ? 'one' : count} after it`;
	return {
		field: {label: 'Delete', question: 'What should be deleted?'},
		whyNot: 'none comes after it',
		one: {label: 'only this checkpoint', note: 'The others stay as good as they are.'},
		record: {label: 'only its record; the bitmaps stay', note: 'The bitmaps go on recording in the images, but nothing will say what they are for.'},
		childrenOnly: {label: `only ${those}`, note: 'The checkpoint itself stays.'},
		withChildren: {label: `it and ${those}`},
	};
}
