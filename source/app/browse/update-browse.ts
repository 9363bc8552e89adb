/**
Browsing: what each key does on the first screen.
*/
import {isScreenKind} from '../../actions/registry.ts';
import {begin} from '../run/begin.ts';
import type {Command} from '../keys.ts';
import {views, type State, type View} from '../state.ts';
import {beginDiagnosis} from '../doctor/update-doctor.ts';
import {menuOf} from './menu.ts';
import {fold, move} from './move.ts';
import {
	inTurn, readList, readDetails, type Update,
} from './read.ts';
import {showView} from './select.ts';
import {applyFilter} from './update-filter.ts';

export function refresh(state: State): Update {
	return inTurn({...state, scene: {kind: 'browse'}}, readList, next => readDetails(next, next.domainCursor.id, true));
}

export function updateBrowse(state: State, command: Command): Update {
	if (isScreenKind(command)) {
		return begin(state, {kind: command});
	}

	switch (command) {
		case 'up':
		case 'down':
		case 'page-up':
		case 'page-down':
		case 'first':
		case 'last': {
			return move(state, command);
		}

		case 'fold':
		case 'unfold': {
			return fold(state, command === 'fold');
		}

		case 'other-pane': {
			return [{...state, pane: state.pane === 'domains' ? 'tree' : 'domains'}, []];
		}

		case 'next-view': {
			return showView(state, views[(views.indexOf(state.view) + 1) % views.length]!);
		}

		case 'view-snapshots':
		case 'view-checkpoints':
		case 'view-images': {
			return showView({...state, pane: 'tree'}, command.slice('view-'.length) as View);
		}

		case 'menu': {
			return [{...state, scene: {kind: 'menu', index: 0, ...menuOf(state)}}, []];
		}

		case 'doctor': {
			return beginDiagnosis(state);
		}

		case 'details': {
			return [{...state, scene: {kind: 'details', top: 0}}, []];
		}

		case 'help': {
			return [{...state, scene: {kind: 'help', top: 0}}, []];
		}

		case 'filter': {
			return [{...state, pane: 'domains', filter: {...state.filter, isTyping: true}}, []];
		}

		case 'back': {
			return applyFilter(state, '', false);
		}

		case 'refresh': {
			return refresh(state);
		}

		case 'refresh-on-focus': {
			return readDetails(state, state.domainCursor.id);
		}

		default: {
			return [state, []];
		}
	}
}
