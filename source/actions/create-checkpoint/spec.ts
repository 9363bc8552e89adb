/**
Checkpoint: from now on what is written is recorded, so that a backup can copy just that.
*/
import {nameByTime} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {undoCheckpoint} from '../undo.ts';
import {cli} from './arguments.ts';
import {checkpointFields, problemOfCheckpoint, takenCheckpoints} from './questions.ts';
import {words} from './words.ts';

export const createCheckpoint = {
	kind: 'create-checkpoint',
	cli,
	screen: {
		key: 'c',
		label: 'Create a checkpoint …',
		title: 'Create a checkpoint',
		choose: '',
		help: 'create a checkpoint: record what is written from now on',
		short: 'create',
		rank: 2,
		needs: 'domain',
		leavesSnapshots: true,
		isOnlyAmongCheckpoints: true,
	},
	complete({checkpoint: name, description, disks = []}, uuid, {details, nowMs}) {
		const taken = takenCheckpoints(details);
		return {
			request: {kind: 'create-checkpoint', uuid, checkpoint: name ?? nameByTime('since', {nowMs, taken}), description, disks},
			answered: name !== undefined && problemOfCheckpoint(name, taken) === undefined ? ['name', 'description'] : [],
		};
	},
	fields: checkpointFields,
	undo: ({checkpoint}) => undoCheckpoint(checkpoint, {isRecordOnly: false}),
	words,
} satisfies ActionSpec<'create-checkpoint'>;
