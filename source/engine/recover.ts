/**
Finishing or putting back what a crash left half-way. The journal holds the whole plan, so nothing else is needed.

Until the first removal has begun both ways are open; after it only forward. While nothing was switched yet, forward means: take the new files back
and do all of it anew, because a crash of the host may have left them half written.
*/
import {isActive} from '../model/domain.ts';
import type {Failure} from '../model/failure.ts';
import type {Plan} from '../model/plan.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {audit, close, executePlan, finish, underLock, type ExecuteOptions, type World} from './execute.ts';
import type {Outcome, UnfinishedAction} from './ports.ts';
import {rollBack, stepStates, type StepState} from './roll-back.ts';
import {runSteps, type Work} from './run-steps.ts';

export type Direction = 'back' | 'forward';

type Progress = {states: Map<string, StepState>; hasSwitched: boolean; hasRemoved: boolean; hasStarted: boolean; wasGoingBack: boolean};

function progressOf({plan, records}: UnfinishedAction): Progress {
	const states = stepStates(records);
	const isTouched = (id: string) => (states.get(id) ?? 'untouched') !== 'untouched';
	return {
		states,
		hasSwitched: plan.steps.some(step => step.phase === 'switch' && isTouched(step.id)),
		hasRemoved: plan.steps.some(step => step.phase === 'remove' && isTouched(step.id)),
		hasStarted: isTouched('start'),
		wasGoingBack: records.some(record => record.kind === 'rolling-back'),
	};
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
			reason: 'It cannot be put back any more: the removal of the old overlays has begun.',
			remedy: 'Finish it: vsnap-tui recover --roll-forward.',
		});
	}

	if (!progress.hasSwitched || progress.hasStarted) {
		return succeed(undefined);
	}

	const picture = await world.owner.readPicture(plan.action.domain.uuid, {withForeignPins: false});
	if (!picture.ok) {
		return picture;
	}

	const planned = new Set(plan.images.created);
	const runsOnNew = isActive(picture.value.domain.state) && picture.value.domain.liveDefinition?.disks.some(disk => disk.sourcePath !== undefined && planned.has(disk.sourcePath));
	return runsOnNew
		? fail({
			kind: 'recovery-refused',
			reason: 'Somebody has started the domain on its new disks since: what it wrote would be lost.',
			remedy: 'Shut it down and try again, or finish it: vsnap-tui recover --roll-forward.',
		})
		: succeed(undefined);
}

async function goBack(world: World, work: Work, progress: Progress): Promise<Outcome> {
	const checked = await checkBack(world, work.plan, progress);
	if (!checked.ok) {
		return {kind: 'half-way', failure: checked.failure};
	}

	const notUndone = await rollBack(work, progress.states);
	if (notUndone.length > 0) {
		return {kind: 'half-way', failure: {kind: 'step-failed', step: '', title: 'Putting everything back', cause: {kind: 'unreadable', what: 'Some steps', reason: 'their undo failed'}, rolledBack: false, notUndone}};
	}

	await close(world, work, 'rolled-back');
	return {kind: 'done'};
}

/** Steps that were begun and may have happened are looked at first, so that nothing is done twice that must not be. */
async function missingSteps(work: Work, progress: Progress): Promise<Set<string>> {
	const missing = new Set<string>();
	for (const step of work.plan.steps) {
		const state = progress.states.get(step.id) ?? 'untouched';
		if (state === 'done' || step.phase === 'check' || step.phase === 'create') {
			continue;
		}

		const happened = await work.owner.observe(step.happened);
		if (!happened.ok || !happened.value) {
			missing.add(step.id);
		}
	}

	return missing;
}

async function goForward(world: World, work: Work, progress: Progress): Promise<Outcome> {
	const missing = await missingSteps(work, progress);
	const explain = (title: string, step: string, cause: Failure): Outcome => ({
		kind: 'half-way',
		failure: {kind: 'step-failed', step, title, cause, rolledBack: false, notUndone: [title]},
	});
	const end = await runSteps(work, {isWanted: step => step.phase !== 'remove' && missing.has(step.id), isInterrupted: () => false});
	if (end.kind === 'failed') {
		return explain(end.step.title, end.step.id, end.failure);
	}

	// A domain that was started may have been stopped since, by a person or by the crash itself.
	const finished = await finish(work, {isWanted: step => missing.has(step.id), mayHaveMovedOn: progress.states.get('start') === 'done'});
	if (finished.kind === 'not-proven') {
		return {kind: 'half-way', failure: {kind: 'not-proven', findings: finished.findings, rolledBack: false}};
	}

	if (finished.kind === 'failed') {
		return explain(finished.step.title, finished.step.id, finished.failure);
	}

	await close(world, work, 'done');
	return {kind: 'done'};
}

/** Recovers one action. `done` means that it is over, in the direction asked for. */
export async function recover(world: World, unfinished: UnfinishedAction, options: ExecuteOptions & {direction: Direction}): Promise<Outcome> {
	const {plan} = unfinished;
	const progress = progressOf(unfinished);
	const startsAnew = options.direction === 'forward' && !progress.hasRemoved && (progress.wasGoingBack || !progress.hasSwitched);
	// A command of the run that died may still be at work: it holds the lock until it has ended.
	const outcome = await underLock(world, plan, {patienceMs: 30_000}, async () => {
		const journal = await world.store.reopenJournal(plan.id);
		if (!journal.ok) {
			return {kind: 'half-way', failure: journal.failure};
		}

		const work: Work = {plan, owner: world.owner, journal: journal.value, clock: world.clock, onEvent: options.onEvent};
		const startedAt = world.clock.now().getTime();
		const result = options.direction === 'back' || startsAnew ? await goBack(world, work, progress) : await goForward(world, work, progress);
		await audit(world, plan, {
			outcome: result.kind === 'done' ? 'recovered' : 'half-way',
			detail: options.direction === 'back' ? 'put back' : (startsAnew ? 'put back, to be done anew' : 'finished'),
			durationMs: world.clock.now().getTime() - startedAt,
		});
		return result;
	});
	if (startsAnew && outcome.kind === 'done') {
		return executePlan(world, plan, options);
	}

	options.onEvent({kind: 'finished', outcome});
	return outcome;
}
