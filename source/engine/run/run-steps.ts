/**
Running the steps of a plan one by one, each written to the journal before and after. Knows nothing of locks, fingerprints or what comes after.
*/
import {setTimeout} from 'node:timers/promises';
import {listUsers} from '../../model/images/image-users.ts';
import type {Failure} from '../../model/failure.ts';
import type {Command, Instead, Plan, Step} from '../../model/plan/plan.ts';
import type {Progress} from '../../model/plan/progress.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {keepEdits, readDefinitionDigest} from '../recover/definition-edits.ts';
import {readWrittenSince} from '../recover/missing-steps.ts';
import type {
	Clock, Journal, JournalRecord, Host, RunEvent, RunOutput,
} from '../ports.ts';
import {readStampsAfter} from './made-files.ts';

export type Work = {
	plan: Plan;
	host: Host;
	journal: Journal;
	/** Of the whole action; what is noted from here on is added by the journal. */
	records: JournalRecord[];
	clock: Clock;
	onEvent: (event: RunEvent) => void;
	/** Aborted when the person or the system wants it to stop: a step that can be cancelled is. */
	interrupt?: AbortSignal;
	/** Aborted when no more steps are run. */
	ended?: AbortSignal;
};

/** How often a step at work is asked how far it has come. */
const progressMs = 400;

type Entry = JournalRecord extends infer R ? R extends JournalRecord ? Omit<R, 'at'> : never : never;

export async function note(work: Work, entry: Entry): Promise<Result<void>> {
	return work.journal.append({at: work.clock.now().toISOString(), ...entry});
}

/** What the domain is about to leave for good must hold nothing that stands nowhere else. */
async function checkLeaving(work: Work, step: Step): Promise<Result<void>> {
	const paths = new Set([...step.leaves ?? [], ...step.guard === undefined ? [] : [step.guard.path]]);
	const written = await readWrittenSince(work.host, work, path => paths.has(path));
	const [path] = written.ok ? written.value : [];
	return path === undefined
		? (written.ok ? succeed(undefined) : written)
		: fail({kind: 'file-stays', path, reason: 'it was written to after its content was copied'});
}

/** A guard fails the step when its promise does not hold at this moment. */
async function checkGuard(work: Work, step: Step): Promise<Result<void>> {
	const leaving = await checkLeaving(work, step);
	if (!leaving.ok || step.guard === undefined) {
		return leaving;
	}

	const users = await work.host.readImageUsers(step.guard.path);
	if (!users.ok) {
		return users;
	}

	const {path, inode} = step.guard;
	if (users.value.length > 0) {
		return fail({kind: 'busy', what: `The image ${path}`, holder: `it is used by ${listUsers(users.value)}`});
	}

	const now = inode === undefined ? succeed([]) : await work.host.readFileStamps([path]);
	return now.ok
		? (now.value.some(found => found.inode !== inode) ? fail({kind: 'busy', what: `The file ${path}`, holder: 'another file has been put there since this was planned'}) : succeed(undefined))
		: now;
}

/** Tells how far the step has come until it has ended. */
async function followProgress(work: Work, step: Step, progress: Progress, ended: AbortSignal): Promise<void> {
	while (!ended.aborted) {
		// The answer may take a while; the next question is not put off by that.
		const pause = setTimeout(progressMs, undefined, {signal: ended}).catch(() => undefined);
		const copied = await work.host.readProgress(progress);
		if (ended.aborted) {
			return;
		}

		if (copied !== undefined) {
			work.onEvent({kind: 'step-progress', step: step.id, ...copied});
		}

		await pause;
	}
}

/** Runs the command of a step, with its progress; on an interruption it is cancelled if that can be done cleanly. */
async function runCommand(work: Work, step: Step): Promise<Result<RunOutput>> {
	const ended = new AbortController();
	const following = step.progress === undefined ? undefined : followProgress(work, step, step.progress, ended.signal);
	let cancelling: Promise<void> | undefined;
	const cancel = () => {
		cancelling ??= (async () => {
			for (const command of step.cancel ?? []) {
				await work.host.run(command);
			}
		})();
	};

	const {interrupt} = work;
	if (interrupt?.aborted) {
		cancel();
	}

	interrupt?.addEventListener('abort', cancel);
	const kept = await keepEdits(work.host, work, step.command);
	const result = kept.ok ? await work.host.run(kept.value, {timeoutMs: step.timeoutMs, onPivot: async () => note(work, {kind: 'pivoting', step: step.id}), ...(step.mayBeKilled && interrupt && {signal: interrupt})}) : kept;
	interrupt?.removeEventListener('abort', cancel);
	ended.abort();
	await Promise.all([following, cancelling]);
	return result;
}

async function runInstead(work: Work, {commands}: Instead): Promise<Result<Command[]>> {
	const ran: Command[] = [];
	for (const command of commands) {
		const wanted = command.onlyIf === undefined ? succeed(true) : await work.host.observe(command.onlyIf);
		const result = wanted.ok && wanted.value ? await work.host.run(command) : wanted;
		if (!result.ok) {
			return result;
		}

		ran.push(...wanted.ok && wanted.value ? [command] : []);
	}

	return succeed(ran);
}

/** In the words that fit the domain's power, which may also change in the midst. Gives what was run. */
async function runForPower(work: Work, step: Step): Promise<Result<Command[]>> {
	const {instead} = step;
	const isOther = instead === undefined ? succeed(false) : await work.host.observe(instead.onlyIf);
	if (!isOther.ok || isOther.value) {
		return isOther.ok ? runInstead(work, instead!) : isOther;
	}

	const result = await runCommand(work, step);
	if (result.ok) {
		return succeed([step.command]);
	}

	// What can be taken back is; anything else has to be finished.
	const isOtherNow = instead === undefined || step.undo !== null ? succeed(false) : await work.host.observe(instead.onlyIf);
	return isOtherNow.ok && isOtherNow.value ? runInstead(work, instead!) : result;
}

/** With how the files are that the step has made, or left as they were. */
async function noteDone(work: Work, step: Step, ran: readonly Command[] = []): Promise<Result<void>> {
	const stamps = await readStampsAfter(work.host, work.plan, {step, ran});
	const definition = await readDefinitionDigest(work.host, work.plan, step.command);
	return note(work, {kind: 'done', step: step.id, ...(stamps.length > 0 && {stamps}), ...(definition !== undefined && {definition})});
}

/**
One step. Its failure is in the journal when it comes back. Gives why its image stays, where somebody needs it at this moment: the rest can be finished all
the same.
*/
async function runStep(work: Work, step: Step, index: number): Promise<Result<string | undefined>> {
	const {plan, onEvent, clock} = work;
	const of = plan.steps.length;
	onEvent({kind: 'step-started', step: step.id, title: step.title, index, of});
	const begun = await note(work, {kind: 'begin', step: step.id});
	if (!begun.ok) {
		return begun;
	}

	if (step.measured !== undefined && work.ended !== undefined) {
		work.host.measureAhead?.(step.measured, work.ended);
	}

	const startedAt = clock.now().getTime();
	const guarded = await checkGuard(work, step);
	if (!guarded.ok && guarded.failure.kind === 'busy') {
		const reason = `${guarded.failure.what} stays: ${guarded.failure.holder ?? 'it is used'}.`;
		onEvent({kind: 'step-left-out', step: step.id, reason});
		const noted = await note(work, {kind: 'done', step: step.id});
		return noted.ok ? succeed(reason) : noted;
	}

	const isWanted = guarded.ok && step.command.onlyIf !== undefined ? await work.host.observe(step.command.onlyIf) : succeed(true);
	if (isWanted.ok && !isWanted.value) {
		onEvent({kind: 'step-left-out', step: step.id, reason: step.skippedNote ?? 'It is no longer needed.'});
		const noted = await noteDone(work, step);
		return noted.ok ? succeed(undefined) : noted;
	}

	const wanted = guarded.ok ? isWanted : guarded;
	const result = wanted.ok ? await runForPower(work, step) : wanted;
	if (!result.ok) {
		onEvent({kind: 'step-failed', step: step.id, failure: result.failure});
		await note(work, {kind: 'failed', step: step.id, failure: result.failure});
		return result;
	}

	const done = await noteDone(work, step, result.value);
	if (!done.ok) {
		return done;
	}

	onEvent({kind: 'step-done', step: step.id, index, of, durationMs: clock.now().getTime() - startedAt});
	return succeed(undefined);
}

export type StepsEnd = {kind: 'all-done'; stays: string[]} | {kind: 'failed'; step: Step; failure: Failure} | {kind: 'interrupted'} | {kind: 'overtaken'; failure: Failure};

type RunOptions = {
	isWanted: (step: Step) => boolean;
	isInterrupted: () => boolean;
	/** Asked once, before the first step of the phase `switch`; where it fails, the run ends as `overtaken`. */
	beforeSwitch?: () => Promise<Result<void>>;
};

/**
Runs the steps for which `isWanted` holds, in the order of the plan. An interruption counts only before the first step of the phase `switch`:
from there on, going forward is the shortest way to a clean state. `stays`: images that were not removed, and why.
*/
export async function runSteps(work: Work, options: RunOptions): Promise<StepsEnd> {
	const ended = new AbortController();
	try {
		return await runEach({...work, ended: ended.signal}, options);
	} finally {
		ended.abort();
	}
}

async function runEach(work: Work, options: RunOptions): Promise<StepsEnd> {
	const stays: string[] = [];
	for (const [index, step] of work.plan.steps.entries()) {
		if (!options.isWanted(step)) {
			continue;
		}

		const isBeforeSwitch = step.phase === 'check' || step.phase === 'create' || isFirstOfSwitch(work.plan, step);
		if (isBeforeSwitch && options.isInterrupted()) {
			return {kind: 'interrupted'};
		}

		const unchanged = isFirstOfSwitch(work.plan, step) && options.beforeSwitch !== undefined ? await options.beforeSwitch() : succeed(undefined);
		if (!unchanged.ok) {
			return {kind: 'overtaken', failure: unchanged.failure};
		}

		const result = await runStep(work, step, index);
		if (!result.ok) {
			// What failed because it was cancelled did as it was told.
			return (step.cancel !== undefined || step.mayBeKilled) && options.isInterrupted() ? {kind: 'interrupted'} : {kind: 'failed', step, failure: result.failure};
		}

		if (result.value !== undefined) {
			stays.push(result.value);
		}
	}

	return {kind: 'all-done', stays};
}

function isFirstOfSwitch(plan: Plan, step: Step): boolean {
	return plan.steps.find(candidate => candidate.phase === 'switch') === step;
}
