/**
The ways in which one action takes another back, shared by several.
*/
import type {CurrentState} from '../model/plan/request.ts';
import {isExternal, type Snapshot} from '../model/domain/snapshot.ts';
import type {Given, Undo} from './spec.ts';

/** Of an action that was carried out. `says`: what takes it back, in a few words. `never`: a clause that says why nothing does. */
export type Undoing = {kind: 'possible'; given: Given; text: string} | {kind: 'refused'; text: string; reason: string} | {kind: 'never'; reason: string};

export function describeUndoing(undo: Undoing): string {
	switch (undo.kind) {
		case 'possible': {
			return undo.text;
		}

		case 'refused': {
			return `not possible: ${undo.text}: ${undo.reason}`;
		}

		case 'never': {
			return `not possible: ${undo.reason}`;
		}

		default: {
			return undo satisfies never;
		}
	}
}

/** Before it is carried out. */
export function describeUndo(undo: Undo): string {
	return 'never' in undo ? `not possible: ${undo.never}` : undo.text;
}

/** The state that was left is reverted to, if it was kept. */
export function undoByReverting(currentState: CurrentState): Undo {
	return currentState.kind === 'keep'
		? {given: {kind: 'revert', snapshot: currentState.name}, names: {snapshot: currentState.name}, text: `revert to "${currentState.name}"`}
		: {never: 'the state before is discarded'};
}

/** A snapshot is deleted, and what was written since stays. `snapshots`: those that are there. */
export function undoByDropping(name: string, snapshots: readonly Snapshot[]): Undo {
	const made = snapshots.find(snapshot => snapshot.name === name);
	return {
		given: made === undefined || isExternal(made) ? {kind: 'merge', snapshot: name} : {kind: 'delete', snapshot: name, scope: 'one', isMetadataOnly: false},
		names: {snapshot: name},
		text: `delete "${name}", keep what was written since`,
	};
}

export function undoCheckpoint(checkpoint: string, {isRecordOnly}: {isRecordOnly: boolean}): Undo {
	return {
		given: {
			kind: 'delete-checkpoint', checkpoint, scope: 'one', isMetadataOnly: isRecordOnly,
		},
		names: {checkpoint},
		text: `delete ${isRecordOnly ? 'the record of ' : ''}the checkpoint "${checkpoint}"`,
	};
}
