/**
The left pane where there are several hosts: the domains of the one that is shown, under its name, and those of the others as far as there is room.
*/
import {hostRowsOf} from '../layout.ts';
import type {State} from '../state.ts';
import {visibleDomains} from '../browse/domains.ts';

/** A host, one of its domains, or the number of those that do not fit. */
export type PaneRow = {kind: 'host'; host: number} | {kind: 'domain'; host: number; domain: number} | {kind: 'more'; host: number; count: number};

/** At most this many rows for a host's domains. Where not all fit, the last row gives the number of the others. */
function unfolded(host: number, listed: number, {count, rows}: {count: number; rows: number}): PaneRow[] {
	const isWhole = count <= rows && listed >= count;
	const shown = isWhole ? count : Math.max(0, Math.min(rows - 1, listed));
	const domains = Array.from({length: shown}, (_, domain): PaneRow => ({kind: 'domain', host, domain}));
	return isWhole || rows === 0 ? domains : [...domains, {kind: 'more', host, count: count - shown}];
}

/** `rows`: of the domains of the host that is shown, which stand between the others. */
export function paneOf(state: State, listRows: number): {above: PaneRow[]; rows: number; below: PaneRow[]} {
	const {all, own} = state.hosts;
	const hosts = hostRowsOf(state, listRows);
	const rows = hosts.rows === 0 ? listRows : Math.min(listRows - hosts.rows, Math.max(1, visibleDomains(state).length));
	let free = listRows - hosts.rows - rows;
	const shown = Array.from({length: hosts.rows}, (_, index): {host: number; lines: PaneRow[]} => ({host: hosts.first + index, lines: [{kind: 'host', host: hosts.first + index}]}));
	// Those below are reached by going on, so they come first.
	for (const {host, lines} of [...shown.filter(({host}) => host > own), ...shown.filter(({host}) => host < own)]) {
		const {domains = 0, list = []} = all[host]!;
		const added = unfolded(host, list.length, {count: domains, rows: Math.min(free, domains)});
		free -= added.length;
		lines.push(...added);
	}

	return {above: shown.filter(({host}) => host <= own).flatMap(({lines}) => lines), rows, below: shown.filter(({host}) => host > own).flatMap(({lines}) => lines)};
}
