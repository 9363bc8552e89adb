/**
Backup: the disks as they are at one moment, in a folder of points in time.
*/
import type {ActionSpec} from '../spec.ts';
import {cli} from './arguments.ts';
import {normalFolder, proposeFolder} from './last-folder.ts';
import {
	backupFields, checkpointForBackup, problemOfFolder,
} from './questions.ts';
import {whyNoUndo, words} from './words.ts';

export const backup = {
	kind: 'backup',
	cli,
	screen: {
		key: 'B',
		label: 'Back up …',
		title: 'Back up',
		choose: '',
		help: 'back up: the changes since the last backup, or everything',
		short: 'back up',
		rank: 8,
		needs: 'domain',
		leavesSnapshots: true,
	},
	/** `checkpoint: undefined` that was given means that none is wanted. */
	complete(given, uuid, {details, nowMs, backedUpTo = []}) {
		return {
			request: {
				kind: 'backup',
				uuid,
				to: given.to ?? proposeFolder(backedUpTo, details.domain),
				since: given.since ?? {kind: 'latest'},
				checkpoint: 'checkpoint' in given ? given.checkpoint : checkpointForBackup(details, nowMs),
				description: given.description,
				disks: given.disks ?? [],
				isQuiesced: given.isQuiesced ?? false,
				rateBytes: given.rateBytes,
				...(given.isDecrypted && {isDecrypted: true}),
			},
			answered: given.to === undefined ? [] : ['folder'],
		};
	},
	fields: backupFields,
	backupFolder: ({to}) => to === undefined || problemOfFolder(to) !== undefined ? undefined : normalFolder(to),
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'backup'>;
