/**
Moving the cursor through the lists, and folding what is below it.
*/
import type {Command} from '../keys.ts';
import {moveIndex, pageRows} from '../scroll.ts';
import type {State} from '../state.ts';
import {visibleDomains} from './domains.ts';
import type {Update} from './read.ts';
import {currentRows, selectedNode} from './rows.ts';
import {selectDomain, selectRow} from './select.ts';

/** Past the end of the list it goes on with that of the next host, if its domains are known. */
function toNeighbour(state: State, command: Command): Update | undefined {
	const {all, own} = state.hosts;
	const host = command === 'down' ? all[own + 1] : (command === 'up' ? all[own - 1] : undefined);
	const domain = command === 'down' ? host?.list?.[0] : host?.list?.at(-1);
	return host === undefined || domain === undefined ? undefined : [state, [{kind: 'go-to-host', name: host.name, domain: domain.uuid}]];
}

export function move(state: State, command: Command): Update {
	const step = (index: number, count: number) => {
		const page = pageRows(state);
		const half = Math.max(1, Math.floor(page / 2));
		const jumps: Partial<Record<Command, number>> = {'page-down': page, 'page-up': -page, 'half-down': half, 'half-up': -half};
		const by = jumps[command];
		return by === undefined ? moveIndex(index, command, count) : Math.max(0, Math.min(index + by, count - 1));
	};

	if (state.pane === 'domains') {
		const domains = visibleDomains(state);
		const index = domains.findIndex(domain => domain.uuid === state.domainCursor.id);
		const next = step(index, domains.length);
		return (next === index ? toNeighbour(state, command) : undefined) ?? selectDomain(state, domains[next]?.uuid ?? state.domainCursor.id);
	}

	const rows = currentRows(state);
	const node = selectedNode(state, rows);
	return [selectRow(state, rows[step(rows.findIndex(row => row.item.name === node?.name), rows.length)]?.item.name), []];
}

export function fold(state: State, isFolding: boolean): Update {
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
