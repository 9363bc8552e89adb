/** When what was done here is read, and for how long that holds. */
import {answer, ask, type Update} from '../browse/read.ts';
import type {Message} from '../messages.ts';
import type {State} from '../state.ts';

/** Its key. What was read before stays in sight while it is read again. */
export function showUndo(state: State): Update {
	const number = state.nextNumber;
	return [
		{...state, nextNumber: number + 1, undo: ask(state.undo, number, state.nowMs), scene: {kind: 'undo', index: 0}},
		[{kind: 'read-undo', number}],
	];
}

export function takeUndo(state: State, {number, result}: Message & {kind: 'undo-read'}): State {
	const undo = answer(state.undo, number, result);
	return undo === undefined ? state : {...state, undo};
}

/** After an action: what was read before tells of a state that is no longer there, and has no row for that action. */
export function forgetUndo(state: State): Update {
	const forgotten: State = {...state, undo: {value: undefined, failure: undefined, waiting: undefined}};
	return state.scene.kind === 'undo' ? showUndo(forgotten) : [forgotten, []];
}
