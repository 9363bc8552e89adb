/**
Executing a plan: lock, look whether the host is still as planned, journal, run, prove, remove. Before the switch any failure or interruption puts
everything back; after the proof the rest is finished or left for `recover`.
*/
import {targetOf, type Plan, type Step} from '../../model/plan/plan.ts';
import {describeAction, readsOf} from '../../actions/registry.ts';
import {redactSecrets} from '../../model/plan/redact-secrets.ts';
import {changedParts} from '../../model/plan/fingerprint.ts';
import type {Failure} from '../../model/failure.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {fingerprintOf, imagesOf} from '../../planner/fingerprint.ts';
import type {World} from '../world.ts';
import {findMeanwhile} from '../recover/compare-journal.ts';
import type {
	AuditEntry, FileStamp, Journal, JournalRecord, Outcome, Host, RunEvent,
} from '../ports.ts';
import {underClaim} from './claim.ts';
import {withCommandLog} from './command-log.ts';
import {readTaken, withTaken} from './taken-bytes.ts';
import {prove} from './prove.ts';
import {close, putBackAfter} from './put-back.ts';
import {runSteps, type Work} from './run-steps.ts';
import {checkNothingUnfinished} from './unfinished.ts';
import {withStartAdvice} from './start-advice.ts';

export type ExecuteOptions = {
	onEvent: (event: RunEvent) => void;
	/** Its reason is the name of the signal. */
	interrupt: AbortSignal;
	/** The unfinished action that this plan does anew: its journal goes when that of the plan is there. */
	replaces?: string;
};

/** The same domain, the same images, read again. Fails with `host-changed`, naming the parts. */
export async function checkUnchanged(plan: Plan, host: Host): Promise<Result<void>> {
	const inventory = await host.readInventory(plan.action.domain.uuid, readsOf(plan.action));
	if (!inventory.ok) {
		return inventory;
	}

	const changed = changedParts(targetOf(plan).fingerprint, fingerprintOf(inventory.value, imagesOf(targetOf(plan).fingerprint)));
	return changed.length === 0 ? succeed(undefined) : fail({kind: 'host-changed', changed});
}

/**
The snapshots and the disks of the domain once more, after the new files were made: what somebody else did in that time would be undone by a new definition. What is in
the images is not compared, and not read.
Fails with `host-changed`, as the domain's own reading does.
*/
export async function checkNotOvertaken(plan: Plan, host: Host): Promise<Result<void>> {
	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false, withoutImages: true, withoutSizes: true});
	if (!details.ok) {
		return details;
	}

	const {made, deleted, moved} = findMeanwhile(plan, details.value);
	const changed = [...(made.length + deleted.length > 0 ? ['its snapshots'] : []), ...(moved.length > 0 ? ['its disks'] : [])];
	return changed.length === 0 ? succeed(undefined) : fail({kind: 'host-changed', changed});
}

/** Where the log cannot be written that is told as an event: what was done stays done. */
export async function audit(world: World, plan: Plan, entry: Pick<AuditEntry, 'outcome' | 'isFinished' | 'detail' | 'durationMs'>, onEvent: ExecuteOptions['onEvent']): Promise<void> {
	const logged = await world.store.appendAudit({
		id: plan.id,
		plannedAt: plan.plannedAt,
		request: redactSecrets(plan.action),
		at: world.clock.now().toISOString(),
		user: world.person.user,
		from: world.person.from,
		uri: plan.uri,
		domain: plan.action.domain,
		...(plan.others !== undefined && {others: plan.others}),
		action: describeAction(plan.action),
		...entry,
	});
	if (!logged.ok) {
		onEvent({kind: 'not-logged', failure: logged.failure});
	}
}

const isRemoval = (step: Step) => step.phase === 'remove';

type Verified = {kind: 'proven'; remarks: string[]} | {kind: 'not-proven'; findings: string[]};

/** The proof that the world is as planned. */
export async function verify(work: Work, options: {isWanted: (step: Step) => boolean; mayHaveMovedOn: boolean}): Promise<Verified> {
	work.onEvent({kind: 'proving'});
	const proof = await prove(work.plan, work.host, options);
	return proof.ok && proof.value.findings.length === 0
		? {kind: 'proven', remarks: proof.value.remarks}
		: {kind: 'not-proven', findings: proof.ok ? proof.value.findings : ['The domain cannot be read.']};
}

type Finish = {kind: 'done'; remarks: string[]} | {kind: 'failed'; step: Step; failure: Failure};

/** The removals, which nothing takes back. */
async function removeRest(work: Work, isWanted: (step: Step) => boolean): Promise<Finish> {
	const end = await runSteps(work, {isWanted: step => isRemoval(step) && isWanted(step), isInterrupted: () => false});
	return end.kind === 'failed' ? end : {kind: 'done', remarks: end.kind === 'all-done' ? end.stays : []};
}

/** The proof, and the removals after it. Shared with recovery. */
export async function finish(work: Work, options: {isWanted: (step: Step) => boolean; mayHaveMovedOn: boolean}): Promise<Finish | Extract<Verified, {kind: 'not-proven'}>> {
	const verified = await verify(work, options);
	if (verified.kind === 'not-proven') {
		return verified;
	}

	const end = await removeRest(work, options.isWanted);
	return end.kind === 'failed' ? end : {kind: 'done', remarks: [...verified.remarks, ...end.remarks]};
}

/** Done, with remarks where there are any. */
export function doneWith(remarks: string[]): Outcome {
	return remarks.length === 0 ? {kind: 'done'} : {kind: 'done', remarks};
}

/** A journal that remembers what is noted. */
export function rememberingJournal(journal: Journal, records: JournalRecord[]): Journal {
	return {
		async append(record) {
			records.push(record);
			return journal.append(record);
		},
	};
}

/** Opens the journal, before anything is touched. Where that fails, nothing is left. */
export async function beginWork(world: World, plan: Plan, options: Pick<ExecuteOptions, 'onEvent' | 'interrupt'>, markBegun: () => Promise<Result<void>>): Promise<Result<Work>> {
	const opened = await world.store.openJournal(plan);
	if (!opened.ok) {
		return opened;
	}

	const marked = await markBegun();
	if (!marked.ok) {
		await world.store.removeJournal(plan.id);
		return marked;
	}

	const records: JournalRecord[] = [];
	return succeed({
		plan,
		host: world.host,
		clock: world.clock,
		onEvent: options.onEvent,
		records,
		interrupt: options.interrupt,
		journal: rememberingJournal(opened.value, records),
	});
}

/** After the proof: the rest is finished, or left for `recover`. */
export async function conclude(world: World, work: Work, remarks: readonly string[]): Promise<Outcome> {
	const end = await removeRest(work, () => true);
	if (end.kind === 'failed') {
		const {step, failure: cause} = end;
		return {kind: 'half-way', failure: {kind: 'step-failed', step: step.id, title: step.title, cause, rolledBack: false, notUndone: [step.title]}};
	}

	const closed = await close(world, work, 'done');
	return closed.ok ? doneWith([...remarks, ...end.remarks]) : {kind: 'half-way', failure: closed.failure};
}

async function runPlan(world: World, plan: Plan, options: ExecuteOptions, markBegun: () => Promise<Result<void>>): Promise<Outcome> {
	const begun = await beginWork(world, plan, options, markBegun);
	if (!begun.ok) {
		return {kind: 'rolled-back', failure: begun.failure};
	}

	// What was asked for stands in the new journal now.
	const replaced = options.replaces === undefined ? succeed(undefined) : await world.store.removeJournal(options.replaces);
	if (!replaced.ok) {
		return {kind: 'half-way', failure: replaced.failure};
	}

	const work = begun.value;
	const end = await runSteps(work, {
		isWanted: step => !isRemoval(step),
		isInterrupted: () => options.interrupt.aborted,
		beforeSwitch: async () => checkNotOvertaken(plan, world.host),
	});
	if (end.kind !== 'all-done') {
		return putBackAfter(world, work, end);
	}

	const verified = await verify(work, {isWanted: () => true, mayHaveMovedOn: false});
	return verified.kind === 'proven' ? conclude(world, work, verified.remarks) : putBackAfter(world, work, verified);
}

/** Runs the work while the domain is locked, and writes the audit log. A work that never began leaves no trace. */
export async function underLock(world: World, plan: Plan, options: {lockTimeoutMs: number}, act: () => Promise<Outcome>): Promise<Outcome> {
	const lock = await world.store.lockDomain(plan.action.domain.uuid, describeAction(plan.action), options);
	if (!lock.ok) {
		return {kind: 'rolled-back', failure: lock.failure};
	}

	try {
		return await lock.value.during(act);
	} finally {
		await lock.value.release();
	}
}

/** Tells that it begins, for the audit log tells of it from the first step on. `before`: what its files take. What is given back is told its outcome: it measures, advises and logs. */
export function announce(world: World, plan: Plan, {before, onEvent}: Pick<ExecuteOptions, 'onEvent'> & {before: FileStamp[] | undefined}): (outcome: Outcome) => Promise<Outcome> {
	onEvent({kind: 'started', plan: plan.id, steps: plan.steps.length});
	const startedAt = world.clock.now().getTime();
	return async outcome => {
		const result = await withTaken(world.host, plan, {before, outcome: await withStartAdvice(world.host, plan, outcome)});
		await audit(world, plan, {
			outcome: result.kind,
			detail: result.kind === 'done' ? undefined : result.failure.kind,
			durationMs: world.clock.now().getTime() - startedAt,
		}, onEvent);
		return result;
	};
}

async function runUnchanged(world: World, plan: Plan, options: ExecuteOptions, markBegun: () => Promise<Result<void>>): Promise<Outcome> {
	const [unchanged, before] = await Promise.all([checkUnchanged(plan, world.host), readTaken(world.host, plan)]);
	if (!unchanged.ok) {
		return {kind: 'rolled-back', failure: unchanged.failure};
	}

	const end = announce(world, plan, {...options, before});
	return end(await runPlan(world, plan, options, markBegun));
}

/** Whoever looks whether a domain is locked holds its lock for a moment: a plan that is made beside this one does. */
const glanceMs = 300;

/** Executes a plan that a person has confirmed. Every way out is an Outcome; nothing is thrown. */
export async function executePlan(silent: World, plan: Plan, options: ExecuteOptions): Promise<Outcome> {
	const world = withCommandLog(silent, plan, options.onEvent);
	const outcome = await underLock(world, plan, {lockTimeoutMs: glanceMs}, async () => {
		const free = await checkNothingUnfinished(world.store, plan.action.domain.uuid, options.replaces);
		return free.ok
			? underClaim(world, plan, {hasJournal: false}, async markBegun => runUnchanged(world, plan, options, markBegun))
			: {kind: 'rolled-back', failure: free.failure};
	});
	options.onEvent({kind: 'finished', outcome});
	return outcome;
}
