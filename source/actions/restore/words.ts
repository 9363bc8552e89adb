/**
What people read of a restore onto a domain.
*/
import {posix} from 'node:path';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {Elsewhere} from '../../model/plan/request.ts';
import {formatWritten} from '../../model/text/format.ts';
import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';

const pointOf = ({at, from}: {at: string | undefined; from: string}) => `${at ?? 'the newest backup'} of ${from}`;

const placeOf = (elsewhere: Elsewhere): string => elsewhere.kind === 'new' ? `as "${elsewhere.name}"` : `to ${elsewhere.path}`;

export const words: ActionSpec<'restore'>['words'] = {
	title: ({elsewhere, ...action}) => elsewhere === undefined ? `Restore ${action.domain.name} from ${pointOf(action)}` : `Restore ${pointOf(action)} ${placeOf(elsewhere)}`,
	noun: ({elsewhere, ...action}) => `restore from ${pointOf(action)}${elsewhere === undefined ? '' : ` ${placeOf(elsewhere)}`}`,
	log: ({elsewhere, ...action}) => `restore from ${pointOf(action)}${elsewhere === undefined ? `, ${describeCurrentState(action.currentState)}` : ` ${placeOf(elsewhere)}`}`,
	done({elsewhere, ...action}) {
		if (elsewhere === undefined) {
			return `"${action.domain.name}" is restored from ${pointOf(action)}.`;
		}

		return elsewhere.kind === 'new' ? `"${elsewhere.name}" is defined from ${pointOf(action)}; it is off.` : `The images are restored to ${elsewhere.path}, from ${pointOf(action)}.`;
	},
};

export const whyNoUndo = (elsewhere: Elsewhere): string => elsewhere.kind === 'new'
	? `"${elsewhere.name}" is a domain of its own: virsh undefine removes it, and leaves its images`
	: 'the domain is not changed; the files can be removed at any time';

/** Undefined as soon as it can be taken. */
export function problemOfNewName(name: string): string | undefined {
	return name === '' ? 'Give the new domain a name.' : (name.includes('/') ? 'The name of a domain has no "/".' : undefined);
}

/** `notes`: what the restore means by itself. */
export function describeElsewhere(point: Manifest, {domain, notes}: {domain: {uuid: string; name: string}; notes: readonly string[]}): Consequence[] {
	return [
		...notes.map((text): Consequence => ({severity: 'info', text})),
		{severity: 'info', text: `"${domain.name}" itself stays as it is.`},
		...(point.domain.uuid === domain.uuid ? [] : [{severity: 'warning', text: `It is a backup of another domain, "${point.domain.name}".`} satisfies Consequence]),
		...conditions[point.consistency],
	];
}

export const asked = {
	folder: {label: 'Folder', question: 'The folder of the backups'},
	point: {label: 'Backup', question: 'The backup', note: 'Left empty, it is the newest one.'},
	place: {
		label: 'Restore',
		question: 'Where should the backup be restored to?',
		choices: {
			onto: {label: 'onto this domain'},
			new: {label: 'as a new domain', note: 'With a UUID and MAC addresses of its own; this domain stays as it is.'},
			folder: {label: 'to a folder', note: 'Its images alone, with the definition beside them; this domain stays as it is.'},
		},
	},
	name: {label: 'Name', question: 'The name of the new domain'},
	beside: {label: 'Images in', question: 'The folder for its images', note: 'Left empty, it is the folder where the images were.'},
	to: {label: 'Images in', question: 'The folder for the images', note: 'Nothing in it is overwritten; one that is not there is made.'},
	verified: {label: 'Compare', question: 'Should all bytes be compared with the checksums first?', labels: ['no', 'yes, with the checksums first'] as [string, string]},
};

const conditions: Record<Manifest['consistency'], Consequence[]> = {
	off: [],
	'crash-consistent': [{severity: 'warning', text: 'The backup is crash-consistent: the guest boots as after a power failure.'}],
	frozen: [{severity: 'info', text: 'The file systems of the guest were frozen when the backup began: they are consistent, and its programs start as after a crash.'}],
};

export function describeRestore(point: Manifest, given: {domain: {uuid: string; name: string}; paths: string[]; untouched: string[]; checkpoints: string[]; isVerified: boolean; hasTpm: boolean; /** The file of the backup. */ tpmCopy: string | undefined}): Consequence[] {
	const {domain, paths, untouched, checkpoints, isVerified, hasTpm, tpmCopy} = given;
	const warning = (text: string): Consequence => ({severity: 'warning', text});
	return [
		{severity: 'info', text: `The disks ${point.disks.map(({disk}) => disk).join(', ')} are restored as they were at ${formatWritten(point.createdAt)}, into new images (${paths.map(path => posix.basename(path)).join(', ')}). The VM definition stays as it is otherwise.`},
		...(point.domain.uuid === domain.uuid ? [] : [warning(`It is a backup of another domain, "${point.domain.name}".`)]),
		...(isVerified ? [] : [warning('The bytes of the backup are not compared with its checksums first.')]),
		...untouched.map(target => warning(`${target} is not in the backup: it keeps its current content.`)),
		...(checkpoints.length === 0 ? [] : [warning(`The checkpoints are deleted (${checkpoints.join(', ')}): they belong to the disks that are left. The next backup must be a full one.`)]),
		...(hasTpm ? [warning(`The state of the TPM stays as it is${tpmCopy === undefined ? '' : `; the backup has that of then, in ${tpmCopy}`}: secrets that the guest sealed with it may no longer open.`)] : []),
		...conditions[point.consistency],
	];
}
