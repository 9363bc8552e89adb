/**
The fields of a restore: the folder of backups, its point, the current state, and the power state afterwards.
*/
import type {Request} from '../../model/plan/request.ts';
import {problemOfFolder} from '../backup/questions.ts';
import {currentStateFields} from '../current-state.ts';
import {endStateFields} from '../end-state.ts';
import {switchField, type Field} from '../question.ts';
import type {Asked} from '../spec.ts';
import {asked} from './words.ts';

export function restoreFields(request: Request & {kind: 'restore'}, {details, kept, nowMs}: Asked): Field[] {
	const {from, at, isVerified, currentState, endState} = request;
	return [
		{
			kind: 'text', id: 'folder', ...asked.folder, value: from, problem: problemOfFolder(from), change: next => ({request: {...request, from: next}}),
		},
		{
			kind: 'text', id: 'point', ...asked.point, value: at ?? '', problem: undefined, change: next => ({request: {...request, at: next === '' ? undefined : next}}),
		},
		switchField({...asked.verified, id: 'isVerified', isOn: isVerified}, isOn => ({request: {...request, isVerified: isOn}})),
		...currentStateFields(currentState, {details, kept: kept!, nowMs}, next => ({...request, currentState: next})),
		...endStateFields(endState, {details}, next => ({...request, endState: next})),
	];
}
