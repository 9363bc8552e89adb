/**
A plan at work: its events, the question whether to stop, and its end.
*/
import {byKind} from '../../model/by-kind.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {exitCodeOf, exitCodes} from '../../model/text/exit-codes.ts';
import {isHealthy} from '../../model/domain/finding.ts';
import type {Outcome, RunEvent, UnfinishedAction} from '../../engine/ports.ts';
import {
	isScreenKind, screenOf, titleOfAction, undoOf,
} from '../../actions/registry.ts';
import {atWorkReason, readOnlyReason} from '../browse/menu.ts';
import type {Effect} from '../effects-data.ts';
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
import {forgetUndo} from './read-undo.ts';
import {showLog} from './update-log.ts';
import {
	isAnyHalfWay, isAtWork, runOn, showJob, whyRolledBack,
} from './jobs.ts';

/** How many results are kept to be looked at. */
const endedKept = 20;

/** What an earlier run has done of its steps, by its journal. That something was taken back is said of steps that had done something. */
function stepsSoFar(plan: Plan, records: UnfinishedAction['records']): Run['steps'] {
	const steps: Run['steps'] = {};
	for (const record of records) {
		if (record.kind === 'done') {
			steps[record.step] = 'done';
		} else if (record.kind === 'undone' && steps[record.step] === 'done' && plan.steps.some(({id, phase}) => id === record.step && phase !== 'check')) {
			steps[record.step] = 'undone';
		}
	}

	return steps;
}

/** `records`: what the journal of an earlier run says, where that is recovered. */
export function startRun(state: State, {plan, kind, journey, records = []}: {plan: Plan; kind: Run['kind']; journey?: Journey; records?: UnfinishedAction['records']}): Update {
	const {domain} = plan.action;
	const other = runOn(state, domain.uuid);
	if (state.isReadOnly || other !== undefined) {
		const reason = other === undefined ? readOnlyReason : atWorkReason(other);
		return [{...state, scene: {kind: 'browse'}, notice: `Not started: ${reason}.`}, []];
	}

	return begun(state, [newRun(state, {plan, kind, journey, records})], [kind === 'execute' ? {kind: 'execute', plan} : {kind: 'recover', planId: plan.id, direction: kind}]);
}

export function newRun(state: State, {plan, kind, journey, records = []}: {plan: Plan; kind: Run['kind']; journey?: Journey; records?: UnfinishedAction['records']}): Run {
	const details = state.allDetails[plan.action.domain.uuid]?.value;
	return {
		plan,
		kind,
		journey,
		undo: details === undefined ? undefined : undoOf(plan.action, details),
		startedMs: state.nowMs,
		steps: stepsSoFar(plan, records),
		current: undefined,
		copied: undefined,
		copying: undefined,
		sinceMs: state.nowMs,
		activity: 'looking',
		stop: 'no',
		commands: [],
		notLogged: undefined,
	};
}

/** The page of the first comes. */
export function begun(state: State, runs: readonly Run[], effects: Effect[]): Update {
	const ids = runs.map(({plan}) => plan.id);
	return [
		{
			...state,
			notice: undefined,
			runs: {...state.runs, ...Object.fromEntries(runs.map((run): [string, Run] => [run.plan.id, run]))},
			left: state.left.filter(action => !ids.includes(action.plan.id)),
			scene: {kind: 'running', planId: ids[0]!},
		},
		effects,
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
	'step-not-done': (event, run) => ({...run, steps: withStep(run, event.step, 'waiting')}),
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

const withRun = (state: State, run: Run): State => ({...state, runs: {...state.runs, [run.plan.id]: run}});

export function takeRunEvent(state: State, planId: string, event: RunEvent): State {
	const run = state.runs[planId];
	return run === undefined ? state : withRun(state, followRun(event, run, state.nowMs));
}

/** The world is read again. What nobody waits for in front of its page leaves the screen as it is; what it left half-way is told above the lists. */
function readAfter(state: State, {run, isInSight}: {run: Run; isInSight: boolean}): Update {
	const {uuid} = run.plan.action.domain;
	const isSelected = uuid === state.domainCursor.id;
	return inTurn(
		// Where the domain stands afterwards is what the person wants to see in the tree.
		isSelected ? {...state, cursors: {...state.cursors, snapshots: {id: undefined, top: 0}}} : state,
		readList,
		next => readDetails(next, uuid, true),
		next => [next, [{kind: 'read-backed-up'}]],
		forgetUndo,
		next => isInSight ? [next, []] : readUnfinished(next),
	);
}

/** With the last run the program ends too, where that was wanted. */
function leaveIfDone(state: State): Update | undefined {
	const {quitWhenDone} = state;
	if (quitWhenDone === undefined || isAtWork(state)) {
		return undefined;
	}

	const {signal, exitCode} = quitWhenDone;
	return [{...state, scene: {kind: 'leaving'}}, [{kind: 'quit', exitCode: isAnyHalfWay(state) ? exitCodes.halfWay : exitCode ?? exitCodeAtQuit(state), signal}]];
}

function tellEnd({tells: {bell, notify}, isLinear}: State, run: Run, outcome: Outcome): Effect[] {
	const how = outcome.kind === 'done' ? 'done' : (outcome.kind === 'half-way' ? 'interrupted half-way' : `${whyRolledBack(outcome)} and rolled back`);
	return !isLinear && (bell || notify) ? [{kind: 'tell-end', text: `${titleOfAction(run.plan.action)}: ${how}`, bell, notify}] : [];
}

/** A run is over. A host that changed since the plan was made leads to a new plan, with what changed, where its page is in sight. */
export function endRun(state: State, planId: string, outcome: Outcome): Update {
	const {[planId]: found, ...runs} = state.runs;
	if (found === undefined) {
		return [state, []];
	}

	const {scene} = state;
	const isInSight = scene.kind === 'running' && scene.planId === planId;
	const run = outcome.kind === 'done' && found.kind === 'forward' ? withFoundDone(found) : found;
	const {uuid} = run.plan.action.domain;
	const lastOutcome = run.kind === 'execute' || outcome.kind !== 'done' ? outcome : undefined;
	if (isInSight && state.quitWhenDone === undefined && outcome.kind === 'rolled-back' && outcome.failure.kind === 'host-changed' && run.journey !== undefined) {
		const {changed} = outcome.failure;
		const {journey} = run;
		return inTurn({...state, runs, lastOutcome}, next => readDetails(next, journey.request.uuid, true), next => planAnew(next, journey, changed));
	}

	const isStaying = isInSight && state.quitWhenDone !== undefined && Object.keys(runs).length > 0;
	const ended: State = {
		...noteChanges(forgetDetails({...state, runs}, uuid), [uuid]),
		lastOutcome,
		ended: [...state.ended, {run, outcome, endedMs: state.nowMs, isSeen: isInSight || outcome.kind === 'done'}].slice(-endedKept),
		scene: isInSight ? (isStaying ? {kind: 'running', planId: Object.keys(runs)[0]!} : {kind: 'ended', run, outcome, top: 0}) : scene,
	};
	const [next, effects] = leaveIfDone(ended) ?? readAfter(ended, {run, isInSight});
	return [next, [...effects, ...tellEnd(state, run, outcome)]];
}

/** Escape browses, and it runs on. */
function leavePage(state: State): Update {
	const browsing: State = {...state, scene: {kind: 'browse'}};
	return state.isStale ? readList({...browsing, isStale: false}) : [browsing, []];
}

/** Ctrl-C asks; Ctrl-C again stops. Any other key goes on. */
export function updateRunning(state: State, command: Command | undefined): Update {
	const run = state.scene.kind === 'running' ? state.runs[state.scene.planId] : undefined;
	if (run === undefined) {
		return [state, []];
	}

	const withStop = (stop: Run['stop']): State => withRun(state, {...run, stop});
	if (command !== 'stop') {
		if (run.stop === 'asking') {
			return [withStop('no'), []];
		}

		if (command === 'log') {
			return showLog(state);
		}

		return command === 'back' && !state.isLinear ? leavePage(state) : [command === 'jobs' ? showJob(state) : state, []];
	}

	if (run.kind !== 'execute') {
		return [{...state, notice: 'A recovery cannot be stopped half-way. Killing it is safe: the journal stays.'}, []];
	}

	switch (run.stop) {
		case 'no': {
			return [withStop('asking'), []];
		}

		case 'asking': {
			return [withStop('asked'), [{kind: 'interrupt', planId: run.plan.id, signal: 'SIGINT'}]];
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

	if (command === 'log') {
		return showLog(state);
	}

	return [command === undefined ? state : (command === 'jobs' ? showJob(state) : scroll(state, command, viewport)), []];
}

/** The exit code when a person leaves: half-way is told always, the rest only to those who asked for an action on the command line. */
export function exitCodeAtQuit(state: State): number {
	const outcome = state.lastOutcome;
	if (outcome?.kind === 'half-way' || isAnyHalfWay(state)) {
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
