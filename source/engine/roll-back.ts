/**
Putting things back: the undo of every step that was begun, last first. Where an undo of the switch fails, nothing before it is undone: the new files may
then be what the domain runs on.
*/
import type {Command, Step} from '../model/plan.ts';
import type {Failure} from '../model/failure.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import type {JournalRecord} from './ports.ts';
import {note, type Work} from './run-steps.ts';

function hasEndedByItself(failure: Failure): boolean {
	return failure.kind !== 'tool-failed' || (failure.cause.exitCode !== undefined && !failure.cause.timedOut);
}

/** How far each step got, by the journal. A step that was undone counts as never begun. */
export type StepState = 'untouched' | 'begun' | 'done' | 'failed';

export function stepStates(records: readonly JournalRecord[]): Map<string, StepState> {
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

async function runUndo(work: Work, command: Command): Promise<Result<unknown>> {
	if (command.onlyIf !== undefined) {
		const holds = await work.owner.observe(command.onlyIf);
		if (!holds.ok || !holds.value) {
			return holds;
		}
	}

	return work.owner.run(command);
}

async function undoStep(work: Work, step: Step, state: StepState): Promise<Result<unknown>> {
	if (state === 'failed' && step.failsClean) {
		return succeed(undefined);
	}

	if (state === 'begun' && step.undoIfUnsure !== undefined) {
		const holds = await work.owner.observe(step.undoIfUnsure);
		if (!holds.ok || !holds.value) {
			return holds;
		}
	}

	for (const command of step.undo ?? []) {
		const result = await runUndo(work, command);
		if (!result.ok) {
			return result;
		}
	}

	return succeed(undefined);
}

export type NotUndone = {title: string; failure: Failure};

/** Gives the steps that could not be undone, and why; empty means that everything is as it was before. */
export async function rollBack(work: Work, states: ReadonlyMap<string, StepState>): Promise<NotUndone[]> {
	work.onEvent({kind: 'rolling-back'});
	await note(work, {kind: 'rolling-back'});
	const notUndone: NotUndone[] = [];
	for (const step of [...work.plan.steps].reverse()) {
		const state = states.get(step.id) ?? 'untouched';
		if (state === 'untouched') {
			continue;
		}

		const result = step.undo === null ? fail({kind: 'recovery-refused', reason: 'It cannot be taken back, only finished.', remedy: 'Finish it: vsnap-tui recover --roll-forward.'}) : await undoStep(work, step, state);
		if (result.ok) {
			await note(work, {kind: 'undone', step: step.id});
			work.onEvent({kind: 'step-undone', step: step.id});
		} else {
			notUndone.push({title: step.title, failure: result.failure});
			if (step.phase === 'switch' || step.phase === 'remove') {
				break;
			}
		}
	}

	return notUndone;
}
