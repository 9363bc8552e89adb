/**
The list of the domains: which are in it, and in which order.
*/
import {markOf, type HealthMark} from '../doctor/health.ts';
import type {DomainState, DomainSummary} from '../../model/domain/domain.ts';
import type {Sort, State} from '../state.ts';
import {compareNames} from './rows.ts';

const states: readonly DomainState[] = ['running', 'blocked', 'paused', 'pmsuspended', 'shutdown', 'crashed', 'nostate', 'shutoff'];
const marks: ReadonlyArray<HealthMark | undefined> = ['interrupted', 'broken', 'look-at', 'job', undefined];

/** The smaller, the further up; equal ones go by name. */
const places: Record<Sort, (domain: DomainSummary, state: State) => number> = {
	name: () => 0,
	state: ({state}) => states.indexOf(state),
	health: ({uuid}, state) => marks.indexOf(markOf(state, uuid)),
	snapshots: ({uuid}, {counts}) => -(counts[uuid] ?? -1),
};

/** Domains that the filter lets through, in the order that is wanted; what is called so, or begins so, comes first. The filter is a part of the name, without regard to case. */
function orderDomains(state: State): DomainSummary[] {
	const {filter, sort} = state;
	const wanted = filter.text.toLowerCase();
	const rank = ({name}: DomainSummary) => [name.toLowerCase() === wanted, name.toLowerCase().startsWith(wanted), true].indexOf(true);
	return (state.domains.value ?? [])
		.filter(domain => domain.name.toLowerCase().includes(wanted))
		.map(domain => ({domain, rank: rank(domain), place: places[sort](domain, state)}))
		.sort((a, b) => a.rank - b.rank || a.place - b.place || compareNames(a.domain.name, b.domain.name))
		.map(({domain}) => domain);
}

/** The last order: one key asks for it several times, and on a large host it takes a while. */
let last: {from: readonly unknown[]; order: DomainSummary[]} | undefined;

export function visibleDomains(state: State): DomainSummary[] {
	const {domains, filter, sort, health, left, counts} = state;
	const from = [domains.value, filter.text, sort, ...(sort === 'health' ? [health.found, left] : []), ...(sort === 'snapshots' ? [counts] : [])];
	const isSame = last?.from.length === from.length && from.every((each, index) => each === last?.from[index]);
	last = isSame && last !== undefined ? last : {from, order: orderDomains(state)};
	return last.order;
}
