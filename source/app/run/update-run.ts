/**
A plan at work: its events, the question whether to stop, and its end.
*/
import {byKind} from '../../model/by-kind.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {exitCodeOf, exitCodes} from '../../model/text/exit-codes.ts';
import {isHealthy} from '../../model/domain/finding.ts';
import type {Outcome, RunEvent, UnfinishedAction} from '../../engine/ports.ts';
import {isScreenKind, screenOf} from '../../actions/registry.ts';
import {readOnlyReason} from '../browse/menu.ts';
import type {Command} from '../keys.ts';
import {planAnew} from '../journey/journey-plan.ts';
import {
	forgetDetails, inTurn, readList, readDetails, readUnfinished, type Update,
} from '../browse/read.ts';
import {scroll, type Viewport} from '../scroll.ts';
import type {Journey} from '../journey/journey.ts';
import type {Run, State, StepState} from '../state.ts';
import {noteChanges} from '../doctor/health.ts';
import {noteCopying} from './copied.ts';

/** What an earlier run has done of its steps, by its journal. */
function stepsSoFar(records: UnfinishedAction['records']): Run['steps'] {
	return Object.fromEntries(records.flatMap(record => record.kind === 'done' || record.kind === 'undone' ? [[record.step, record.kind]] : []));
}

/** `records`: what the journal of an earlier run says, where that is recovered. */
export function startRun(state: State, {plan, kind, journey, records = []}: {plan: Plan; kind: Run['kind']; journey?: Journey; records?: UnfinishedAction['records']}): Update {
	if (state.isReadOnly) {
		return [{...state, scene: {kind: 'browse'}, notice: `Not started: ${readOnlyReason}.`}, []];
	}

	const run: Run = {
		plan,
		kind,
		startedMs: state.nowMs,
		steps: stepsSoFar(records),
		current: undefined,
		copied: undefined,
		copying: undefined,
		sinceMs: state.nowMs,
		activity: 'looking',
		stop: 'no',
		commands: [],
		notLogged: undefined,
		quitWith: undefined,
	};
	return [
		{...state, notice: undefined, scene: {kind: 'running', run, journey}},
		[kind === 'execute' ? {kind: 'execute', plan} : {kind: 'recover', planId: plan.id, direction: kind}],
	];
}

function withStep(run: Run, step: string, state: StepState): Run['steps'] {
	return {...run.steps, [step]: state};
}

/** What an event makes of the run. */
export const followRun: (event: RunEvent, run: Run, nowMs: number) => Run = byKind({
	started: (_event, run, nowMs) => ({...run, activity: 'working', sinceMs: nowMs}),
	// The removals come after the proof.
	'step-started': (event, run, nowMs) => noteCopying({
		...run, activity: run.activity === 'rolling-back' ? run.activity : 'working', current: event.step, copied: undefined, sinceMs: nowMs, steps: withStep(run, event.step, 'running'),
	}, nowMs),
	// QEMU finds more to copy as it goes: what was shown as done stays so.
	'step-progress': ({doneBytes, totalBytes}, run) => ({...run, copied: {doneBytes: Math.max(doneBytes, run.copied?.doneBytes ?? 0), totalBytes}}),
	'step-done': (event, run) => ({...run, current: run.current === event.step ? undefined : run.current, steps: withStep(run, event.step, 'done')}),
	'step-failed': (event, run) => ({...run, current: undefined, steps: withStep(run, event.step, 'failed')}),
	proving: (_event, run, nowMs) => ({...run, activity: 'proving', current: undefined, sinceMs: nowMs}),
	'rolling-back': (_event, run, nowMs) => ({...run, activity: 'rolling-back', current: undefined, sinceMs: nowMs}),
	'step-left-out': (event, run) => ({...run, current: undefined, steps: withStep(run, event.step, 'left-out')}),
	'step-undone': (event, run) => ({...run, steps: withStep(run, event.step, 'undone')}),
	'command-ran': (event, run) => ({...run, commands: [...run.commands, event.command]}),
	'not-logged': (event, run) => ({...run, notLogged: event.failure}),
	finished: (_event, run) => run,
});

/** What would be true if it were stopped at this moment, in words of the plan. */
export function whenStoppedNow(run: Run): string {
	const reached = run.plan.steps.filter(step => run.steps[step.id] === 'done' || run.steps[step.id] === 'running');
	return reached.at(-1)?.whenStopped ?? 'Nothing has been changed yet.';
}

/** What recovery did not have to do had happened before, though the journal did not tell. */
function withFoundDone(run: Run): Run {
	return {...run, steps: {...Object.fromEntries(run.plan.steps.map(({id}): [string, StepState] => [id, 'done'])), ...run.steps}};
}

/** The run is over: the world is read again. A host that changed since the plan was made leads to a new plan, with what changed. */
export function endRun(state: State, outcome: Outcome): Update {
	if (state.scene.kind !== 'running') {
		return [state, []];
	}

	const {journey} = state.scene;
	const run = outcome.kind === 'done' && state.scene.run.kind === 'forward' ? withFoundDone(state.scene.run) : state.scene.run;
	const lastOutcome = run.kind === 'execute' || outcome.kind !== 'done' ? outcome : undefined;
	if (run.quitWith !== undefined) {
		const {signal, exitCode} = run.quitWith;
		return [{...state, lastOutcome, scene: {kind: 'leaving'}}, [{kind: 'quit', exitCode: outcome.kind === 'half-way' ? 4 : exitCode, signal}]];
	}

	if (outcome.kind === 'rolled-back' && outcome.failure.kind === 'host-changed' && journey !== undefined) {
		const {changed} = outcome.failure;
		return inTurn({...state, lastOutcome: outcome}, next => readDetails(next, journey.request.uuid, true), next => planAnew(next, journey, changed));
	}

	const {uuid} = run.plan.action.domain;
	const ended: State = {
		...noteChanges(forgetDetails(state, uuid), [uuid]),
		lastOutcome,
		lastEnded: {plan: run.plan, kind: run.kind, outcome, endedMs: state.nowMs},
		// Where the domain stands afterwards is what the person wants to see in the tree.
		cursors: {...state.cursors, snapshots: {id: undefined, top: 0}},
		scene: {
			kind: 'ended', run, outcome, top: 0, journey,
		},
	};
	return inTurn(ended, readList, next => readDetails(next, uuid, true), next => [next, [{kind: 'read-backed-up'}]]);
}

/** Ctrl-C asks; Ctrl-C again stops. Any other key goes on. */
export function updateRunning(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'running') {
		return [state, []];
	}

	const {run} = scene;
	const withStop = (stop: Run['stop']): State => ({...state, scene: {...scene, run: {...run, stop}}});
	if (command !== 'stop') {
		return [run.stop === 'asking' ? withStop('no') : state, []];
	}

	if (run.kind !== 'execute') {
		return [{...state, notice: 'A recovery cannot be stopped half-way. Killing it is safe: the journal stays.'}, []];
	}

	switch (run.stop) {
		case 'no': {
			return [withStop('asking'), []];
		}

		case 'asking': {
			return [withStop('asked'), [{kind: 'interrupt', signal: 'SIGINT'}]];
		}

		case 'asked': {
			return [state, []];
		}
	}
}

const leavesSnapshots = (scene: State['scene']): boolean => scene.kind === 'ended' && isScreenKind(scene.run.plan.action.kind) && screenOf(scene.run.plan.action.kind).leavesSnapshots === true;

/** Back to the tree, or to what else is unfinished. Whoever came from the doctor is led back there by `update.ts`. */
export function updateEnded(state: State, command: Command | undefined, viewport: Viewport): Update {
	if (command === 'accept' || command === 'back') {
		const {scene} = state;
		const isAsked = scene.kind === 'ended' && (scene.outcome.kind === 'half-way' || scene.run.kind !== 'execute');
		return readUnfinished({...state, scene: {kind: 'browse'}, view: leavesSnapshots(scene) ? state.view : 'snapshots'}, isAsked ? {origin: 'run', uuid: undefined} : undefined);
	}

	return [command === undefined ? state : scroll(state, command, viewport), []];
}

/** The exit code when a person leaves: half-way is told always, the rest only to those who asked for an action on the command line. */
export function exitCodeAtQuit(state: State): number {
	const outcome = state.lastOutcome;
	if (outcome?.kind === 'half-way') {
		return exitCodes.halfWay;
	}

	if (state.startedWith === undefined) {
		return 0;
	}

	const findings = state.diagnosis?.findings.value;
	if (state.startedWith === 'doctor' && outcome === undefined && findings !== undefined) {
		return isHealthy(findings) ? 0 : exitCodes.findings;
	}

	return outcome === undefined ? exitCodes.interrupted : (outcome.kind === 'done' ? 0 : exitCodeOf(outcome.failure));
}
