/**
How a guided action begins: from a key, from the menu, or from the command line, always the same way.
*/
import {didYouMean} from '../../model/text/did-you-mean.ts';
import {namedIn, screenOf, type ScreenKind} from '../../actions/registry.ts';
import type {GivenOf} from '../../actions/spec.ts';
import {reasonAgainst} from '../browse/menu.ts';
import {forgetForecast, verdictOf} from '../browse/forecast.ts';
import type {Update} from '../browse/read.ts';
import {moments} from '../browse/moments.ts';
import {selectedDetails} from '../browse/rows.ts';
import {selectRow} from '../browse/select.ts';
import type {State} from '../state.ts';
import {openJourney} from '../journey/update-journey.ts';

/** What names no snapshot or checkpoint takes the selected one; where none is selected, it first leads to the tree. Or it says why it cannot begin. */
export function begin(state: State, start: GivenOf<ScreenKind>): Update {
	const {title, choose, needs} = screenOf(start.kind);
	const reason = reasonAgainst(state, start.kind);
	if (reason !== undefined) {
		return [{...state, scene: {kind: 'browse'}, notice: `${title}: ${reason}.`}, []];
	}

	if (needs === 'domain') {
		return openJourney(state, start);
	}

	const {view, selected, current, idOf} = moments[needs];
	const name = namedIn(start, needs) ?? (state.pane === 'tree' ? selected(state) : undefined);
	if (name !== undefined && verdictOf(state, start.kind)?.kind === 'refused') {
		// The page plans it anew, and what was in the way may be gone by then.
		return openJourney(forgetForecast(state, [state.domainCursor.id!]), {...start, [needs]: name});
	}

	if (name !== undefined) {
		return openJourney(state, {...start, [needs]: name});
	}

	const proposed = current(selectedDetails(state));
	const next = selectRow({...state, pane: 'tree', view, scene: {kind: 'browse'}}, proposed === undefined ? undefined : idOf(proposed));
	return [{...next, notice: choose}, []];
}

/** What the command line asked for. What is not there is said, and the rest is left to the person. */
export function beginFromStart(state: State, start: GivenOf<ScreenKind>): Update {
	const {needs, choose} = screenOf(start.kind);
	if (needs === 'domain') {
		return begin({...state, pane: 'tree'}, start);
	}

	const {noun, view, names, idOf} = moments[needs];
	const details = selectedDetails(state);
	const inTree: State = {...state, pane: 'tree', view};
	const name = namedIn(start, needs);
	if (name === undefined) {
		return [{...inTree, notice: choose}, []];
	}

	const known = details === undefined ? [] : names(details);
	return known.includes(name)
		? begin(selectRow(inTree, idOf(name)), start)
		: [{...inTree, notice: [`The domain "${details?.domain.name ?? ''}" has no ${noun} "${name}".`, didYouMean(name, known) ?? ''].join(' ').trim()}, []];
}
