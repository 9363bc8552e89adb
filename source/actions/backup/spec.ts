/**
Backup: the disks as they are at one moment, in a folder of points in time.
*/
import {nameByTime} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {cli} from './arguments.ts';
import {planBackup} from './plan.ts';
import {words} from './words.ts';

export const backup = {
	kind: 'backup',
	cli,
	/** `checkpoint: undefined` that was given means that none is wanted. */
	complete(given, uuid, {details, nowMs}) {
		const taken = new Set(details.checkpoints.map(({name}) => name));
		return {
			request: {
				kind: 'backup',
				uuid,
				to: given.to ?? '',
				since: given.since ?? {kind: 'latest'},
				checkpoint: 'checkpoint' in given ? given.checkpoint : nameByTime('backup', {nowMs, taken}),
				description: given.description,
				disks: given.disks ?? [],
				isQuiesced: given.isQuiesced ?? false,
				rateBytes: given.rateBytes,
			},
			answered: [],
		};
	},
	backupFolder: ({to}) => to,
	plan: planBackup,
	words,
} satisfies ActionSpec<'backup'>;
