/**
How a guided action begins: from a key, from the menu, or from the command line, always the same way.
*/
import {didYouMean} from '../../model/text/did-you-mean.ts';
import {
	namedIn, screenOf, specOf, type ScreenKind,
} from '../../actions/registry.ts';
import type {GivenOf} from '../../actions/spec.ts';
import {reasonAgainst} from '../browse/menu.ts';
import {forgetForecast, verdictOf} from '../browse/forecast.ts';
import {groupOfMarks, markedSnapshots} from '../browse/marks.ts';
import {inTurn, readDetails, type Update} from '../browse/read.ts';
import {moments} from '../browse/moments.ts';
import {selectedDetails} from '../browse/rows.ts';
import {selectDomain, selectRow} from '../browse/select.ts';
import type {State} from '../state.ts';
import type {Other} from '../journey/group.ts';
import {openJourney} from '../journey/update-journey.ts';

type Together = {kind: 'alone'} | {kind: 'group'; others: readonly Other[]} | {kind: 'other'; update: Update};

/** Several marked domains take one action, that of the selected one first; where it is not among them, one of them is selected before. */
function groupFor(state: State, start: GivenOf<ScreenKind>): Together {
	const domains = groupOfMarks(state);
	const [lead] = domains;
	if (lead === undefined) {
		return {kind: 'alone'};
	}

	const {title} = screenOf(start.kind);
	if (specOf(start).share === undefined) {
		return {kind: 'other', update: [{...state, scene: {kind: 'browse'}, notice: `${title}: for one domain at a time. Create, revert and check take several; Esc unmarks.`}, []]};
	}

	const {id} = state.domainCursor;
	if (!domains.some(({uuid}) => uuid === id)) {
		const opening: State = {...state, start: {domain: lead.uuid, action: start}, notice: 'Reading the domain …'};
		return {kind: 'other', update: inTurn(opening, next => selectDomain(next, lead.uuid), next => readDetails(next, lead.uuid), openWhenRead)};
	}

	const others = domains.filter(({uuid}) => uuid !== id);
	return others.length === 0 ? {kind: 'alone'} : {kind: 'group', others};
}

/** Where the domain was read before. */
function openWhenRead(state: State): Update {
	const {start} = state;
	return selectedDetails(state) === undefined || start?.action === undefined || start.action.kind === 'doctor' ? [state, []] : beginFromStart({...state, start: undefined, notice: undefined}, start.action);
}

/** What names no snapshot or checkpoint takes the selected one; where none is selected, it first leads to the tree. Or it says why it cannot begin. */
export function begin(state: State, given: GivenOf<ScreenKind>, others?: readonly Other[]): Update {
	const {title, choose, needs, several} = screenOf(given.kind);
	const [first, ...more] = state.pane === 'tree' ? markedSnapshots(state) : [];
	const start = several !== undefined && first !== undefined && namedIn(given, 'snapshot') === undefined ? several([first, ...more]) as GivenOf<ScreenKind> : given;
	const together = others === undefined ? groupFor(state, start) : {kind: 'group' as const, others};
	if (together.kind === 'other') {
		return together.update;
	}

	const group = together.kind === 'group' ? together.others : undefined;
	const reason = reasonAgainst(state, start.kind);
	if (reason !== undefined) {
		return [{...state, scene: {kind: 'browse'}, notice: `${title}: ${reason}.`}, []];
	}

	if (needs === 'domain') {
		return openJourney(state, start, group);
	}

	const {view, selected, current, idOf} = moments[needs];
	const name = namedIn(start, needs) ?? (state.pane === 'tree' ? selected(state) : undefined);
	if (name !== undefined && group === undefined && verdictOf(state, start.kind)?.kind === 'refused') {
		// The page plans it anew, and what was in the way may be gone by then.
		return openJourney(forgetForecast(state, [state.domainCursor.id!]), {...start, [needs]: name});
	}

	if (name !== undefined) {
		return openJourney(state, {...start, [needs]: name}, group);
	}

	const proposed = current(selectedDetails(state));
	const next = selectRow({...state, pane: 'tree', view, scene: {kind: 'browse'}}, proposed === undefined ? undefined : idOf(proposed));
	return [{...next, notice: group === undefined ? choose : `${choose.replace(/\.$/u, '')}: the ${group.length + 1} marked domains each take theirs of that name.`}, []];
}

/** What the command line asked for. What is not there is said, and the rest is left to the person. */
export function beginFromStart(state: State, start: GivenOf<ScreenKind>, others?: readonly Other[]): Update {
	const {needs, choose} = screenOf(start.kind);
	if (needs === 'domain') {
		return begin(state, start, others);
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
		? begin(selectRow(inTree, idOf(name)), start, others)
		: [{...inTree, notice: [`The domain "${details?.domain.name ?? ''}" has no ${noun} "${name}".`, didYouMean(name, known) ?? ''].join(' ').trim()}, []];
}
