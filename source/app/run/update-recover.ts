/**
What an earlier run left half-way: it is asked about at the start, stays in sight in the list and above it, and `x` leads back to it at any time.
*/
import {posix} from 'node:path';
import {listNames} from '../../model/text/list-names.ts';
import {describeTrouble} from '../../model/plan/journal-trouble.ts';
import type {Result} from '../../model/result.ts';
import type {UnfinishedAction} from '../../engine/ports.ts';
import type {Obstacle} from '../../engine/recover/ways.ts';
import type {Direction} from '../../engine/run/progress.ts';
import type {Option} from '../../actions/question.ts';
import {readOnlyReason} from '../browse/menu.ts';
import type {Command} from '../keys.ts';
import {readUnfinished, type Update} from '../browse/read.ts';
import {settle} from '../browse/select.ts';
import {moveIndex} from '../scroll.ts';
import type {LeftAction, LeftBehind} from '../services.ts';
import type {Scene, State} from '../state.ts';
import {startRun} from './update-run.ts';

/** Whether an unfinished action has begun to change what the domain is backed by: from then on forward is the natural way. */
export function isPastSwitch(action: UnfinishedAction): boolean {
	const begun = new Set(action.records.flatMap(record => record.kind === 'begin' || record.kind === 'done' ? [record.step] : []));
	return action.plan.steps.some(step => begun.has(step.id) && (step.phase === 'switch' || step.phase === 'remove'));
}

/** How many of its steps are done and not rolled back since. */
export function doneSteps({records}: UnfinishedAction): number {
	const done = new Set<string>();
	for (const record of records) {
		if (record.kind === 'done') {
			done.add(record.step);
		} else if (record.kind === 'undone') {
			done.delete(record.step);
		}
	}

	return done.size;
}

/** When its run was last heard of, in Unix seconds; undefined: no time in it can be read. */
export function lastSeenSeconds({plan, records}: UnfinishedAction): number | undefined {
	const times = [plan.plannedAt, ...records.map(({at}) => at)].map(time => Date.parse(time)).filter(time => !Number.isNaN(time));
	return times.length === 0 ? undefined : Math.floor(Math.max(...times) / 1000);
}

/** The next one, or back to where the page was opened from. Those that were passed over stay marked. */
function passOver(state: State, scene: Scene & {kind: 'recover'}): State {
	const actions = scene.actions.slice(1);
	if (actions.length > 0) {
		return {...state, scene: {...scene, actions, index: 0, top: 0}};
	}

	return {...state, scene: scene.origin === 'doctor' ? {kind: 'doctor', isWhole: false, top: 0} : {kind: 'browse'}};
}

function openPage(state: State, actions: LeftAction[], opens: State['leftAsked']['opens']): State {
	if (opens === undefined || state.scene.kind !== (opens.origin === 'doctor' ? 'doctor' : 'browse')) {
		return state;
	}

	const isOfSubject = ({plan}: LeftAction) => plan.action.domain.uuid === opens.uuid;
	const others = opens.origin === 'doctor' ? [] : actions.filter(action => !isOfSubject(action));
	const shown = [...actions.filter(action => isOfSubject(action)), ...others];
	if (shown.length > 0) {
		return {...state, scene: {kind: 'recover', actions: shown, index: 0, top: 0, origin: opens.origin}};
	}

	// The run of somebody else: what is known of it are the words of the finding.
	return opens.origin === 'doctor'
		? {...state, scene: {kind: 'doctor', isWhole: true, top: 0}}
		: (opens.origin === 'key' ? {...state, notice: 'No action was interrupted.'} : state);
}

export function takeUnfinished(state: State, number: number, result: Result<LeftBehind>): State {
	if (number !== state.leftAsked.number) {
		return state;
	}

	if (!result.ok) {
		return {...state, leftAsked: {...state.leftAsked, opens: undefined}, notice: 'Could not find out whether an earlier action was interrupted. See vsnap-tui recover.'};
	}

	const {actions, troubles: [trouble]} = result.value;
	const {opens} = state.leftAsked;
	const notice = opens?.origin === 'key' ? undefined : state.notice;
	return openPage(settle({
		...state, left: actions, leftAsked: {...state.leftAsked, opens: undefined}, notice: trouble === undefined ? notice : `${describeTrouble(trouble).text} Checking the domain tells more.`,
	}), actions, opens);
}

/** By its key. What was read may be old by now, so the ways out are looked at again first. */
export function beginRecover(state: State): Update {
	const {id} = state.domainCursor;
	return readUnfinished({...state, notice: 'Finding out how far it got …'}, {origin: 'key', uuid: id});
}

/** Files that stay larger when it is rolled back, because content was copied into them. */
function grownFiles({plan, records}: UnfinishedAction): string[] {
	const begun = new Set(records.flatMap(record => record.kind === 'begin' ? [record.step] : []));
	return plan.steps.flatMap(({id, grows}) => grows !== undefined && begun.has(id) ? [posix.basename(grows.path)] : []);
}

/** Nothing brings its journal back: the first answer is the one that leaves all open. */
const giveUpOptions: Option[] = [
	{id: 'keep', label: 'Back', note: 'Changes nothing. The action can still be recovered.'},
	{id: 'give-up', label: 'Give up', note: 'This cannot be undone.'},
];

export const optionsOf = (state: State, scene: Scene & {kind: 'recover'}): Option[] => scene.isGivingUp ? giveUpOptions : recoverOptions(state, scene.actions[0]!);

/** What can be done about an unfinished action. The way that is natural there stands first. */
export function recoverOptions(state: State, action: LeftAction): Option[] {
	const reason = state.isReadOnly ? readOnlyReason : undefined;
	const {ways} = action;
	const grown = listNames(grownFiles(action), 3);
	const rollBack = `Restores everything to the state before this action${grown === '' ? '' : `; ${grown} may stay larger`}.`;
	// What is read aloud gives the reason with the label already.
	const against = (way: Obstacle | undefined) => way === undefined ? undefined : (state.isLinear ? way.remedy : `${way.reason} ${way.remedy}`);
	const back: Option = {id: 'back', label: 'Roll back', note: against(ways?.back) ?? rollBack, reason: reason ?? ways?.back?.reason};
	const forward: Option = {id: 'forward', label: 'Finish', note: against(ways?.forward) ?? 'Completes the rest of the plan.', reason: reason ?? ways?.forward?.reason};
	const giveUp: Option = {id: 'give-up', label: 'Give up', note: 'Touches nothing on the host, and forgets how to finish or roll back the action. You are asked once more.', reason};
	const {name} = action.plan.action.domain;
	const later: Option = {id: 'later', label: 'Later', note: `Changes nothing. "${name}" refuses other actions until then${state.isLinear ? '' : '; x leads back here'}.`};
	const natural = isPastSwitch(action) ? [forward, back] : [back, forward];
	return [...natural.filter(option => option.reason === undefined), ...natural.filter(option => option.reason !== undefined), giveUp, later];
}

/** Whether it is to be given up for good; or back to the ways. */
function askAgain(state: State, {isGivingUp: _, ...scene}: Scene & {kind: 'recover'}, isGivingUp: boolean): State {
	return {...state, scene: {...scene, index: isGivingUp ? 0 : recoverOptions(state, scene.actions[0]!).findIndex(({id}) => id === 'give-up'), top: 0, ...(isGivingUp && {isGivingUp})}};
}

export function updateRecover(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'recover' || command === undefined) {
		return [state, []];
	}

	const action = scene.actions[0]!;
	const options = optionsOf(state, scene);
	const option = options[scene.index]!;
	if (command === 'back') {
		return [scene.isGivingUp ? askAgain(state, scene, false) : passOver(state, scene), []];
	}

	if (command !== 'accept') {
		return [{...state, scene: {...scene, index: moveIndex(scene.index, command, options.length)}}, []];
	}

	if (option.id === 'later') {
		return [passOver(state, scene), []];
	}

	if (option.reason !== undefined) {
		return [{...state, notice: `${option.label}: ${option.reason}${option.reason.endsWith('.') ? '' : '.'}`}, []];
	}

	if (option.id === 'keep' || (option.id === 'give-up' && !scene.isGivingUp)) {
		return [askAgain(state, scene, option.id === 'give-up'), []];
	}

	return startRun(state, {plan: action.plan, kind: option.id as Direction, records: action.records});
}
