/**
Marks: domains in the list, and snapshots of the selected domain, for one action on all of them.
*/
import type {DomainSummary} from '../../model/domain/domain.ts';
import type {State} from '../state.ts';
import {move} from './move.ts';
import type {Update} from './read.ts';
import {
	compareNames, currentRows, selectedDomain, selectedNode,
} from './rows.ts';

export function markedDomains({marks, domains}: State): DomainSummary[] {
	return marks.domains.size === 0 ? [] : (domains.value ?? []).filter(({uuid}) => marks.domains.has(uuid)).sort((a, b) => compareNames(a.name, b.name));
}

/** In the order of the tree; those that are gone are not among them. */
export function markedSnapshots(state: State): string[] {
	return state.marks.snapshots.size === 0 || state.view !== 'snapshots'
		? []
		: currentRows(state).flatMap(({item}) => item.kind === 'snapshot' && state.marks.snapshots.has(item.snapshot.name) ? [item.snapshot.name] : []);
}

/** The domains that an action is for: several where the selected one is marked with others, or the list has the cursor. */
export function groupOfMarks(state: State): DomainSummary[] {
	const marked = markedDomains(state);
	const selected = selectedDomain(state);
	return state.pane === 'domains' || marked.some(({uuid}) => uuid === selected?.uuid) ? marked : [];
}

function toggled(marks: ReadonlySet<string>, id: string): ReadonlySet<string> {
	const next = new Set(marks);
	if (!next.delete(id)) {
		next.add(id);
	}

	return next;
}

/** Its key: on to the next row, as wherever several are marked. */
export function toggleMark(state: State): Update {
	const {marks} = state;
	const domain = selectedDomain(state);
	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	if (state.pane === 'domains' && domain !== undefined) {
		const marked: State = {...state, marks: {...marks, domains: toggled(marks.domains, domain.uuid)}};
		return state.isLinear ? [marked, []] : move(marked, 'down');
	}

	if (node?.kind === 'snapshot' && state.view === 'snapshots') {
		const marked: State = {...state, marks: {...marks, snapshots: toggled(marks.snapshots, node.snapshot.name)}};
		return state.isLinear ? [marked, []] : move(marked, 'down');
	}

	return [{...state, notice: 'Domains and snapshots can be marked.'}, []];
}

/** Undefined where nothing is marked. */
export function withoutMarks(state: State): State | undefined {
	const {domains, snapshots} = state.marks;
	return domains.size + snapshots.size === 0 ? undefined : {...state, marks: {domains: new Set(), snapshots: new Set()}};
}
