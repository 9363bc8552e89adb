/**
What people read of a restore onto a domain.
*/
import {posix} from 'node:path';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {formatWritten} from '../../model/text/format.ts';
import {describeCurrentState} from '../current-state.ts';
import type {ActionSpec} from '../spec.ts';

const pointOf = ({at, from}: {at: string | undefined; from: string}) => `${at ?? 'the newest backup'} of ${from}`;

export const words: ActionSpec<'restore'>['words'] = {
	title: action => `Restore ${action.domain.name} from ${pointOf(action)}`,
	noun: action => `restore from ${pointOf(action)}`,
	log: action => `restore from ${pointOf(action)}, ${describeCurrentState(action.currentState)}`,
	done: action => `"${action.domain.name}" is restored from ${pointOf(action)}.`,
};

export const asked = {
	folder: {label: 'Folder', question: 'The folder of the backups'},
	point: {label: 'Backup', question: 'The backup', note: 'Left empty, it is the newest one.'},
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
