/**
How far an action got, by its journal, and which way fits that. Nothing here asks the world but `lookAtRemovals`.
*/
import type {Failure} from '../../model/failure.ts';
import {targetOf, type Plan, type Step, type Target} from '../../model/plan/plan.ts';
import type {JournalRecord, Host, UnfinishedAction} from '../ports.ts';

/** `give-up`: leave everything as it is, and forget the action. */
export type Direction = 'back' | 'forward' | 'give-up';

/** Whether the command told its end itself: else it may have done its work all the same. */
export function hasEndedByItself(failure: Failure): boolean {
	// A monitor that answers no more leaves open what became of the command.
	return failure.kind === 'monitor-failed'
		? failure.reason !== 'no-answer' && failure.reason !== 'closed'
		: failure.kind !== 'tool-failed' || (failure.cause.exitCode !== undefined && !failure.cause.timedOut);
}

/** How far each step got, by the journal. A step that was undone counts as never begun. */
export type StepState = 'untouched' | 'begun' | 'done' | 'failed';

function stepStates(records: readonly JournalRecord[]): Map<string, StepState> {
	const states = new Map<string, StepState>();
	for (const record of records) {
		switch (record.kind) {
			case 'begin': {
				states.set(record.step, 'begun');
				break;
			}

			case 'done': {
				states.set(record.step, 'done');
				break;
			}

			case 'failed': {
				// A program that was killed, or of which nothing was heard, may have done its work all the same.
				states.set(record.step, hasEndedByItself(record.failure) ? 'failed' : 'begun');
				break;
			}

			case 'undone': {
				states.set(record.step, 'untouched');
				break;
			}

			case 'plan':
			case 'pivoting':
			case 'merged':
			case 'rolling-back':
			case 'finished': {
				break;
			}

			default: {
				record satisfies never;
			}
		}
	}

	return states;
}

export type Progress = {
	states: Map<string, StepState>;
	hasSwitched: boolean;
	/** Also where the switch was undone since: from then on others could be led to the new files. */
	everSwitched: boolean;
	/** Something was begun that nobody can take back: a removal, or a commit into an image. */
	hasRemoved: boolean;
	wasGoingBack: boolean;
};

export const stateOf = (states: ReadonlyMap<string, StepState>, step: Step) => states.get(step.id) ?? 'untouched';

const isFinal = (step: Step) => step.phase === 'remove' || step.undo === null;

export function progressOf({plan, records}: UnfinishedAction): Progress {
	const states = stepStates(records);
	const isAnyTouched = (phase: Step['phase']) => plan.steps.some(step => step.phase === phase && stateOf(states, step) !== 'untouched');
	return {
		states,
		hasSwitched: isAnyTouched('switch'),
		everSwitched: records.some(record => record.kind === 'begin' && plan.steps.some(step => step.id === record.step && step.phase === 'switch')),
		hasRemoved: plan.steps.some(step => isFinal(step) && stateOf(states, step) !== 'untouched'),
		wasGoingBack: records.some(record => record.kind === 'rolling-back'),
	};
}

/** A removal that was begun but did not happen counts as untouched. */
export async function lookAtRemovals(host: Host, plan: Plan, progress: Progress): Promise<Progress> {
	const states = new Map(progress.states);
	for (const step of plan.steps.filter(candidate => candidate.phase === 'remove')) {
		const state = stateOf(states, step);
		const doneWhen = state === 'begun' || state === 'failed' ? await host.observe(step.doneWhen) : undefined;
		if (doneWhen?.ok && !doneWhen.value) {
			states.set(step.id, 'untouched');
		}
	}

	const hasRemoved = plan.steps.some(step => isFinal(step) && stateOf(states, step) !== 'untouched');
	return {...progress, states, hasRemoved, hasSwitched: progress.hasSwitched && !await hasNothingSwitched(host, plan, states)};
}

/** Of a plan that moves the domain by one call, and takes that back by merging: the call was begun, and did nothing. */
async function hasNothingSwitched(host: Host, plan: Plan, states: ReadonlyMap<string, StepState>): Promise<boolean> {
	const begun = plan.steps.filter(step => step.phase === 'switch' && stateOf(states, step) !== 'untouched');
	for (const step of begun) {
		const isOpen = mergesBack(step) && step.doneWhen.kind !== 'never' && stateOf(states, step) !== 'done';
		const doneWhen = isOpen ? await host.observe(step.doneWhen) : undefined;
		if (doneWhen?.ok !== true || doneWhen.value) {
			return false;
		}
	}

	return true;
}

/** Whether the way back merges what was written to new disks since, so that it stays. */
export const mergesBack = (step: Step) => step.undo?.some(command => command.merges !== undefined) === true;

/** libvirt cannot be told that no snapshot is the current one: whoever had none, and got one, keeps it. */
export function keepsNewCurrent({before, expected}: Target): boolean {
	return before.currentSnapshot === undefined && expected.currentSnapshot !== undefined && before.snapshotNames.includes(expected.currentSnapshot);
}

/**
The way that fits how far it got: back before the switch or where it was going back already, else forward. Forward also where going back would leave a snapshot
the current one that the disks are not on.
*/
export function defaultDirection(unfinished: UnfinishedAction): 'back' | 'forward' {
	const {hasSwitched, hasRemoved, wasGoingBack} = progressOf(unfinished);
	return hasRemoved || (hasSwitched && (!wasGoingBack || keepsNewCurrent(targetOf(unfinished.plan)))) ? 'forward' : 'back';
}
