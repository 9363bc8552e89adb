/**
Restore: the domain goes on with the disks of a point of a folder of backups.
*/
import {completeCurrentState} from '../current-state.ts';
import {presetEndState} from '../end-state.ts';
import {takenNames} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByReverting} from '../undo.ts';
import {planRestore} from './plan.ts';
import {words} from './words.ts';

export const restore = {
	kind: 'restore',
	// It is typed as one of the ways of `restore FOLDER`.
	complete({from, at, isVerified, currentState: given, endState}, uuid, {details, nowMs}) {
		const {currentState, kept, answered} = completeCurrentState(given, {}, {nowMs, taken: takenNames(details)});
		return {
			request: {kind: 'restore', uuid, from: from ?? '', at, isVerified: isVerified ?? true, currentState, endState: endState ?? presetEndState(details, undefined)},
			answered,
			kept,
		};
	},
	backupFolder: ({from}) => from,
	setsPower: true,
	plan: planRestore,
	undo: ({currentState}) => undoByReverting(currentState),
	words,
} satisfies ActionSpec<'restore'>;
