/**
The mouse, for who has asked for it: a click selects, a click on what is selected opens it, the wheel moves. Nothing is started by it: that takes an Enter.
*/
import {currentRows, selectedNode} from './browse/rows.ts';
import {inTurn, type Update} from './browse/read.ts';
import {visibleDomains} from './browse/domains.ts';
import {move} from './browse/move.ts';
import {paneOf, type PaneRow} from './hosts/pane.ts';
import {selectDomain, selectRow} from './browse/select.ts';
import type {Command} from './keys.ts';
import {pressField} from './journey/update-journey.ts';
import {moveTo} from './journey/update-field.ts';
import type {Journey} from './journey/journey.ts';
import {selectedCommand} from './run/update-log.ts';
import {optionsOf} from './run/update-recover.ts';
import {
	doctorRows, halfRows, layoutOf, listRowsOf, menuPlace, shownRows, treeRowsOf, windowTop,
} from './layout.ts';
import type {Key} from './messages.ts';
import {
	moveIndex, scroll, topOf, withTopAt, type Viewport,
} from './scroll.ts';
import type {State} from './state.ts';

type Mouse = Key & {name: 'mouse'};

/** Rows of one turn of the wheel. */
const turn = 3;

/** The row of a list that is at this row of the screen: `first` is its first one there. */
function indexAt(row: number, given: {first: number; top: number; rows: number; count: number}): number | undefined {
	const {first, top, rows, count} = given;
	const at = row - first;
	return at >= 0 && at < shownRows(rows, count) && top + at < count ? top + at : undefined;
}

/** Another host, or one of its domains. */
function pressOther(state: State, row: PaneRow): Update {
	const {name, list} = state.hosts.all[row.host]!;
	const domain = row.kind === 'domain' ? list?.[row.domain]?.uuid : undefined;
	return row.host === state.hosts.own ? [state, []] : [state, [{kind: 'go-to-host', name, ...(domain !== undefined && {domain})}]];
}

/** `open`: what a key does that opens the selected. */
function pressInBrowse(state: State, {column, row}: Mouse, open: () => Update): Update {
	const listRows = listRowsOf(state);
	const {leftColumns} = layoutOf(state.columns, state.rows);
	const heads = state.left.length > 0 ? 3 : 2;
	if (column < leftColumns) {
		const domains = visibleDomains(state);
		const pane = paneOf(state, listRows);
		const first = heads + pane.above.length;
		const other = pane.above[row - heads] ?? pane.below[row - first - pane.rows];
		if (other !== undefined) {
			return pressOther(state, other);
		}

		const index = indexAt(row, {first, top: state.domainCursor.top, rows: pane.rows, count: domains.length});
		const uuid = index === undefined ? undefined : domains[index]!.uuid;
		return uuid === undefined
			? [state, []]
			: (uuid === state.domainCursor.id && state.pane === 'domains' ? [{...state, pane: 'tree'}, []] : selectDomain({...state, pane: 'domains'}, uuid));
	}

	const rows = currentRows(state);
	const index = indexAt(row, {first: heads + 1, top: state.cursors[state.view].top, rows: treeRowsOf(listRows), count: rows.length});
	const name = index === undefined ? undefined : rows[index]!.item.name;
	if (column === leftColumns || name === undefined) {
		return [state, []];
	}

	return name === selectedNode(state, rows)?.name && state.pane === 'tree' ? open() : [selectRow({...state, pane: 'tree'}, name), []];
}

function turnInBrowse(state: State, {column}: Mouse, command: Command): Update {
	const {leftColumns} = layoutOf(state.columns, state.rows);
	const step = (next: State) => move(next, command);
	return inTurn({...state, pane: column < leftColumns ? 'domains' : 'tree'}, ...Array.from({length: turn}, () => step));
}

function pressInDoctor(state: State, {row}: Mouse, open: () => Update): Update {
	const {diagnosis} = state;
	const count = diagnosis?.findings.value?.length ?? 0;
	const rows = doctorRows(count, layoutOf(state.columns, state.rows).bodyRows);
	const at = row - 3;
	const index = windowTop(0, diagnosis?.index ?? 0, rows, count) + at;
	if (diagnosis === undefined || at < 0 || at >= rows || index >= count) {
		return [state, []];
	}

	return index === diagnosis.index ? open() : [{...state, diagnosis: {...diagnosis, index}}, []];
}

type ListPlace = {first: number; rows: number; top: number; count: number; index: number};

/** A list with the words on the selected one below it. */
function halfPlace(state: State, count: number, index: number): ListPlace {
	const rows = halfRows(count, layoutOf(state.columns, state.rows).bodyRows);
	return {first: 3, rows, top: windowTop(0, index, rows, count), count, index};
}

/** A click selects, and one on what is selected does what Enter does. */
function pressInList(state: State, {row}: Mouse, {first, rows, top, count, index}: ListPlace, press: (state: State, command: Command) => Update): Update {
	const at = row - first;
	const pressed = top + at;
	const {scene} = state;
	if (at < 0 || at >= rows || pressed >= count || !('index' in scene)) {
		return [state, []];
	}

	return pressed === index ? press(state, 'accept') : [{...state, scene: {...scene, index: pressed}}, []];
}

/** On a field it takes the cursor there, on a choice it chooses; below the page is what starts, which takes an Enter. */
function pressInJourney(state: State, journey: Journey, {mouse: {column, row}, viewport}: {mouse: Mouse; viewport: Viewport}): Update {
	const {lines, rows, top = 0, pressAt} = viewport.measure(state);
	if (journey.view !== undefined || row === 0) {
		return [state, []];
	}

	const next: Journey = {...journey, note: undefined, isDue: false};
	return row > rows ? [moveTo(state, next, undefined), []] : pressField(state, next, pressAt?.(Math.max(0, Math.min(top, lines - rows)) + row - 1, column));
}

/** `press`: does what a command does here. */
export function takeMouse(state: State, mouse: Mouse, {viewport, press}: {viewport: Viewport; press: (state: State, command: Command) => Update}): Update {
	const {scene} = state;
	const isPress = mouse.action === 'press';
	const command = mouse.action === 'wheel-up' ? 'up' : 'down';
	switch (scene.kind) {
		case 'browse': {
			return isPress ? pressInBrowse(state, mouse, () => press(state, 'menu')) : turnInBrowse(state, mouse, command);
		}

		case 'menu': {
			const count = scene.options.length;
			return isPress ? pressInList(state, mouse, {...menuPlace(state, {count, index: scene.index}), count, index: scene.index}, press) : press(state, command);
		}

		case 'recover': {
			const count = optionsOf(state, scene).length;
			const {firstOption: first = 0} = viewport.measure(state);
			const onlySelects = (same: State): Update => [{...same, notice: 'Enter does it.'}, []];
			return isPress ? pressInList(state, mouse, {first, rows: count, top: 0, count, index: scene.index}, onlySelects) : press(state, command);
		}

		case 'undo': {
			return isPress ? pressInList(state, mouse, halfPlace(state, state.undo.value?.length ?? 0, scene.index), press) : press(state, command);
		}

		case 'log': {
			const {index, all} = selectedCommand(state, scene);
			return isPress ? pressInList(state, mouse, halfPlace(state, all.length, index), press) : press(state, command);
		}

		case 'journey': {
			return isPress ? pressInJourney(state, scene.journey, {mouse, viewport}) : [turnText(state, command, viewport), []];
		}

		case 'doctor': {
			if (!scene.isWhole) {
				const {diagnosis} = state;
				const index = moveIndex(diagnosis?.index ?? 0, command, diagnosis?.findings.value?.length ?? 0);
				return isPress ? pressInDoctor(state, mouse, () => press(state, 'accept')) : [{...state, diagnosis: diagnosis && {...diagnosis, index}}, []];
			}

			return [isPress ? state : turnText(state, command, viewport), []];
		}

		default: {
			return [isPress ? state : turnText(state, command, viewport), []];
		}
	}
}

function turnText(state: State, command: 'up' | 'down', viewport: Viewport): State {
	if (state.scene.kind !== 'journey') {
		let turned = state;
		for (let line = 0; line < turn; line++) {
			turned = scroll(turned, command, viewport);
		}

		return turned;
	}

	const {lines, rows} = viewport.measure(state);
	return withTopAt(state, Math.min(topOf(state.scene) + (command === 'up' ? -turn : turn), Math.max(0, lines - rows)));
}
