/**
What is selected and what is in sight of it: domains, rows, views. Selecting a domain lets it be read as soon as the cursor rests there.
*/
import {
	listRowsOf, shownRows, treeRowsOf, windowTop,
} from '../layout.ts';
import type {State, View} from '../state.ts';
import {paneOf} from '../hosts/pane.ts';
import {visibleDomains} from './domains.ts';
import {readDetails, type Update} from './read.ts';
import {currentRows, selectedNode} from './rows.ts';

/** How long the cursor must rest on a domain before it is read: holding a key down must not ask the host for every row passed. */
const restMs = 120;

/** Puts both windows where their cursors are in sight. To be called after anything that changes rows, cursors or size. */
export function settle(state: State): State {
	const listRows = listRowsOf(state);
	const domainRows = paneOf(state, listRows).rows;
	const domains = visibleDomains(state);
	const {domainCursor} = state;
	const domainIndex = domains.findIndex(domain => domain.uuid === domainCursor.id);
	const rows = currentRows(state);
	const node = selectedNode(state, rows);
	const rowIndex = rows.findIndex(row => row.item.name === node?.name);
	const cursor = state.cursors[state.view];
	return {
		...state,
		domainCursor: {...domainCursor, top: windowTop(domainCursor.top, domainIndex, shownRows(domainRows, domains.length), domains.length)},
		cursors: {...state.cursors, [state.view]: {...cursor, top: windowTop(cursor.top, rowIndex, shownRows(treeRowsOf(listRows), rows.length), rows.length)}},
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
		marks: {...state.marks, snapshots: new Set()},
	}));
}

export function selectRow(state: State, id: string | undefined): State {
	return settle({...state, cursors: {...state.cursors, [state.view]: {...state.cursors[state.view], id}}});
}

export function showView(state: State, view: View): Update {
	const next = settle({...state, view});
	// What other domains hold is read only for the picture of the images.
	return view === 'images' && view !== state.view ? readDetails(next, state.domainCursor.id, true) : [next, []];
}
