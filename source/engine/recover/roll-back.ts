/**
Putting things back: the undo of every step that was begun, last first, then the proof that all is as it was. Where an undo of the switch fails, nothing before
it is undone: the new files may then be what the domain runs on. A file is removed only where it is proven that nobody needs it and nobody has written to it.
*/
import {targetOf, type Command, type Step} from '../../model/plan/plan.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Failure} from '../../model/failure.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {kindFactsOf} from '../../planner/hypervisor/capabilities.ts';
import {
	madeFiles, proveRemoval, readTouched, removedPath,
} from '../run/made-files.ts';
import {isStop, powerRemarksBack} from '../run/power.ts';
import {
	lookAtRemovals, progressOf, stateOf, type StepState,
} from '../run/progress.ts';
import {note, type Work} from '../run/run-steps.ts';
import {compareWithBefore} from './prove-back.ts';
import {keepEdits, readKeptEdits} from './definition-edits.ts';
import {readWays} from './ways.ts';

/** Whether the command was run: it is left out where the world is as wanted already. `resumed`: it brought the guest back from its memory. */
type Undone = 'ran' | 'resumed' | 'left-out';

function isResuming({onlyIf}: Command): boolean {
	return onlyIf?.kind === 'all' && onlyIf.of.some(({kind}) => kind === 'memory-fits');
}

async function runUndo(work: Work, command: Command): Promise<Result<Undone>> {
	const path = removedPath(command);
	// Whether a file is there and unused is part of its proof, which names what keeps it.
	const isProven = path !== undefined && (command.onlyIf?.kind === 'file-exists' || command.onlyIf?.kind === 'image-unused');
	const wanted = command.onlyIf === undefined || isProven ? succeed(true) : await work.host.observe(command.onlyIf);
	if (wanted.ok && wanted.value && command.tool === 'qemu-img' && command.merges !== undefined) {
		// Nothing was written to it, so there is nothing to merge.
		const isNew = madeFiles(work.plan, work.records).get(command.merges)?.kind === 'stamped';
		const touched = await readTouched(work.host, madeFiles(work.plan, work.records), [command.merges]);
		if (!touched.ok || (isNew && touched.value.length === 0)) {
			return touched.ok ? succeed('left-out') : touched;
		}
	}

	// A second name can go whoever needs the file.
	const holds = path === undefined || !wanted.ok || !wanted.value || command.onlyIf?.kind === 'also-named'
		? wanted
		: await proveRemoval({host: work.host, uuid: work.plan.action.domain.uuid, made: madeFiles(work.plan, work.records), hasSwitched: progressOf(work).everSwitched}, path);
	if (!holds.ok) {
		return holds;
	}

	if (!holds.value) {
		return succeed('left-out');
	}

	const kept = await keepEdits(work.host, work, command);
	const result = kept.ok ? await work.host.run(kept.value) : kept;
	if (result.ok && command.merges !== undefined) {
		const stamps = await work.host.readFileStamps([command.merges]);
		await note(work, {kind: 'merged', stamps: stamps.ok ? stamps.value : []});
	}

	if (result.ok) {
		return succeed(isResuming(command) ? 'resumed' : 'ran');
	}

	return await isNoLongerWanted(work, command) ? succeed('left-out') : result;
}

/** A job that is to be cancelled may end by itself in that very moment. */
async function isNoLongerWanted({host}: Work, {onlyIf}: Command): Promise<boolean> {
	const wanted = onlyIf === undefined ? undefined : await host.observe(onlyIf);
	return wanted?.ok === true && !wanted.value;
}

async function undoStep(work: Work, step: Step, state: StepState): Promise<Result<Undone>> {
	if (state === 'failed' && step.failureChangesNothing) {
		return succeed('left-out');
	}

	if (state === 'begun' && step.undoWhen !== undefined) {
		const holds = await work.host.observe(step.undoWhen);
		if (!holds.ok || !holds.value) {
			return holds.ok ? succeed('left-out') : holds;
		}
	}

	const isPossible = state === 'done' && step.undoNeeds !== undefined ? await work.host.observe(step.undoNeeds.probe) : succeed(true);
	if (!isPossible.ok || !isPossible.value) {
		return isPossible.ok
			? fail({kind: 'recovery-refused', reason: step.undoNeeds!.lost, remedy: 'Finish it (vsnap-tui recover --roll-forward), or leave it (--give-up).'})
			: isPossible;
	}

	let undone = 'left-out' as Undone;
	for (const command of step.undo ?? []) {
		const result = await runUndo(work, command);
		if (!result.ok) {
			return result;
		}

		undone = result.value === 'left-out' || undone === 'resumed' ? undone : result.value;
	}

	return succeed(undone);
}

type NotUndone = {title: string; failure: Failure};

export type WayBack =
	/** `remarks`: what a person should know all the same. `startFailure`: why the domain, which was on, could not be started again. */
	| {kind: 'put-back'; remarks: string[]; startFailure: Failure | undefined}
	/** Steps that could not be undone, and why. */
	| {kind: 'not-undone'; left: NotUndone[]}
	/** Everything was undone, and the world is not as before. */
	| {kind: 'not-proven'; findings: string[]; left: Failure | undefined};

type Undoing = {notUndone: NotUndone[]; wasStarted: boolean; isResumed: boolean; startFailure: Failure | undefined};

async function undoAll(work: Work, states: ReadonlyMap<string, StepState>): Promise<Undoing> {
	const undoing: Undoing = {notUndone: [], wasStarted: false, isResumed: false, startFailure: undefined};
	for (const step of [...work.plan.steps].reverse()) {
		const state = stateOf(states, step);
		if (state === 'untouched') {
			continue;
		}

		const result: Result<Undone> = step.undo === null
			? fail({kind: 'recovery-refused', reason: 'It cannot be undone, only finished.', remedy: 'Finish it: vsnap-tui recover --roll-forward.'})
			: await undoStep(work, step, state);
		if (!result.ok && !isStop(step)) {
			undoing.notUndone.push({title: step.title, failure: result.failure});
			if (step.phase === 'switch' || step.phase === 'remove') {
				break;
			}

			continue;
		}

		// A start that is vetoed leaves the domain off; it keeps nothing else from being put back.
		if (isStop(step)) {
			undoing.startFailure = result.ok ? undefined : result.failure;
			undoing.wasStarted = result.ok && result.value !== 'left-out';
			undoing.isResumed = result.ok && result.value === 'resumed';
		}

		await note(work, {kind: 'undone', step: step.id});
		// What has no undo of its own went with what has.
		const hasUndone = result.ok && (result.value !== 'left-out' || (state === 'done' && step.phase !== 'check'));
		if (hasUndone || state === 'begun') {
			work.onEvent({kind: hasUndone ? 'step-undone' : 'step-not-done', step: step.id});
		}
	}

	return undoing;
}

/** A job that outlived the run that began it would hold the images: it is ended, and its step counts as not done. Where there is none, that is no failure. */
export async function endJobs(work: Work, states: ReadonlyMap<string, StepState>): Promise<void> {
	for (const step of work.plan.steps) {
		const state = stateOf(states, step);
		const cancel = [...step.cancel ?? [], ...step.instead?.cancel ?? []];
		if (cancel.length > 0 && (state === 'begun' || state === 'failed')) {
			const doneWhen = await work.host.observe(step.doneWhen);
			for (const command of doneWhen.ok && !doneWhen.value ? cancel : []) {
				await work.host.run(command);
			}
		}
	}
}

/** Undoes everything, last first, and proves that the world is as before. Refuses, and touches nothing, where others have gone on from the switch. */
export async function rollBack(work: Work): Promise<WayBack> {
	work.onEvent({kind: 'rolling-back'});
	const {plan, host} = work;
	const progress = await lookAtRemovals(host, plan, progressOf(work));
	if (progress.hasSwitched && !progress.hasRemoved) {
		const ways = await readWays(host, {plan, records: work.records});
		if (!ways.ok || ways.value.back !== undefined) {
			const failure: Failure = ways.ok ? {kind: 'recovery-refused', ...ways.value.back!} : ways.failure;
			return {kind: 'not-undone', left: [{title: 'Checking what others have changed since', failure}]};
		}
	}

	const {states} = progress;
	await note(work, {kind: 'rolling-back'});
	await endJobs(work, states);
	const {notUndone, startFailure, wasStarted, isResumed} = await undoAll(work, states);
	if (notUndone.length > 0) {
		return {kind: 'not-undone', left: notUndone};
	}

	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false});
	if (!details.ok) {
		if (kindFactsOf(targetOf(plan).hypervisor).vanishesWithProcess && details.failure.kind === 'domain-not-found') {
			return {kind: 'put-back', remarks: ['QEMU has exited, so its disks were not read again.'], startFailure: undefined};
		}

		return {kind: 'not-proven', findings: ['The domain cannot be read, so its state could not be verified.'], left: details.failure};
	}

	const {findings, remarks} = compareWithBefore(plan, details.value, {hasSwitched: progress.everSwitched});
	const {domain} = details.value;
	return findings.length > 0
		? {kind: 'not-proven', findings, left: undefined}
		: {
			kind: 'put-back',
			remarks: [...remarks, ...await readKeptEdits(host, plan), ...(startFailure === undefined ? powerRemarksBack(plan, domain, {states, wasStarted, isResumed}) : [])],
			startFailure: hasProcess(domain) ? undefined : startFailure,
		};
}

/** Why the way back did not end well, for each part that is left. */
export function describeLeft(left: readonly NotUndone[]): string[] {
	return left.map(({title, failure}) => `${title} (${describeFailure(failure).message})`);
}

