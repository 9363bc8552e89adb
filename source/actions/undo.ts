/**
The ways in which one action takes another back, shared by several.
*/
import type {CurrentState} from '../model/plan/request.ts';
import {isExternal, type Snapshot} from '../model/domain/snapshot.ts';
import type {Undo} from './spec.ts';

/** The state that was left is reverted to, if it was kept. */
export function undoByReverting(currentState: CurrentState): Undo {
	return currentState.kind === 'keep'
		? {given: {kind: 'revert', snapshot: currentState.name}, names: {snapshot: currentState.name}, says: `revert to "${currentState.name}"`}
		: {never: 'the state before was discarded'};
}

/** A snapshot is deleted, and what was written since stays. `snapshots`: those that are there. */
export function undoByDropping(name: string, snapshots: readonly Snapshot[]): Undo {
	const made = snapshots.find(snapshot => snapshot.name === name);
	return {
		given: made === undefined || isExternal(made) ? {kind: 'merge', snapshot: name} : {kind: 'delete', snapshot: name, scope: 'one', isMetadataOnly: false},
		names: {snapshot: name},
		says: `delete "${name}", keep what was written since`,
	};
}

export function undoCheckpoint(checkpoint: string, {isRecordOnly}: {isRecordOnly: boolean}): Undo {
	return {
		given: {
			kind: 'delete-checkpoint', checkpoint, scope: 'one', isMetadataOnly: isRecordOnly,
		},
		names: {checkpoint},
		says: `delete ${isRecordOnly ? 'the record of ' : ''}the checkpoint "${checkpoint}"`,
	};
}
