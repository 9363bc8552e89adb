/**
What is said of one action on several domains, before and after it.
*/
import type {Failure} from '../model/failure.ts';
import type {Plan} from '../model/plan/plan.ts';
import {describeFailure} from '../model/text/describe-failure.ts';
import {listNames} from '../model/text/list-names.ts';
import {describeDone} from './registry.ts';

export type IfOneFails = 'keep' | 'roll-back';

/** What became of one of the domains. */
type Ended = {kind: 'done'; remarks?: string[]} | {kind: 'rolled-back' | 'half-way'; failure: Failure};

export function wordOfEnd(outcome: Ended): string {
	if (outcome.kind === 'rolled-back') {
		return outcome.failure.kind === 'other-failed' && !outcome.failure.hasBegun ? 'not begun' : 'rolled back';
	}

	return outcome.kind === 'done' ? 'done' : 'half-way';
}

/** Of a step that failed what the program said last: that is where it names the cause. */
function whyFailed(failure: Failure): string {
	if (failure.kind === 'step-failed') {
		return `${failure.title}: ${whyFailed(failure.cause)}`;
	}

	const lastLine = failure.kind === 'tool-failed' ? failure.cause.stderr.trim().split('\n').at(-1)!.replace(/^error: /u, '') : '';
	return lastLine === '' ? describeFailure(failure).message.split('\n', 1)[0]! : lastLine;
}

/** One line, for the table. */
export const reasonOfEnd = ({action}: Plan, outcome: Ended): string => outcome.kind === 'done' ? [describeDone(action), ...outcome.remarks ?? []].join(' ') : whyFailed(outcome.failure);

const frozenIn = (plans: readonly Plan[]): string[] => plans.filter(({steps}) => steps.some(({freezing}) => freezing !== undefined)).map(({action}) => action.domain.name);

export function describeGroup(plans: readonly Plan[], ifOneFails: IfOneFails): string[] {
	const frozen = frozenIn(plans);
	return [
		`All ${plans.length} domains are checked and prepared first; then they are switched one directly after the other.`,
		...(frozen.length === 0 ? [] : [`Meanwhile the file systems of ${listNames(frozen, 8)} are frozen together; they are thawed whatever happens.`]),
		ifOneFails === 'keep' ? 'If one of them fails, the others are finished all the same.' : 'If one of them fails, the others are rolled back.',
	];
}

export const ifOneFailsWords = {
	label: 'If one fails', question: 'If one of the domains fails, what should become of the others?', 'roll-back': 'the others are rolled back', keep: 'the others are finished',
};
