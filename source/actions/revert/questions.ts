/**
The fields of a revert: the current state, and the power state afterwards.
*/
import type {Request} from '../../model/plan/request.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {currentStateFields} from '../current-state.ts';
import {endStateFields} from '../end-state.ts';
import {overlayFolderFields} from '../overlay-folder.ts';
import type {Field} from '../question.ts';
import type {Asked} from '../spec.ts';

export function revertFields(request: Request & {kind: 'revert'}, {details, kept, nowMs}: Asked): Field[] {
	const snapshot = details?.snapshots.find(({name}) => name === request.snapshot);
	return [
		...currentStateFields(request.currentState, {
			details, kept: kept!, nowMs, whyNoMemory: snapshot === undefined || isExternal(snapshot) ? undefined : 'the snapshot is inside the images',
		}, currentState => ({...request, currentState})),
		...endStateFields(request.endState, {details: snapshot && details, memory: snapshot}, endState => ({...request, endState})),
		...overlayFolderFields(request, details, {isExtra: true}, next => ({request: next})),
	];
}
