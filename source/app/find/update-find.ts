/**
Keys of a search: the cursor, or the text, follows what is typed; Enter keeps the hits, Escape ends it.
*/
import {allRows} from '../browse/rows.ts';
import type {Update} from '../browse/read.ts';
import {selectRow} from '../browse/select.ts';
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import {
	showLine, topOf, withTopAt, type Viewport,
} from '../scroll.ts';
import type {Find, State} from '../state.ts';
import {editText} from '../journey/edit-text.ts';
import {isNamed, isTextOfName} from '../journey/name.ts';
import {currentOf, hitsOf} from './find.ts';
import {findHere, placeOf} from './place.ts';

type Pressed = {key: Key; command: Command | undefined; viewport: Viewport};

/** Rows have a cursor, texts have not. */
const hasCursor = ({scene}: State): boolean => ['browse', 'undo', 'log'].includes(scene.kind) || (scene.kind === 'doctor' && !scene.isWhole);

function begin(state: State, place: string): State {
	const find: Find = {text: '', isTyping: true, place, origin: 0, line: undefined};
	return {...state, find: {...find, origin: hasCursor(state) ? currentOf(state, find) : topOf(state.scene)}};
}

/** The cursor on this row, which is unfolded if it has to be. */
function goToRow(state: State, index: number): State {
	const rows = allRows(state);
	const parents = new Map(rows.map(({item}) => [item.name, item.parent]));
	const folded = new Set(state.folded[state.view]);
	const wanted = rows[index]?.item;
	for (let parent = wanted?.parent; parent !== undefined; parent = parents.get(parent)) {
		folded.delete(parent);
	}

	const isAsBefore = folded.size === state.folded[state.view].size;
	return selectRow(isAsBefore ? state : {...state, folded: {...state.folded, [state.view]: folded}}, wanted?.name);
}

function goTo(state: State, find: Find, index: number, viewport: Viewport): State {
	const {scene} = state;
	if (scene.kind === 'undo' || scene.kind === 'log') {
		return {...state, find, scene: {...scene, index}};
	}

	if (hasCursor(state)) {
		return state.scene.kind === 'browse' ? goToRow({...state, find}, index) : {...state, find, diagnosis: state.diagnosis && {...state.diagnosis, index}};
	}

	return showLine({...state, find: {...find, line: index}}, index, viewport);
}

function goToOrigin(state: State, find: Find, viewport: Viewport): State {
	return hasCursor(state) ? goTo(state, find, find.origin, viewport) : withTopAt({...state, find: {...find, line: undefined}}, find.origin);
}

/** The next hit on that side; after the last one the first comes. */
function step(state: State, find: Find, by: 1 | -1, viewport: Viewport): State {
	const hits = hitsOf(state, find, viewport);
	const current = currentOf(state, find);
	const next = by > 0 ? hits.find(hit => hit > current) ?? hits[0] : hits.findLast(hit => hit < current) ?? hits.at(-1);
	return next === undefined ? {...state, find} : goTo(state, find, next, viewport);
}

/** From where it began, so that a letter that is taken back leads back as well. */
function type(state: State, find: Find, viewport: Viewport): State {
	const hits = hitsOf(state, find, viewport);
	const first = hits.find(hit => hit >= find.origin) ?? hits[0];
	return first === undefined ? goToOrigin(state, find, viewport) : goTo(state, find, first, viewport);
}

/** It may be part of the name that starts a plan. */
function isText({scene}: State, key: Key): boolean {
	return scene.kind === 'journey' && scene.journey.view === undefined && scene.journey.field === undefined && isNamed(scene.journey) && isTextOfName(scene.journey, key);
}

/** Undefined: the key is for what is in sight. */
export function takeFind(state: State, {key, command, viewport}: Pressed): State | undefined {
	const find = findHere(state);
	switch (command) {
		case 'find': {
			const place = placeOf(state);
			return place === undefined || isText(state, key) ? undefined : begin(state, place);
		}

		case 'next-hit':
		case 'previous-hit': {
			return find && step(state, find, command === 'next-hit' ? 1 : -1, viewport);
		}

		case 'end-find': {
			return {...state, find: undefined};
		}

		default: {
			return find?.isTyping ? takeTyped(state, find, {key, command, viewport}) : undefined;
		}
	}
}

function takeTyped(state: State, find: Find, {key, command, viewport}: Pressed): State {
	if (command === 'back') {
		return {...goToOrigin(state, find, viewport), find: undefined};
	}

	if (command === 'accept') {
		return {...state, find: find.text === '' ? undefined : {...find, isTyping: false}};
	}

	const text = editText(find.text, key);
	return text === find.text ? state : type(state, {...find, text}, viewport);
}

/** What was looked for in a text ends with it; in the trees it stays, for whoever comes back. */
export function withFind([state, effects]: Update): Update {
	const {find, scene} = state;
	const isOver = find !== undefined && findHere(state) === undefined && scene.kind === 'browse' && !find.place.includes(' of ');
	return [isOver ? {...state, find: undefined} : state, effects];
}
