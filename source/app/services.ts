/**
What the screen is given to work with. cli.ts makes it; everything that the screen knows and does goes through here.
*/
import type {EndState, Fate, Wish} from '../model/action.ts';
import type {Failure} from '../model/failure.ts';
import type {Plan} from '../model/plan.ts';
import type {Result} from '../model/result.ts';
import type {
	Clock, Outcome, Owner, RunEvent, UnfinishedAction,
} from '../engine/ports.ts';

export type AppServices = {
	owner: Owner;
	/** Reads the inventory and plans. Fails with `refused` and all blockers, or with what kept it from reading. */
	planAction(wish: Wish): Promise<Result<Plan>>;
	/** Runs a plan that a person has confirmed. An abort carries the name of the signal as its reason. */
	executePlan(plan: Plan, onEvent: (event: RunEvent) => void, interrupt: AbortSignal): Promise<Outcome>;
	/** What an earlier run left half-way. */
	readUnfinished(): Promise<Result<UnfinishedAction[]>>;
	recover(planId: string, direction: 'back' | 'forward', onEvent: (event: RunEvent) => void): Promise<Outcome>;
	/** The words for a failure; host text in them is still raw. */
	describeFailure(failure: Failure): {message: string; hint?: string};
	isReadOnly: boolean;
	clock: Clock;
};

/** Where the screen opens: at a domain, or at an action with the answers that were given on the command line. */
export type ScreenStart = {
	/** Name or UUID. */
	domain?: string;
	action?: {kind: 'revert'; snapshot?: string; fate?: Fate; endState?: EndState};
};

export type {Outcome, RunEvent, UnfinishedAction} from '../engine/ports.ts';
