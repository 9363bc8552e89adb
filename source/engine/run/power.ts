/**
What an action, or somebody else meanwhile, did to the domain's power, in sentences. The state is no proof of anything else: a guest may end, and somebody
may start it, at any moment.
*/
import {targetOf, type Plan, type Step} from '../../model/plan/plan.ts';
import {hasProcess, type Domain} from '../../model/domain/domain.ts';
import {stateOf, type StepState} from './progress.ts';

type Power = 'running' | 'paused' | 'off';

const awake = (state: string): Power => state === 'paused' ? 'paused' : 'running';

const powerOf = (domain: Domain): Power => hasProcess(domain) ? awake(domain.state) : 'off';

const before = (plan: Plan): Power | undefined => {
	const {state} = targetOf(plan).before;
	return state === undefined ? undefined : (state === 'shutoff' || state === 'crashed' ? 'off' : awake(state));
};

/** Whether the step powers the domain off. */
export const isStop = (step: Step) => step.doneWhen.kind === 'domain-off' || step.savesMemory !== undefined;

/** After the action: what differs from what was expected. */
export function powerRemarks(plan: Plan, domain: Domain): string[] {
	const {endState} = targetOf(plan).expected;
	const expected = endState === undefined ? before(plan) : (endState === 'shutoff' ? 'off' : endState);
	const now = powerOf(domain);
	return expected === undefined || expected === now
		? []
		: [`The domain is ${now}, and was expected to be ${expected}: ${now === 'off' ? 'its guest has ended meanwhile' : 'somebody has changed it meanwhile'}.`];
}

/** After everything was put back. `wasStarted`: the way back has started the domain anew; `isResumed`: from its memory. */
export function powerRemarksBack(plan: Plan, domain: Domain, given: {states: ReadonlyMap<string, StepState>; wasStarted: boolean; isResumed: boolean}): string[] {
	const then = before(plan);
	const now = powerOf(domain);
	const wasStopped = given.wasStarted || plan.steps.some(step => isStop(step) && stateOf(given.states, step) === 'done');
	if (then === undefined || (then === now && !(wasStopped && now !== 'off'))) {
		return [];
	}

	if (given.isResumed) {
		return ['The guest was stopped on the way, and has gone on from its memory.'];
	}

	if (then === 'off') {
		return [`The domain is ${now}: it was started meanwhile.`];
	}

	return now === 'off'
		? [`The domain was ${then}, and is off: ${wasStopped ? 'it was powered off during the action' : 'its guest has ended meanwhile'}.`]
		: [wasStopped ? `The guest was powered off during the action and has booted again${now === then ? '' : `; it is ${now}`}.` : `The domain was ${then}, and is ${now}.`];
}
