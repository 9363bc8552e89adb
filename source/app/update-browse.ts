/**
Browsing: moving through domains and trees, folding, filtering, the menu of actions.
*/
import {menuOf, revertReason} from './actions.ts';
import type {Command} from './keys.ts';
import type {Key} from './messages.ts';
import {layoutOf, windowTop} from './layout.ts';
import {inTurn, readList, readPicture, type Update} from './read.ts';
import {
	currentRows, selectedNode, selectedPicture, selectedSnapshot, snapshotId, visibleDomains,
} from './rows.ts';
import {moveIndex, pageRows} from './scroll.ts';
import {views, type State, type View} from './state.ts';
import {openJourney} from './update-journey.ts';

/** How long the cursor must rest on a domain before it is read: holding a key down must not ask the host for every row passed. */
const restMs = 120;

/** Puts both windows where their cursors are in sight. To be called after anything that changes rows, cursors or size. */
export function settle(state: State): State {
	const {listRows} = layoutOf(state.columns, state.rows);
	const domains = visibleDomains(state);
	const {domainCursor} = state;
	const domainIndex = domains.findIndex(domain => domain.uuid === domainCursor.id);
	const rows = currentRows(state);
	const node = selectedNode(state, rows);
	const rowIndex = rows.findIndex(row => row.item.name === node?.name);
	const cursor = state.cursors[state.view];
	return {
		...state,
		domainCursor: {...domainCursor, top: windowTop(domainCursor.top, domainIndex, listRows, domains.length)},
		cursors: {...state.cursors, [state.view]: {...cursor, top: windowTop(cursor.top, rowIndex, listRows, rows.length)}},
	};
}

/** Lets the selected domain and the counts in sight be read soon. */
export function pollSoon(state: State, afterMs = restMs): Update {
	const number = state.nextNumber;
	return [{...state, nextNumber: number + 1, pollNumber: number}, [{kind: 'poll-later', number, afterMs}]];
}

export function selectDomain(state: State, uuid: string | undefined): Update {
	if (uuid === state.domainCursor.id) {
		return [settle(state), []];
	}

	const fresh = {id: undefined, top: 0};
	return pollSoon(settle({
		...state,
		domainCursor: {...state.domainCursor, id: uuid},
		cursors: {snapshots: fresh, checkpoints: fresh, images: fresh},
		folded: {snapshots: new Set(), checkpoints: new Set(), images: new Set()},
	}));
}

export function selectRow(state: State, id: string | undefined): State {
	return settle({...state, cursors: {...state.cursors, [state.view]: {...state.cursors[state.view], id}}});
}

export function showView(state: State, view: View): Update {
	const next = settle({...state, view});
	// What other domains hold is read only for the picture of the images.
	return view === 'images' && view !== state.view ? readPicture(next, state.domainCursor.id, true) : [next, []];
}

function move(state: State, command: Command): Update {
	const step = (index: number, count: number) => {
		const page = pageRows(state);
		return command === 'page-down'
			? Math.min(index + page, count - 1)
			: (command === 'page-up' ? Math.max(index - page, 0) : moveIndex(index, command, count));
	};

	if (state.pane === 'domains') {
		const domains = visibleDomains(state);
		const index = domains.findIndex(domain => domain.uuid === state.domainCursor.id);
		return selectDomain(state, domains[step(index, domains.length)]?.uuid ?? state.domainCursor.id);
	}

	const rows = currentRows(state);
	const node = selectedNode(state, rows);
	return [selectRow(state, rows[step(rows.findIndex(row => row.item.name === node?.name), rows.length)]?.item.name), []];
}

function fold(state: State, isFolding: boolean): Update {
	const row = currentRows(state).find(({item}) => item.name === selectedNode(state)?.name);
	if (state.pane === 'domains' || row === undefined) {
		return [{...state, pane: isFolding ? 'domains' : 'tree'}, []];
	}

	if (isFolding ? row.childCount === 0 || row.isFolded : !row.isFolded) {
		return [isFolding ? {...state, pane: 'domains'} : state, []];
	}

	const folded = new Set(state.folded[state.view]);
	if (isFolding) {
		folded.add(row.item.name);
	} else {
		folded.delete(row.item.name);
	}

	const next = {...state, folded: {...state.folded, [state.view]: folded}};
	return [selectRow(next, row.item.name), []];
}

/** Begins the revert, or says why it cannot begin. From the list of domains it first leads to the tree. */
export function beginRevert(state: State): Update {
	const reason = revertReason(state);
	if (reason !== undefined) {
		return [{...state, scene: {kind: 'browse'}, notice: `Revert: ${reason}.`}, []];
	}

	const snapshot = state.pane === 'tree' ? selectedSnapshot(state) : undefined;
	if (snapshot !== undefined) {
		return openJourney(state, snapshot, {});
	}

	const current = selectedPicture(state)?.currentSnapshot;
	const next = selectRow({...state, pane: 'tree', view: 'snapshots', scene: {kind: 'browse'}}, current === undefined ? undefined : snapshotId(current));
	return [{...next, notice: 'Choose the snapshot to go back to, then press r.'}, []];
}

export function refresh(state: State): Update {
	return inTurn({...state, scene: {kind: 'browse'}}, readList, next => readPicture(next, next.domainCursor.id, true));
}

export function updateBrowse(state: State, command: Command): Update {
	switch (command) {
		case 'up':
		case 'down':
		case 'page-up':
		case 'page-down':
		case 'first':
		case 'last': {
			return move(state, command);
		}

		case 'fold':
		case 'unfold': {
			return fold(state, command === 'fold');
		}

		case 'other-pane': {
			return [{...state, pane: state.pane === 'domains' ? 'tree' : 'domains'}, []];
		}

		case 'next-view': {
			return showView(state, views[(views.indexOf(state.view) + 1) % views.length]!);
		}

		case 'view-snapshots':
		case 'view-checkpoints':
		case 'view-images': {
			return showView({...state, pane: 'tree'}, command.slice('view-'.length) as View);
		}

		case 'menu': {
			return [{...state, scene: {kind: 'menu', index: 0, ...menuOf(state)}}, []];
		}

		case 'revert': {
			return beginRevert(state);
		}

		case 'details': {
			return [{...state, scene: {kind: 'details', top: 0}}, []];
		}

		case 'help': {
			return [{...state, scene: {kind: 'help', top: 0}}, []];
		}

		case 'filter': {
			return [{...state, pane: 'domains', filter: {...state.filter, isTyping: true}}, []];
		}

		case 'back': {
			return applyFilter(state, '', false);
		}

		case 'refresh': {
			return refresh(state);
		}

		case 'look-again': {
			return readPicture(state, state.domainCursor.id);
		}

		default: {
			return [state, []];
		}
	}
}

function applyFilter(state: State, text: string, isTyping: boolean): Update {
	const next = {...state, filter: {text, isTyping}};
	const domains = visibleDomains(next);
	const [first] = domains;
	// A whole name that was typed is what is meant; else the selection stays as long as it is in sight.
	const isNamed = text !== state.filter.text && first?.name.toLowerCase() === text.toLowerCase();
	const isInSight = domains.some(domain => domain.uuid === next.domainCursor.id);
	return isInSight && !isNamed ? pollSoon(settle(next)) : selectDomain(next, first?.uuid);
}

/** Keys while the filter is typed: the list follows each character, arrows still move. */
export function updateFilter(state: State, key: Key, command: Command | undefined): Update {
	const {text} = state.filter;
	if (command === 'accept' || command === 'back') {
		return applyFilter(state, command === 'back' ? '' : text, false);
	}

	switch (key.name) {
		case 'character': {
			return applyFilter(state, text + key.text, true);
		}

		case 'paste': {
			return applyFilter(state, text + key.text, true);
		}

		case 'backspace':
		case 'delete': {
			return applyFilter(state, [...text].slice(0, -1).join(''), true);
		}

		case 'ctrl-u': {
			return applyFilter(state, '', true);
		}

		case 'up':
		case 'down': {
			return move(state, key.name);
		}

		default: {
			return [state, []];
		}
	}
}

/** The menu: chosen by Enter, unless it is not possible. */
export function chooseAction(state: State, id: string): Update {
	const browsing: State = {...state, scene: {kind: 'browse'}};
	switch (id) {
		case 'open': {
			return [{...browsing, pane: 'tree'}, []];
		}

		case 'revert':
		case 'choose-snapshot': {
			return beginRevert(browsing);
		}

		case 'details': {
			return [{...state, scene: {kind: 'details', top: 0}}, []];
		}

		case 'refresh': {
			return refresh(browsing);
		}

		default: {
			return [browsing, []];
		}
	}
}

export function updateMenu(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'menu' || command === undefined) {
		return [state, []];
	}

	const option = scene.options[scene.index];
	if (command === 'back') {
		return [{...state, scene: {kind: 'browse'}}, []];
	}

	if (command === 'accept' && option !== undefined) {
		return option.reason === undefined
			? chooseAction(state, option.id)
			: [{...state, notice: `${option.label.replace(/ …$/, '')}: ${option.reason}.`}, []];
	}

	return [{...state, scene: {...scene, index: moveIndex(scene.index, command, scene.options.length)}}, []];
}
