/**
Revert: the domain goes back to a snapshot.
*/
import {completeCurrentState} from '../current-state.ts';
import {presetEndState} from '../end-state.ts';
import {takenNames} from '../names.ts';
import {readsOverlayFolder} from '../overlay-folder.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByReverting} from '../undo.ts';
import {cli} from './arguments.ts';
import {revertFields} from './questions.ts';
import {words} from './words.ts';

export const revert = {
	kind: 'revert',
	cli,
	screen: {
		key: 'r',
		label: 'Revert to this snapshot …',
		chooseLabel: 'Revert …',
		title: 'Revert',
		choose: 'Choose the snapshot to revert to, then press r.',
		help: 'revert to the selected snapshot',
		short: 'revert',
		rank: 2,
		needs: 'snapshot',
		foretells: 'possible',
	},
	complete({snapshot, currentState: given, endState, overlayFolder}, uuid, {details, nowMs}) {
		const {currentState, kept, answered} = completeCurrentState(given, {}, {nowMs, taken: takenNames(details)});
		const target = details.snapshots.find(({name}) => name === snapshot);
		return {request: {kind: 'revert', uuid, snapshot: snapshot!, currentState, endState: endState ?? presetEndState(details, target), ...(overlayFolder !== undefined && {overlayFolder})}, answered: [...answered, ...endState === undefined ? [] : ['end-state']], kept};
	},
	share: ({snapshot, currentState, endState}, details) => ({
		kind: 'revert', snapshot, currentState, ...(endState !== presetEndState(details, details.snapshots.find(({name}) => name === snapshot)) && {endState}),
	}),
	fields: revertFields,
	setsPower: true,
	laysOverlays: true,
	reads: readsOverlayFolder,
	undo: ({currentState}) => undoByReverting(currentState),
	words,
} satisfies ActionSpec<'revert'>;
