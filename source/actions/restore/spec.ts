/**
Restore: the domain goes on with the disks of a point of a folder of backups.
*/
import {normalFolder, proposeFolder} from '../backup/last-folder.ts';
import {problemOfFolder} from '../backup/questions.ts';
import {completeCurrentState} from '../current-state.ts';
import {presetEndState} from '../end-state.ts';
import {takenNames} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByReverting} from '../undo.ts';
import {restoreFields} from './questions.ts';
import {words} from './words.ts';

export const restore = {
	kind: 'restore',
	screen: {
		key: 'F',
		label: 'Restore from a backup …',
		title: 'Restore',
		choose: '',
		help: 'restore: go on with the disks of a backup',
		short: 'restore',
		rank: 9,
		needs: 'domain',
	},
	// It is typed as one of the ways of `restore FOLDER`.
	complete({from, at, isVerified, currentState: given, endState}, uuid, {details, nowMs, backedUpTo = []}) {
		const {currentState, kept, answered} = completeCurrentState(given, {}, {nowMs, taken: takenNames(details)});
		return {
			request: {kind: 'restore', uuid, from: from ?? proposeFolder(backedUpTo, details.domain), at, isVerified: isVerified ?? true, currentState, endState: endState ?? presetEndState(details, undefined)},
			answered,
			kept,
		};
	},
	fields: restoreFields,
	backupFolder: ({from}) => from === undefined || problemOfFolder(from) !== undefined ? undefined : normalFolder(from),
	setsPower: true,
	undo: ({currentState}) => undoByReverting(currentState),
	words,
} satisfies ActionSpec<'restore'>;
