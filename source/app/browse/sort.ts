/**
The order of the domains, and the counts that are asked for those in sight.
*/
import {listRowsOf} from '../layout.ts';
import {sorts, type State} from '../state.ts';
import {visibleDomains} from './domains.ts';
import type {Update} from './read.ts';
import {settle} from './select.ts';

/** One question for the domains in sight of which nothing is known yet; for all of them where they are sorted by the answer. */
export function askCounts(state: State): Update {
	const {top} = state.domainCursor;
	const all = visibleDomains(state);
	const asked = state.isLinear || state.sort === 'snapshots' ? all : all.slice(top, top + listRowsOf(state));
	const uuids = asked.map(domain => domain.uuid).filter(uuid => !state.countsAsked.has(uuid));
	return uuids.length === 0 ? [state, []] : [{...state, countsAsked: new Set([...state.countsAsked, ...uuids])}, [{kind: 'read-counts', uuids}]];
}

/** The next order; the selected domain stays selected and in sight. */
export function sortNext(state: State): Update {
	return askCounts(settle({...state, sort: sorts[(sorts.indexOf(state.sort) + 1) % sorts.length]!}));
}
