/**
The fields of a restore: the folder of backups, its point, where it goes, and of a domain that is put back the current state and the power state afterwards.
*/
import type {Elsewhere, Request} from '../../model/plan/request.ts';
import {problemOfFolder} from '../backup/questions.ts';
import {currentStateFields} from '../current-state.ts';
import {endStateFields} from '../end-state.ts';
import {switchField, type Change, type Choice, type Field} from '../question.ts';
import type {Asked} from '../spec.ts';
import {asked, problemOfNewName} from './words.ts';

type AskedRestore = Request & {kind: 'restore'};

const placedIn = (request: AskedRestore, elsewhere: Elsewhere): Change => ({request: {...request, elsewhere}});

/** What is asked of a domain that is put back has no meaning elsewhere, and the other way round. */
function placeFields(request: AskedRestore, domainName: string): Field[] {
	const {elsewhere, ...onto} = request;
	const anew = elsewhere?.kind === 'new' ? elsewhere : {kind: 'new', name: `${domainName}-restored`, path: undefined} as const;
	const folder = elsewhere?.kind === 'folder' ? elsewhere : {kind: 'folder', path: ''} as const;
	const choices: Choice[] = [
		{...asked.place.choices.onto, id: 'onto', change: {request: onto}},
		{...asked.place.choices.new, id: 'new', change: placedIn(request, anew)},
		{...asked.place.choices.folder, id: 'folder', change: placedIn(request, folder)},
	];
	const {choices: _, ...place} = asked.place;
	return [
		{kind: 'choice', id: 'place', ...place, choices, chosen: elsewhere?.kind ?? 'onto'},
		...(elsewhere?.kind === 'new'
			? [
				{kind: 'text' as const, id: 'new-name', ...asked.name, value: anew.name, problem: problemOfNewName(anew.name), change: (name: string) => placedIn(request, {...anew, name})},
				{
					kind: 'text' as const, id: 'images-in', ...asked.beside, value: anew.path ?? '', problem: anew.path === undefined ? undefined : problemOfFolder(anew.path), change: (path: string) => placedIn(request, {...anew, path: path === '' ? undefined : path}),
				},
			]
			: []),
		...(elsewhere?.kind === 'folder' ? [{kind: 'text' as const, id: 'images-to', ...asked.to, value: folder.path, problem: problemOfFolder(folder.path), change: (path: string) => placedIn(request, {kind: 'folder', path})}] : []),
	];
}

export function restoreFields(request: AskedRestore, {details, kept, nowMs}: Asked): Field[] {
	const {from, at, isVerified, elsewhere, currentState, endState} = request;
	return [
		{
			kind: 'text', id: 'folder', ...asked.folder, value: from, problem: problemOfFolder(from), change: next => ({request: {...request, from: next}}),
		},
		{
			kind: 'text', id: 'point', ...asked.point, value: at ?? '', problem: undefined, change: next => ({request: {...request, at: next === '' ? undefined : next}}),
		},
		switchField({...asked.verified, id: 'isVerified', isOn: isVerified}, isOn => ({request: {...request, isVerified: isOn}})),
		...placeFields(request, details?.domain.name ?? ''),
		...(elsewhere === undefined
			? [
				...currentStateFields(currentState, {details, kept: kept!, nowMs}, next => ({...request, currentState: next})),
				...endStateFields(endState, {details}, next => ({...request, endState: next})),
			]
			: []),
	];
}
