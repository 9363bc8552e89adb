/**
What a screen asks of the engine.
*/
import {titleOfAction} from '../actions/registry.ts';
import type {Plan} from '../model/plan/plan.ts';
import {requestOf, type Request} from '../model/plan/request.ts';
import type {Result} from '../model/result.ts';
import {formatScript} from '../planner/script/group-script.ts';
import {diagnose, type RoundProgress} from './doctor/diagnose.ts';
import {groupOf} from './group/group-services.ts';
import {historyOf} from './history.ts';
import type {Outcome, RunEvent} from './ports.ts';
import {prepareAction, prepareEach, type Planning} from './prepare.ts';
import {readLeftBehind} from './recover/left-behind.ts';
import {recover} from './recover/recover.ts';
import {executePlan} from './run/execute.ts';
import type {Direction} from './run/progress.ts';
import type {World} from './world.ts';

export function engineFor(world: World, planning: Planning, {isReadOnly}: {isReadOnly: boolean}) {
	return {
		...historyOf(world, planning),
		...groupOf(world, planning, isReadOnly),
		planAction: async (request: Request) => prepareAction(planning, request),
		planEach: async (requests: readonly Request[], onPlan: (index: number, plan: Result<Plan>) => void, signal: AbortSignal) => prepareEach(planning, requests, {onPlan, signal}),
		formatScript: (plans: readonly Plan[], remoteArgv: string[] | undefined) => formatScript(plans.map(plan => ({plan, title: titleOfAction(plan.action)})), remoteArgv),
		executePlan: async (plan: Plan, onEvent: (event: RunEvent) => void, interrupt: AbortSignal): Promise<Outcome> => isReadOnly
			? {kind: 'rolled-back', failure: {kind: 'read-only'}}
			: executePlan(world, plan, {onEvent, interrupt}),
		readUnfinished: async () => readLeftBehind(world),
		async recover(planId: string, direction: Direction, onEvent: (event: RunEvent) => void): Promise<Outcome> {
			const unfinished = await world.store.readUnfinishedPlan(planId);
			if (!unfinished.ok) {
				return {kind: 'half-way', failure: unfinished.failure};
			}

			return unfinished.value === undefined
				? {kind: 'done'}
				: recover(world, unfinished.value, {
					direction,
					planAnew: async (action, replaces) => prepareAction(planning, requestOf(action), {replaces}),
					onEvent,
					interrupt: new AbortController().signal,
				});
		},
		diagnose: async (uuid: string | undefined, onProgress: (progress: RoundProgress) => void, interrupt: AbortSignal) => diagnose(world, {uuid, onProgress, interrupt}),
		look: async (uuid: string | undefined, interrupt: AbortSignal) => diagnose(world, {uuid, interrupt, isPatient: true}),
	};
}
