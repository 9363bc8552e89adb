/**
One action on several domains: each has a plan, a lock, a mark and a journal of its own, so that recovery of each works alone. What is only looked at and made comes first, for all of
them; then all go over together; nothing is removed before all are proven.
*/
import type {Plan} from '../../model/plan/plan.ts';
import type {World} from '../world.ts';
import type {Outcome, RunEvent} from '../ports.ts';
import {underClaim} from '../run/claim.ts';
import {withCommandLog} from '../run/command-log.ts';
import {
	announce, beginWork, checkNotOvertaken, checkUnchanged, conclude, underLock,
} from '../run/execute.ts';
import {putBackAfter} from '../run/put-back.ts';
import {readTaken} from '../run/taken-bytes.ts';
import {checkNothingUnfinished} from '../run/unfinished.ts';
import {
	isGoing, nameOf, runThese, takeBack, verifyMember, type Begun, type Cause, type Member,
} from './member.ts';
import {goOver, momentOf} from './window.ts';

export type GroupOptions = {
	/** With the plan that it is about. */
	onEvent: (event: RunEvent, plan: Plan) => void;
	/** Its reason is the name of the signal. */
	interrupt: AbortSignal;
	/** Whether the other domains stay done or are rolled back. */
	ifOneFails: 'keep' | 'roll-back';
};

export type GroupEnd = Array<{plan: Plan; outcome: Outcome}>;

/** The first that failed by itself. */
function causeAmong(members: readonly Member[]): Member {
	const hasFailed = (outcome: Outcome | undefined) => outcome !== undefined && outcome.kind !== 'done' && outcome.failure.kind !== 'other-failed';
	return members.find(({stopped, outcome}) => stopped !== undefined || hasFailed(outcome)) ?? members[0]!;
}

const notBegun = (because: Member): Outcome => ({
	kind: 'rolled-back', failure: {kind: 'other-failed', domain: nameOf(because), hasBegun: false, rolledBack: true, notUndone: []},
});

/** Acts while all are locked and marked. Where one cannot be, it has an outcome and nothing is done. */
async function whileHeld(members: readonly Member[], act: () => Promise<void>): Promise<void> {
	const [first, ...rest] = members;
	if (first === undefined) {
		return act();
	}

	const {world, plan} = first;
	first.outcome = await underLock(world, plan, {lockTimeoutMs: 0}, async () => {
		const free = await checkNothingUnfinished(world.store, plan.action.domain.uuid, undefined);
		return free.ok
			? underClaim(world, plan, {hasJournal: false}, async markBegun => {
				first.markBegun = markBegun;
				await whileHeld(rest, act);
				return first.outcome ?? notBegun(causeAmong(rest));
			})
			: {kind: 'rolled-back', failure: free.failure};
	});
}

/** Opens every journal. Gives those that are open; one that cannot be has an outcome. */
async function begin(members: readonly Member[], interrupt: AbortSignal): Promise<Begun[]> {
	const begun: Begun[] = [];
	for (const member of members) {
		const {world, plan, onEvent} = member;
		const work = await beginWork(world, plan, {onEvent, interrupt}, member.markBegun!);
		if (!work.ok) {
			member.outcome = {kind: 'rolled-back', failure: work.failure};
			break;
		}

		begun.push(Object.assign(member, {work: work.value}));
	}

	return begun;
}

/** Up to the proof. Whoever failed has `stopped`; where that is to stop the others, nothing more is begun. */
async function advance(members: readonly Begun[], {interrupt, ifOneFails}: GroupOptions): Promise<void> {
	const stopsAll = ifOneFails === 'roll-back';
	const isInterrupted = () => interrupt.aborted;
	const isOver = () => (stopsAll && !members.every(other => isGoing(other))) || members.some(({stopped}) => stopped?.kind === 'interrupted');
	const each = async (act: (member: Begun) => Promise<void>) => {
		for (const member of members) {
			await (isOver() || !isGoing(member) ? undefined : act(member));
		}
	};

	await each(async member => runThese(member, step => (step.phase === 'check' || step.phase === 'create') && step.freezing === undefined, isInterrupted));
	await each(async member => {
		const unchanged = await checkNotOvertaken(member.plan, member.world.host);
		member.stopped = unchanged.ok ? undefined : {kind: 'overtaken', failure: unchanged.failure};
	});
	await (isOver() ? undefined : goOver(members, {isInterrupted, stopsAll}));
	await each(async member => {
		const moment = momentOf(member.plan);
		await runThese(member, step => step.phase === 'switch' && step.freezing === undefined && !moment.has(step));
	});
	await each(async member => verifyMember(member));
}

async function runAll(members: readonly Member[], options: GroupOptions): Promise<void> {
	const begun = await begin(members, options.interrupt);
	await (begun.length === members.length ? advance(begun, options) : undefined);
	const isInterrupted = begun.some(({stopped}) => stopped?.kind === 'interrupted');
	const hasFailed = begun.length < members.length || (options.ifOneFails === 'roll-back' && begun.some(member => !isGoing(member)));
	const cause: Cause = isInterrupted ? {kind: 'interrupted'} : {kind: 'failed', domain: nameOf(causeAmong(members))};
	for (const member of begun) {
		const {world, work, stopped, remarks = []} = member;
		if (stopped !== undefined) {
			member.outcome = await putBackAfter(world, work, stopped);
			continue;
		}

		member.outcome = await (hasFailed || isInterrupted ? takeBack(member, cause) : conclude(world, work, remarks));
	}
}

async function runUnchanged(members: readonly Member[], options: GroupOptions): Promise<void> {
	for (const member of members) {
		const unchanged = await checkUnchanged(member.plan, member.world.host);
		if (!unchanged.ok) {
			member.outcome = {kind: 'rolled-back', failure: unchanged.failure};
			return;
		}
	}

	const ends = await Promise.all(members.map(async ({world, plan, onEvent}) => announce(world, plan, {before: await readTaken(world.host, plan), onEvent})));
	await runAll(members, options);
	for (const [index, member] of members.entries()) {
		member.outcome = await ends[index]!(member.outcome ?? notBegun(causeAmong(members)));
	}
}

/** Executes plans that a person has confirmed, each for another domain. Gives an outcome for each, in the given order; nothing is thrown. */
export async function executeGroup(silent: World, plans: readonly Plan[], options: GroupOptions): Promise<GroupEnd> {
	const members = plans.map((plan): Member => {
		const onEvent = (event: RunEvent) => {
			options.onEvent(event, plan);
		};

		return {plan, onEvent, world: withCommandLog(silent, plan, onEvent)};
	});
	// In one order, whoever begins: two that want the same domains cannot wait for each other.
	const ordered = [...members].sort((one, other) => one.plan.action.domain.uuid < other.plan.action.domain.uuid ? -1 : 1);
	await whileHeld(ordered, async () => runUnchanged(members, options));
	return members.map(member => {
		const outcome = member.outcome ?? notBegun(causeAmong(members));
		member.onEvent({kind: 'finished', outcome});
		return {plan: member.plan, outcome};
	});
}
