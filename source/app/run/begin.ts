/**
How a guided action begins: from a key, from the menu, or from the command line, always the same way.
*/
import {didYouMean} from '../../model/text/did-you-mean.ts';
import {screenOf, type ScreenKind} from '../../actions/registry.ts';
import type {GivenOf} from '../../actions/spec.ts';
import {reasonAgainst} from '../browse/menu.ts';
import type {Update} from '../browse/read.ts';
import {selectedDetails, selectedSnapshot, snapshotId} from '../browse/rows.ts';
import {selectRow} from '../browse/select.ts';
import type {State} from '../state.ts';
import {openJourney} from '../journey/update-journey.ts';

/** What names no snapshot takes the selected one; where none is selected, it first leads to the tree. Or it says why it cannot begin. */
export function begin(state: State, start: GivenOf<ScreenKind>): Update {
	const {title, choose, needs} = screenOf(start.kind);
	const reason = reasonAgainst(state, start.kind);
	if (reason !== undefined) {
		return [{...state, scene: {kind: 'browse'}, notice: `${title}: ${reason}.`}, []];
	}

	if (needs === 'domain') {
		return openJourney(state, start);
	}

	const snapshot = start.snapshot ?? (state.pane === 'tree' ? selectedSnapshot(state)?.name : undefined);
	if (snapshot !== undefined) {
		return openJourney(state, {...start, snapshot});
	}

	const current = selectedDetails(state)?.currentSnapshot;
	const next = selectRow({...state, pane: 'tree', view: 'snapshots', scene: {kind: 'browse'}}, current === undefined ? undefined : snapshotId(current));
	return [{...next, notice: choose}, []];
}

/** What the command line asked for. A snapshot that is not there is said, and the rest is left to the person. */
export function beginFromStart(state: State, start: GivenOf<ScreenKind>): Update {
	if (screenOf(start.kind).needs === 'domain') {
		return begin({...state, pane: 'tree'}, start);
	}

	const details = selectedDetails(state);
	const inTree: State = {...state, pane: 'tree', view: 'snapshots'};
	if (start.snapshot === undefined) {
		return [{...inTree, notice: screenOf(start.kind).choose}, []];
	}

	return details?.snapshots.some(({name}) => name === start.snapshot)
		? begin(selectRow(inTree, snapshotId(start.snapshot)), start)
		: [{...inTree, notice: [`The domain "${details?.domain.name ?? ''}" has no snapshot "${start.snapshot}".`, didYouMean(start.snapshot, details?.snapshots.map(({name}) => name) ?? []) ?? ''].join(' ').trim()}, []];
}
