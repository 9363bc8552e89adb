/**
Putting back what did not end well: the way back of one action, what its outcome says of that, and the end of its journal.
*/
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Failure} from '../../model/failure.ts';
import {unreachable, type Result} from '../../model/result.ts';
import type {World} from '../world.ts';
import type {Outcome} from '../ports.ts';
import {
	describeLeft, rollBack, type WayBack,
} from '../recover/roll-back.ts';
import {findGrown} from './left-grown.ts';
import {progressOf} from './progress.ts';
import type {StepsEnd, Work} from './run-steps.ts';

/** Ends an action whose work is over: the journal holds secrets and is removed, the audit log keeps that it happened. */
export async function close(world: World, work: Work, outcome: 'done' | 'rolled-back'): Promise<Result<void>> {
	// Where there is no room for the record, the removal makes some, and says the same.
	await work.journal.append({at: world.clock.now().toISOString(), kind: 'finished', outcome});
	return world.store.removeJournal(work.plan.id);
}

/** What the way back says of itself. */
type PutBack = {rolledBack: boolean; notUndone: string[]; aftermath: string[]};

function describeWayBack(back: WayBack): PutBack {
	switch (back.kind) {
		case 'put-back': {
			const off = back.startFailure === undefined ? [] : [`But the domain is off: ${describeFailure(back.startFailure).message}`];
			return {rolledBack: true, notUndone: [], aftermath: [...back.remarks, ...off]};
		}

		case 'not-undone': {
			return {rolledBack: false, notUndone: describeLeft(back.left), aftermath: []};
		}

		case 'not-proven': {
			return {rolledBack: false, notUndone: back.findings, aftermath: []};
		}

		default: {
			return unreachable(back);
		}
	}
}

export async function putBack(world: World, work: Work, explain: (end: PutBack) => Failure): Promise<Outcome> {
	const {states} = progressOf(work);
	const end = describeWayBack(await rollBack(work));
	const left = await findGrown(work, states);
	const explained = explain(end);
	const failure = left.length > 0 && 'rolledBack' in explained ? {...explained, left} : explained;
	if (!end.rolledBack) {
		return {kind: 'half-way', failure};
	}

	const closed = await close(world, work, 'rolled-back');
	return closed.ok ? {kind: 'rolled-back', failure} : {kind: 'half-way', failure: closed.failure};
}

/** Why the work does not go on. */
export type Stopped = Exclude<StepsEnd, {kind: 'all-done'}> | {kind: 'not-proven'; findings: string[]};

function failureAfter(stopped: Stopped, {rolledBack, notUndone, aftermath}: PutBack, interrupt: AbortSignal | undefined): Failure {
	const after = aftermath.length > 0 ? {aftermath} : {};
	switch (stopped.kind) {
		case 'overtaken': {
			const {failure} = stopped;
			return rolledBack ? failure : {kind: 'not-proven', findings: [describeFailure(failure).message, ...notUndone], rolledBack};
		}

		case 'interrupted': {
			return {kind: 'interrupted', signal: String(interrupt?.reason), rolledBack, ...after};
		}

		case 'failed': {
			const {step, failure: cause} = stopped;
			return {kind: 'step-failed', step: step.id, title: step.title, cause, rolledBack, notUndone, ...after};
		}

		case 'not-proven': {
			return {kind: 'not-proven', findings: [...stopped.findings, ...notUndone], rolledBack, ...after};
		}

		default: {
			return unreachable(stopped);
		}
	}
}

export const putBackAfter = async (world: World, work: Work, stopped: Stopped): Promise<Outcome> => putBack(world, work, end => failureAfter(stopped, end, work.interrupt));
