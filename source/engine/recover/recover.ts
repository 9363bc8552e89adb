/**
Finishing or putting back what a crash left half-way. The journal holds the whole plan, so nothing else is needed; it is read under the lock, because
until then its run may still be at work.

Until the first removal has happened both ways are open; after it only forward. While nothing was switched yet, forward means: take the new files back
and do all of it anew, because a crash of the host may have left them half written.
*/
import {type Plan, type Step} from '../../model/plan/plan.ts';
import type {Action} from '../../model/plan/request.ts';
import {actionAgain, describeAction} from '../../actions/registry.ts';
import type {Failure} from '../../model/failure.ts';
import {
	fail, succeed, unreachable, type Result,
} from '../../model/result.ts';
import {whereElse} from '../../planner/hypervisor/choose.ts';
import {underClaim} from '../run/claim.ts';
import {withCommandLog} from '../run/command-log.ts';
import {audit, doneWith, executePlan, finish, rememberingJournal, underLock, type ExecuteOptions} from '../run/execute.ts';
import {close} from '../run/put-back.ts';
import type {World} from '../world.ts';
import {findGrown} from '../run/left-grown.ts';
import type {Outcome, UnfinishedAction} from '../ports.ts';
import {
	lookAtRemovals, progressOf, type Direction, type Progress,
} from '../run/progress.ts';
import {runSteps, type Work} from '../run/run-steps.ts';
import {withStartAdvice} from '../run/start-advice.ts';
import {readTaken, withTaken} from '../run/taken-bytes.ts';
import {describeLeft, endJobs, rollBack} from './roll-back.ts';
import {readMissingSteps} from './missing-steps.ts';
import {giveUp} from './give-up.ts';
import {describeUnproven, readUnprovenFiles, withUnknownSteps} from './unknown-steps.ts';
import {readWays, startsAnew} from './ways.ts';

const lockPatienceMs = 30_000;

async function closed(world: World, work: Work, outcome: 'done' | 'rolled-back', remarks: string[]): Promise<Outcome> {
	const result = await close(world, work, outcome);
	return result.ok ? doneWith(remarks) : {kind: 'half-way', failure: result.failure};
}

function halfWay(step: Pick<Step, 'id' | 'title'>, cause: Failure, notUndone: string[]): Outcome {
	return {kind: 'half-way', failure: {kind: 'step-failed', step: step.id, title: step.title, cause, rolledBack: false, notUndone}};
}

/** `keepsRequest`: the journal stays, because what was asked for is still to be done. */
async function goBack(world: World, work: Work, {keepsRequest, known}: {keepsRequest: boolean; known: UnfinishedAction}): Promise<Outcome> {
	const {domain} = work.plan.action;
	const {states} = progressOf(work);
	const back = await rollBack(work);
	switch (back.kind) {
		case 'put-back': {
			const unproven = await readUnprovenFiles(world.host, known);
			if (!unproven.ok || unproven.value.length > 0) {
				return {kind: 'half-way', failure: unproven.ok ? describeUnproven(unproven.value) : unproven.failure};
			}

			const remarks = [...back.remarks, ...await findGrown(work, states)];
			const end = keepsRequest ? doneWith(remarks) : await closed(world, work, 'rolled-back', remarks);
			return back.startFailure === undefined || end.kind !== 'done'
				? end
				: {kind: 'rolled-back', failure: {kind: 'put-back-but-off', domain: domain.name, cause: back.startFailure}};
		}

		case 'not-undone': {
			const [first] = back.left;
			return halfWay({id: '', title: `Rolling back: ${first!.title}`}, first!.failure, describeLeft(back.left));
		}

		case 'not-proven': {
			return {kind: 'half-way', failure: {kind: 'not-as-before', findings: back.findings, domain: domain.name}};
		}

		default: {
			return unreachable(back);
		}
	}
}

async function goForward(world: World, work: Work, progress: Progress): Promise<Outcome> {
	const missing = await readMissingSteps(work.host, work, progress);
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
			return closed(world, work, 'done', finished.remarks);
		}

		default: {
			return finished satisfies never;
		}
	}
}

/** Commands for files run on the host that we are connected to: it must be the one that the plan is for. */
async function checkHost(world: World, plan: Plan): Promise<Result<void>> {
	const host = await world.host.readHost();
	if (!host.ok) {
		return host;
	}

	const {place, remedy} = whereElse(plan);
	return host.value.uri === plan.uri
		? succeed(undefined)
		: fail({
			kind: 'recovery-refused',
			reason: `The action on "${plan.action.domain.name}" is unfinished on ${place}.`,
			remedy,
		});
}

type RecoverOptions = ExecuteOptions & {
	direction: Direction;
	/** The same request, planned from the world as it is: what was put back may look older than the plan that was stopped. */
	planAnew: (action: Action, replaces: string) => Promise<Result<Plan>>;
};

/** What is done under the lock. `anew`: what was made is put back, and the same is to be planned again. */
type Recovered = {outcome: Outcome; anew: boolean; detail: string};

async function goTheWay(world: World, work: Work, {direction, known}: {direction: 'back' | 'forward'; known: UnfinishedAction}): Promise<Recovered> {
	const {plan, host, records} = work;
	const progress = await lookAtRemovals(host, plan, progressOf({plan, records}));
	const anew = direction === 'forward' && startsAnew(progress);
	const detail = direction === 'back' ? 'rolled back' : (anew ? 'rolled back, to be done again' : 'finished');
	const ways = await readWays(host, {plan, records});
	const obstacle = ways.ok ? ways.value[direction] : undefined;
	if (!ways.ok || obstacle !== undefined) {
		return {outcome: {kind: 'half-way', failure: ways.ok ? {kind: 'recovery-refused', ...obstacle!} : ways.failure}, anew: false, detail};
	}

	const before = await readTaken(host, plan);
	await endJobs(work, progress.states);
	const ended = direction === 'back' || anew ? await goBack(world, work, {keepsRequest: anew, known}) : await goForward(world, work, progress);
	return {outcome: await withTaken(host, plan, {before, outcome: await withStartAdvice(host, plan, ended)}), anew, detail};
}

async function recoverLocked(silent: World, {plan}: UnfinishedAction, options: RecoverOptions): Promise<Recovered> {
	const world = withCommandLog(silent, {id: plan.id, steps: []}, options.onEvent);
	const stopped = (outcome: Outcome): Recovered => ({outcome, anew: false, detail: ''});
	const unfinished = await world.store.readUnfinishedPlan(plan.id);
	if (!unfinished.ok) {
		return stopped({kind: 'half-way', failure: unfinished.failure});
	}

	if (unfinished.value === undefined) {
		return stopped({kind: 'done'});
	}

	const startedAt = world.clock.now().getTime();
	const durationMs = () => world.clock.now().getTime() - startedAt;
	if (options.direction === 'give-up') {
		const outcome = await giveUp(world, unfinished.value);
		await audit(world, plan, {outcome: outcome.kind === 'done' ? 'given-up' : 'half-way', detail: undefined, durationMs: durationMs()}, options.onEvent);
		return stopped(outcome);
	}

	const known = await withUnknownSteps(world.host, unfinished.value);
	if (!known.ok) {
		return stopped({kind: 'half-way', failure: known.failure});
	}

	const journal = await world.store.reopenJournal(plan.id);
	if (!journal.ok) {
		return stopped({kind: 'half-way', failure: journal.failure});
	}

	const records = [...known.value.records];
	const work: Work = {
		plan, records, host: world.host, journal: rememberingJournal(journal.value, records), clock: world.clock, onEvent: options.onEvent,
	};
	const recovered = await goTheWay(world, work, {direction: options.direction, known: known.value});
	await audit(world, plan, {outcome: recovered.outcome.kind === 'half-way' ? 'half-way' : 'recovered', isFinished: options.direction === 'forward' && !recovered.anew, detail: recovered.detail, durationMs: durationMs()}, options.onEvent);
	return recovered;
}

/** What the files take more or less than when the recovery began: what was put back, and then what was done anew. */
const together = (first: Outcome, second: Outcome): Outcome => second.kind === 'done' && second.takenBytes !== undefined && first.kind === 'done' && first.takenBytes !== undefined
	? {...second, takenBytes: first.takenBytes + second.takenBytes}
	: second;

/** Plans the same again and runs it. The old journal stays until that of the new plan is there: what was asked for is never forgotten. */
async function doAnew(world: World, {plan}: UnfinishedAction, options: RecoverOptions): Promise<Outcome> {
	const {action} = plan;
	const fresh = await options.planAnew(actionAgain(plan), plan.id);
	// That it has finished is told once, by the recovery.
	const onEvent: RecoverOptions['onEvent'] = event => {
		if (event.kind !== 'finished') {
			options.onEvent(event);
		}
	};

	const outcome = fresh.ok ? await executePlan(world, fresh.value, {...options, onEvent, replaces: plan.id}) : undefined;
	const failure = fresh.ok ? (outcome!.kind === 'done' ? undefined : outcome!.failure) : fresh.failure;
	const old = failure === undefined ? succeed(undefined) : await world.store.readUnfinishedPlan(plan.id);
	return failure === undefined || (outcome !== undefined && old.ok && old.value === undefined)
		? outcome!
		: {kind: 'half-way', failure: {kind: 'request-kept', request: describeAction(action), domain: action.domain.name, cause: failure}};
}

/** Recovers one action. `done` means that it is over: in the direction asked for, or because its own run has ended it meanwhile. */
export async function recover(world: World, action: UnfinishedAction, options: RecoverOptions): Promise<Outcome> {
	const {plan} = action;
	// Giving up touches nothing of the host, so it needs none; where it is this one, its mark on the domain goes.
	const isGivenUp = options.direction === 'give-up';
	const host = await checkHost(world, plan);
	let anew = false;
	// A command of the run that died may still be at work: it holds the lock until it has ended.
	let outcome: Outcome = host.ok || isGivenUp
		? await underLock(world, plan, {lockTimeoutMs: lockPatienceMs}, async () => {
			const work = async () => {
				const recovered = await recoverLocked(world, action, options);
				anew = recovered.anew && recovered.outcome.kind !== 'half-way';
				return recovered.outcome;
			};

			return host.ok ? underClaim(world, plan, {hasJournal: true}, work) : work();
		})
		: {kind: 'half-way', failure: host.failure};
	if (anew) {
		outcome = together(outcome, await doAnew(world, action, options));
	}

	options.onEvent({kind: 'finished', outcome});
	return outcome;
}
