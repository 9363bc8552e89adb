/**
One action on several domains at work: each has a run of its own, they end together, and a table tells what became of each.
*/
import type {IfOneFails} from '../../actions/group-words.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Outcome} from '../../engine/ports.ts';
import {atWorkReason, readOnlyReason} from '../browse/menu.ts';
import {inTurn, readDetails, readUnfinished, type Update} from '../browse/read.ts';
import type {Command} from '../keys.ts';
import {planAnew} from '../journey/journey-plan.ts';
import type {Journey} from '../journey/journey.ts';
import {scroll, type Viewport} from '../scroll.ts';
import type {Run, State} from '../state.ts';
import {runOn} from './jobs.ts';
import {begun, endRun, newRun} from './update-run.ts';
import {showLog} from './update-log.ts';

export function startGroup(state: State, {journey, plans, ifOneFails}: {journey: Journey; plans: readonly Plan[]; ifOneFails: IfOneFails}): Update {
	const atWork = plans.map(({action}) => runOn(state, action.domain.uuid)).find(run => run !== undefined);
	if (state.isReadOnly || atWork !== undefined) {
		const reason = atWork === undefined ? readOnlyReason : `${atWork.plan.action.domain.name}: ${atWorkReason(atWork)}`;
		return [{...state, scene: {kind: 'browse'}, notice: `Not started: ${reason}.`}, []];
	}

	const planIds = plans.map(({id}) => id);
	const runs = plans.map((plan): Run => ({...newRun(state, {plan, kind: 'execute', journey}), group: planIds}));
	return begun({...state, marks: {...state.marks, domains: new Set()}}, runs, [{kind: 'execute-group', plans, ifOneFails}]);
}

/** What changed on the host while nothing was touched yet; undefined: something else has happened. */
function changedOf(outcomes: readonly Outcome[]): string[] | undefined {
	const changed = outcomes.flatMap(outcome => outcome.kind === 'rolled-back' && outcome.failure.kind === 'host-changed' ? outcome.failure.changed : []);
	const isUntouched = outcomes.every(outcome => outcome.kind === 'rolled-back' && (outcome.failure.kind === 'host-changed' || (outcome.failure.kind === 'other-failed' && !outcome.failure.hasBegun)));
	return changed.length > 0 && isUntouched ? changed : undefined;
}

/** All are over. A host that changed since the plans were made leads to new ones where their page is in sight. */
export function endGroup(state: State, ends: ReadonlyArray<{planId: string; outcome: Outcome}>): Update {
	const ids = new Set(ends.map(({planId}) => planId));
	const {scene} = state;
	const isInSight = scene.kind === 'running' && ids.has(scene.planId);
	const journey = state.runs[ends[0]?.planId ?? '']?.journey;
	const changed = changedOf(ends.map(({outcome}) => outcome));
	if (isInSight && state.quitWhenDone === undefined && changed !== undefined && journey !== undefined) {
		const runs = Object.fromEntries(Object.entries(state.runs).filter(([id]) => !ids.has(id)));
		return inTurn({...state, runs}, next => readDetails(next, journey.request.uuid, true), next => planAnew(next, journey, changed));
	}

	const from: State = isInSight ? {...state, scene: {kind: 'browse'}} : state;
	const [ended, effects] = inTurn(from, ...ends.map(({planId, outcome}) => (next: State) => endRun(next, planId, outcome)));
	if (!isInSight || ended.scene.kind === 'leaving') {
		return [ended, effects];
	}

	const seen = ended.ended.map(each => ids.has(each.run.plan.id) ? {...each, isSeen: true} : each);
	return [{...ended, ended: seen, scene: {kind: 'group-ended', ends: seen.filter(({run}) => ids.has(run.plan.id)), top: 0}}, effects];
}

export function updateGroupEnded(state: State, command: Command | undefined, viewport: Viewport): Update {
	const {scene} = state;
	if (scene.kind !== 'group-ended' || command === undefined) {
		return [state, []];
	}

	if (command === 'accept' || command === 'back') {
		const isAsked = scene.ends.some(({outcome}) => outcome.kind === 'half-way');
		return readUnfinished({...state, scene: {kind: 'browse'}}, isAsked ? {origin: 'run', uuid: undefined} : undefined);
	}

	return command === 'log' ? showLog(state) : [scroll(state, command, viewport), []];
}
