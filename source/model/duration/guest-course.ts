/**
What a plan does to the power of a guest that runs: in which of its steps it is off or paused. It follows from the steps alone.
*/
import {targetOf, type Plan, type Step} from '../plan/plan.ts';

/** The guest is away from the step `first` on, until `last` is done; without one it stays so. Counted from 0. `isWithin`: only while that one step is at work. */
export type Absence = {state: 'off' | 'paused'; first: number; last: number | undefined; isWithin?: true};

type GuestCourse = {
	before: 'running' | 'paused' | 'off';
	absences: Absence[];
	after: 'running' | 'paused' | 'off';
};

/** The domain's QEMU has ended with it. */
const turnsOff = (step: Step): boolean => step.doneWhen.kind === 'domain-off' || step.savesMemory !== undefined || step.guest === 'off';

/** QEMU stands still while it works on a state inside its images. */
const pausesInside = ({changesInside}: Step): boolean => changesInside === 'deletes' || changesInside === 'adds-with-memory';

/** Undefined: how the domain was is not known. */
export function guestCourseOf(plan: Plan): GuestCourse | undefined {
	const {before: {state: known}, expected: {endState}} = targetOf(plan);
	if (known === undefined) {
		return undefined;
	}

	const before = known === 'shutoff' || known === 'crashed' ? 'off' : (known === 'paused' ? 'paused' : 'running');
	const {steps} = plan;
	const absences: Absence[] = [];
	let now: GuestCourse['after'] = before;
	const turn = (state: GuestCourse['after'], at: number) => {
		const open = absences.at(-1);
		if (open !== undefined && open.last === undefined) {
			open.last = state === 'running' ? at : (state === open.state ? undefined : at);
		}

		if (state !== 'running' && state !== now) {
			absences.push({state, first: at, last: undefined});
		}

		now = state;
	};

	for (const [at, step] of steps.entries()) {
		if (turnsOff(step)) {
			turn('off', at);
		} else if (step.startsDomain) {
			// A guest that reads its memory first goes on with a later step.
			const isResumedLater = steps.slice(at + 1).some(({guest}) => guest === 'resumed');
			if (!isResumedLater) {
				turn(endState === 'paused' ? 'paused' : 'running', at);
			}
		} else if (step.guest === 'paused') {
			turn('paused', at);
		} else if (step.guest === 'resumed') {
			turn('running', at);
		} else if (now === 'running' && (step.guest === 'paused-meanwhile' || pausesInside(step))) {
			absences.push({state: 'paused', first: at, last: at, isWithin: true});
		}
	}

	return {before, absences, after: now};
}
