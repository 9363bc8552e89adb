/**
Browsing: what each key does on the first screen.
*/
import {isScreenKind} from '../../actions/registry.ts';
import {openCommandLine} from '../command/update-command.ts';
import {begin} from '../run/begin.ts';
import type {Command} from '../keys.ts';
import {views, type State, type View} from '../state.ts';
import {beginDiagnosis} from '../doctor/update-doctor.ts';
import {askHosts, goBeside} from '../hosts/update-hosts.ts';
import {runOn, showJob} from '../run/jobs.ts';
import {showLog} from '../run/update-log.ts';
import {showUndo} from '../run/read-undo.ts';
import {beginRecover} from '../run/update-recover.ts';
import {toggleMark, withoutMarks} from './marks.ts';
import {menuOf} from './menu.ts';
import {fold, move} from './move.ts';
import {
	inTurn, readList, readDetails, readUnfinished, type Update,
} from './read.ts';
import {showView} from './select.ts';
import {sortNext} from './sort.ts';
import {applyFilter} from './update-filter.ts';

export function refresh(state: State): Update {
	return inTurn({...state, scene: {kind: 'browse'}}, next => readUnfinished(next), readList, next => readDetails(next, next.domainCursor.id, true));
}

const showTree = (view: View) => (state: State) => showView({...state, pane: 'tree'}, view);

/** What each command does; an action begins. */
const updates: Readonly<Partial<Record<Command, (state: State) => Update>>> = {
	up: state => move(state, 'up'),
	down: state => move(state, 'down'),
	'page-up': state => move(state, 'page-up'),
	'page-down': state => move(state, 'page-down'),
	'half-up': state => move(state, 'half-up'),
	'half-down': state => move(state, 'half-down'),
	first: state => move(state, 'first'),
	last: state => move(state, 'last'),
	fold: state => fold(state, true),
	unfold: state => fold(state, false),
	'other-pane': state => [{...state, pane: state.pane === 'domains' ? 'tree' : 'domains'}, []],
	'next-view': state => showView(state, views[(views.indexOf(state.view) + 1) % views.length]!),
	'view-snapshots': showTree('snapshots'),
	'view-checkpoints': showTree('checkpoints'),
	'view-images': showTree('images'),
	menu: state => [{...state, scene: {kind: 'menu', index: 0, ...menuOf(state)}}, []],
	doctor: beginDiagnosis,
	recover: beginRecover,
	undo: showUndo,
	log: showLog,
	jobs: state => [showJob(state), []],
	details: state => [{...state, scene: {kind: 'details', top: 0}}, []],
	help: state => [{...state, scene: {kind: 'help', top: 0}}, []],
	find: state => [{...state, pane: 'domains', filter: {...state.filter, isTyping: true}}, []],
	mark: toggleMark,
	hosts: askHosts,
	'next-host': state => goBeside(state, 1),
	'previous-host': state => goBeside(state, -1),
	back(state) {
		const unmarked = withoutMarks(state);
		return unmarked === undefined ? applyFilter(state, '', false) : [unmarked, []];
	},
	'command-line': openCommandLine,
	sort: sortNext,
	refresh,
	'refresh-on-focus': state => runOn(state, state.domainCursor.id) === undefined ? readDetails(state, state.domainCursor.id) : [state, []],
};

export function updateBrowse(state: State, command: Command): Update {
	return isScreenKind(command) ? begin(state, {kind: command}) : updates[command]?.(state) ?? [state, []];
}
