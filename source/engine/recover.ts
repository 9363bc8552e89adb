/**
Finishing or putting back what a crash left half-way. The journal holds the whole plan, so nothing else is needed; it is read under the lock, because
until then its run may still be at work.

Until the first removal has happened both ways are open; after it only forward. While nothing was switched yet, forward means: take the new files back
and do all of it anew, because a crash of the host may have left them half written.
*/
import type {Action} from '../model/action.ts';
import type {Failure} from '../model/failure.ts';
import type {Plan, Step} from '../model/plan.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {underClaim} from './claim.ts';
import {audit, close, executePlan, finish, underLock, type ExecuteOptions, type World} from './execute.ts';
import type {Outcome, UnfinishedAction} from './ports.ts';
import {rollBack, stepStates, type StepState} from './roll-back.ts';
import {runSteps, type Work} from './run-steps.ts';
import {describeUnproven, readUnprovenFiles, withUnknownSteps} from './unknown-steps.ts';
import {withStartAdvice} from './start-advice.ts';

export type Direction = 'back' | 'forward';

type Progress = {
	states: Map<string, StepState>;
	hasSwitched: boolean;
	/** Something was begun that nobody can take back: a removal, or a commit into an image. */
	hasRemoved: boolean;
	wasGoingBack: boolean;
};

const lockPatienceMs = 30_000;

const stateOf = (states: ReadonlyMap<string, StepState>, step: Step) => states.get(step.id) ?? 'untouched';

const isFinal = (step: Step) => step.phase === 'remove' || step.undo === null;

function progressOf({plan, records}: UnfinishedAction): Progress {
	const states = stepStates(records);
	const isAnyTouched = (phase: Step['phase']) => plan.steps.some(step => step.phase === phase && stateOf(states, step) !== 'untouched');
	return {
		states,
		hasSwitched: isAnyTouched('switch'),
		hasRemoved: plan.steps.some(step => isFinal(step) && stateOf(states, step) !== 'untouched'),
		wasGoingBack: records.some(record => record.kind === 'rolling-back'),
	};
}

/** A removal that was begun but did not happen counts as untouched. */
async function lookAtRemovals(world: World, plan: Plan, progress: Progress): Promise<Progress> {
	const states = new Map(progress.states);
	for (const step of plan.steps.filter(candidate => candidate.phase === 'remove')) {
		const state = stateOf(states, step);
		const happened = state === 'begun' || state === 'failed' ? await world.owner.observe(step.happened) : undefined;
		if (happened?.ok && !happened.value) {
			states.set(step.id, 'untouched');
		}
	}

	return {...progress, states, hasRemoved: plan.steps.some(step => isFinal(step) && stateOf(states, step) !== 'untouched')};
}

/** The way that fits how far it got: back before the switch or where it was going back already, else forward. */
export function defaultDirection(unfinished: UnfinishedAction): Direction {
	const {hasSwitched, hasRemoved, wasGoingBack} = progressOf(unfinished);
	return (hasSwitched && !wasGoingBack) || hasRemoved ? 'forward' : 'back';
}

/** What has to be true before going back. Someone may have started the domain since: its disks must not be pulled away under it. */
async function checkBack(world: World, plan: Plan, progress: Progress): Promise<Result<void>> {
	if (progress.hasRemoved) {
		return fail({
			kind: 'recovery-refused',
			reason: 'It cannot be put back any more: images have been removed, or merged into others.',
			remedy: 'Finish it: vsnap-tui recover --roll-forward.',
		});
	}

	const start = plan.steps.find(step => step.id === 'start');
	// A plan that moved the running domain merges its overlays back: what was written to them since stays.
	const mergesBack = plan.steps.some(step => step.undo?.some(command => command.onlyIf?.kind === 'head-is'));
	if (!progress.hasSwitched || mergesBack || (start && stateOf(progress.states, start) !== 'untouched')) {
		return succeed(undefined);
	}

	const picture = await world.owner.readPicture(plan.action.domain.uuid, {withForeignPins: false});
	if (!picture.ok) {
		return picture;
	}

	const planned = new Set(plan.images.created);
	const runsOnNew = picture.value.domain.liveDefinition?.disks.some(disk => disk.sourcePath !== undefined && planned.has(disk.sourcePath));
	// Its firmware's variables would be written over while it works with them.
	const putsNvramBack = picture.value.domain.liveDefinition !== undefined && plan.steps.some(step => step.undoWhileOff && stateOf(progress.states, step) !== 'untouched');
	if (putsNvramBack && !runsOnNew) {
		return fail({
			kind: 'recovery-refused',
			reason: 'Somebody has started the domain since, and its firmware\'s variables have to be put back.',
			remedy: 'Shut it down and try again, or finish it: vsnap-tui recover --roll-forward.',
		});
	}

	return runsOnNew
		? fail({
			kind: 'recovery-refused',
			reason: 'Somebody has started the domain on its new disks since: what it wrote would be lost.',
			remedy: 'Shut it down and try again, or finish it: vsnap-tui recover --roll-forward.',
		})
		: succeed(undefined);
}

async function closed(world: World, work: Work, outcome: 'done' | 'rolled-back'): Promise<Outcome> {
	const result = await close(world, work, outcome);
	return result.ok ? {kind: 'done'} : {kind: 'half-way', failure: result.failure};
}

function halfWay(step: Pick<Step, 'id' | 'title'>, cause: Failure, notUndone: string[]): Outcome {
	return {kind: 'half-way', failure: {kind: 'step-failed', step: step.id, title: step.title, cause, rolledBack: false, notUndone}};
}

/** A job that outlived the run that began it would hold the images: it is ended, and its step counts as not done. Where there is none, that is no failure. */
async function endJobs(work: Work, progress: Progress): Promise<void> {
	for (const step of work.plan.steps) {
		const state = stateOf(progress.states, step);
		if (step.cancel !== undefined && (state === 'begun' || state === 'failed')) {
			const happened = await work.owner.observe(step.happened);
			for (const command of happened.ok && !happened.value ? step.cancel : []) {
				await work.owner.run(command);
			}
		}
	}
}

async function goBack(world: World, work: Work, progress: Progress, known: UnfinishedAction): Promise<Outcome> {
	const checked = await checkBack(world, work.plan, progress);
	if (!checked.ok) {
		return {kind: 'half-way', failure: checked.failure};
	}

	const notUndone = await rollBack(work, progress.states);
	const unproven = await readUnprovenFiles(world.owner, known);
	if (notUndone.length === 0 && (!unproven.ok || unproven.value.length > 0)) {
		return {kind: 'half-way', failure: unproven.ok ? describeUnproven(unproven.value) : unproven.failure};
	}

	const [first] = notUndone;
	return first === undefined
		? closed(world, work, 'rolled-back')
		: halfWay({id: '', title: `Putting back: ${first.title}`}, first.failure, notUndone.map(({title}) => title));
}

/** Steps that may have happened are looked at first, so that nothing is done twice that must not be. */
async function missingSteps(work: Work, progress: Progress): Promise<Result<Set<string>>> {
	const missing = new Set<string>();
	for (const step of work.plan.steps) {
		const state = stateOf(progress.states, step);
		if (state === 'done' || step.phase === 'check' || step.phase === 'create') {
			continue;
		}

		const happened = await work.owner.observe(step.happened);
		if (!happened.ok) {
			return happened;
		}

		if (!happened.value) {
			missing.add(step.id);
		} else if (state === 'untouched' && step.mustBeOurs) {
			return fail({
				kind: 'recovery-refused',
				reason: `Somebody has started the domain since, but not from the memory of the snapshot ("${step.title}" was still to come).`,
				remedy: 'Shut it down and try again, or put everything back: vsnap-tui recover --roll-back.',
			});
		}
	}

	return succeed(missing);
}

async function goForward(world: World, work: Work, progress: Progress): Promise<Outcome> {
	const missing = await missingSteps(work, progress);
	if (!missing.ok) {
		return {kind: 'half-way', failure: missing.failure};
	}

	const end = await runSteps(work, {isWanted: step => step.phase !== 'remove' && missing.value.has(step.id), isInterrupted: () => false});
	if (end.kind === 'failed') {
		return halfWay(end.step, end.failure, [end.step.title]);
	}

	// Somebody, or the crash itself, may have started or stopped the domain since.
	const finished = await finish(work, {isWanted: step => missing.value.has(step.id), mayHaveMovedOn: true});
	switch (finished.kind) {
		case 'not-proven': {
			return {kind: 'half-way', failure: {kind: 'not-proven', findings: finished.findings, rolledBack: false}};
		}

		case 'failed': {
			return halfWay(finished.step, finished.failure, [finished.step.title]);
		}

		case 'done': {
			return closed(world, work, 'done');
		}

		default: {
			return finished satisfies never;
		}
	}
}

/** Commands for files run on the host that we are connected to: it must be the one that the plan is for. */
async function checkHost(world: World, plan: Plan): Promise<Result<void>> {
	const host = await world.owner.readHost();
	if (!host.ok) {
		return host;
	}

	return host.value.uri === plan.uri
		? succeed(undefined)
		: fail({
			kind: 'recovery-refused',
			reason: plan.owner === 'qemu'
				? `The action on "${plan.action.domain.name}" is unfinished on a bare QEMU.`
				: `The action on "${plan.action.domain.name}" is unfinished on another host, ${plan.uri}.`,
			remedy: plan.owner === 'qemu' ? 'Recover it by its monitor: vsnap-tui recover --qmp NAME=SOCKET.' : 'Recover it there: vsnap-tui recover --connect URI.',
		});
}

export type RecoverOptions = ExecuteOptions & {
	direction: Direction;
	/** The same wish, planned from the world as it is: what was put back may look older than the plan that was stopped. */
	planAnew: (action: Action) => Promise<Result<Plan>>;
};

/** Recovers one action. `done` means that it is over: in the direction asked for, or because its own run has ended it meanwhile. */
export async function recover(world: World, {plan}: UnfinishedAction, options: RecoverOptions): Promise<Outcome> {
	let startsAnew = false;
	const host = await checkHost(world, plan);
	// A command of the run that died may still be at work: it holds the lock until it has ended.
	const outcome = host.ok
		? await underLock(world, plan, {patienceMs: lockPatienceMs}, async () => underClaim(world, plan, {hasJournal: true}, async () => {
			const unfinished = await world.store.readUnfinishedPlan(plan.id);
			if (!unfinished.ok) {
				return {kind: 'half-way', failure: unfinished.failure};
			}

			if (unfinished.value === undefined) {
				return {kind: 'done'};
			}

			const known = await withUnknownSteps(world.owner, unfinished.value);
			if (!known.ok) {
				return {kind: 'half-way', failure: known.failure};
			}

			const journal = await world.store.reopenJournal(plan.id);
			if (!journal.ok) {
				return {kind: 'half-way', failure: journal.failure};
			}

			const work: Work = {plan, owner: world.owner, journal: journal.value, clock: world.clock, onEvent: options.onEvent, leavesNeededImages: true};
			const progress = await lookAtRemovals(world, plan, progressOf(known.value));
			startsAnew = options.direction === 'forward' && !progress.hasRemoved && (progress.wasGoingBack || !progress.hasSwitched);
			const startedAt = world.clock.now().getTime();
			await endJobs(work, progress);
			const ended = options.direction === 'back' || startsAnew ? await goBack(world, work, progress, known.value) : await goForward(world, work, progress);
			const result = await withStartAdvice(world.owner, plan, ended);
			await audit(world, plan, {
				outcome: result.kind === 'done' ? 'recovered' : 'half-way',
				detail: options.direction === 'back' ? 'put back' : (startsAnew ? 'put back, to be done anew' : 'finished'),
				durationMs: world.clock.now().getTime() - startedAt,
			}, options.onEvent);
			return result;
		}))
		: {kind: 'half-way', failure: host.failure} satisfies Outcome;
	if (startsAnew && outcome.kind === 'done') {
		const fresh = await options.planAnew(plan.action);
		return fresh.ok ? executePlan(world, fresh.value, options) : {kind: 'rolled-back', failure: fresh.failure};
	}

	options.onEvent({kind: 'finished', outcome});
	return outcome;
}
