/**
The filter over the list of domains: the list follows each character, arrows still move.
*/
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import type {State} from '../state.ts';
import {editText} from '../journey/edit-text.ts';
import {visibleDomains} from './domains.ts';
import type {Update} from './read.ts';
import {pollSoon, selectDomain, settle} from './select.ts';
import {move} from './move.ts';

export function applyFilter(state: State, text: string, isTyping: boolean): Update {
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

	if (key.name === 'up' || key.name === 'down') {
		return move(state, key.name);
	}

	const edited = editText(text, key);
	return edited === text ? [state, []] : applyFilter(state, edited, true);
}
