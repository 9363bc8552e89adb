/**
One domain of an action on several: its plan, how far it has come, and its way back.
*/
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Step, Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {readWays} from '../recover/ways.ts';
import type {World} from '../world.ts';
import type {Outcome, RunEvent} from '../ports.ts';
import {conclude, verify} from '../run/execute.ts';
import {progressOf, stateOf} from '../run/progress.ts';
import {putBack, putBackAfter, type Stopped} from '../run/put-back.ts';
import {runSteps, type Work} from '../run/run-steps.ts';

export type Member = {
	plan: Plan;
	/** Its host keeps what it runs. */
	world: World;
	onEvent: (event: RunEvent) => void;
	markBegun?: () => Promise<Result<void>>;
	/** Once its journal is open. */
	work?: Work;
	/** Why it does not go on; undefined: it does. */
	stopped?: Stopped;
	/** What the proof remarks. */
	remarks?: string[];
	/** Undefined: its end is still to come. */
	outcome?: Outcome;
};

/** A member whose journal is open. */
export type Begun = Member & {work: Work};

export const nameOf = ({plan}: Pick<Member, 'plan'>): string => plan.action.domain.name;

export const isGoing = ({stopped}: Member): boolean => stopped === undefined;

/** Runs these steps of a member; where one fails, it does not go on. */
export async function runThese(member: Begun, isWanted: (step: Step) => boolean, isInterrupted: () => boolean = () => false): Promise<void> {
	const end = await runSteps(member.work, {isWanted, isInterrupted});
	// What failed because it was cancelled did as it was told.
	const isCancelled = end.kind === 'failed' && (end.step.cancel !== undefined || end.step.mayBeKilled === true) && member.work.interrupt?.aborted === true;
	member.stopped = end.kind === 'all-done' ? undefined : (isCancelled ? {kind: 'interrupted'} : end);
}

/** The proof: a member that is not as planned does not go on. */
export async function verifyMember(member: Begun): Promise<void> {
	const verified = await verify(member.work, {isWanted: () => true, mayHaveMovedOn: false});
	if (verified.kind === 'proven') {
		member.remarks = verified.remarks;
	} else {
		member.stopped = verified;
	}
}

/** Why a member that went well cannot be put back exactly, as a clause; undefined: it can. */
async function whyKept({work}: Begun): Promise<string | undefined> {
	const {hasSwitched, hasRemoved} = progressOf(work);
	if (hasRemoved) {
		return 'a step of it cannot be undone';
	}

	const ways = hasSwitched ? await readWays(work.host, work) : undefined;
	return ways === undefined || ways.ok ? ways?.value.back?.reason : describeFailure(ways.failure).message;
}

/** What is left of the switch, the proof and the removals. */
async function finishMember(member: Begun, why: string): Promise<Outcome> {
	const {states} = progressOf(member.work);
	await runThese(member, step => step.phase !== 'remove' && step.freezing === undefined && stateOf(states, step) !== 'done');
	if (isGoing(member)) {
		await verifyMember(member);
	}

	return member.stopped === undefined ? conclude(member.world, member.work, [why, ...member.remarks ?? []]) : putBackAfter(member.world, member.work, member.stopped);
}

/** Why all are to be put back. */
export type Cause = {kind: 'failed'; domain: string} | {kind: 'interrupted'};

/** Ends a member that went well: it is put back, or kept where that is not exactly possible. */
export async function takeBack(member: Begun, cause: Cause): Promise<Outcome> {
	const why = await whyKept(member);
	if (why !== undefined) {
		const what = cause.kind === 'failed' ? `"${cause.domain}" failed` : 'the action was interrupted';
		return finishMember(member, `It was to be rolled back because ${what}, but is kept: ${why.replace(/\.$/u, '')}.`);
	}

	return cause.kind === 'interrupted'
		? putBackAfter(member.world, member.work, cause)
		: putBack(member.world, member.work, ({rolledBack, notUndone, aftermath}) => ({
			kind: 'other-failed', domain: cause.domain, hasBegun: member.work.records.some(record => record.kind === 'begin'), rolledBack, notUndone, ...(aftermath.length > 0 && {aftermath}),
		}));
}
