/**
From the page to the start: what an Enter must have in sight before it counts, and the plan that comes while it is waited for.
*/
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {needsName} from '../run/confirm-name.ts';
import {startGroup} from '../run/update-group.ts';
import {startRun} from '../run/update-run.ts';
import type {Key} from '../messages.ts';
import type {Update} from '../browse/read.ts';
import {scroll, type Viewport} from '../scroll.ts';
import type {State} from '../state.ts';
import {wrongField} from './fields.ts';
import {askForPlan, journeyOf, withJourney} from './journey-plan.ts';
import {freshResult, plansInSight, type Journey} from './journey.ts';
import {isNameRight, wordOf} from './name.ts';

/** A key that is held down repeats faster than this; so fast nobody has read the page. */
const heldKeyMs = 400;

const say = (state: State, journey: Journey, note?: string): Update => [withJourney(state, {...journey, note}), []];

/** Enter on the last line. */
export function pressStart(state: State, given: Journey, {key, viewport}: {key: Key; viewport: Viewport}): Update {
	const journey = {...given, note: undefined};
	const wrong = wrongField(state, journey);
	if (wrong !== undefined) {
		return say(state, {...journey, field: wrong.id}, wrong.problem);
	}

	const fresh = freshResult(journey);
	if (fresh?.ok === false) {
		return say(state, journey, 'Refused as it is: change an answer, or leave with Esc.');
	}

	if (plansInSight(journey).some(plan => needsName(plan)) && !isNameRight(journey)) {
		const wrongName = journey.typed === '' ? undefined : `That is not the ${wordOf(journey).isCode ? 'code' : 'name'}. Nothing was started.`;
		return say(state, {...journey, ...(state.isLinear && {view: {kind: 'name'}})}, wrongName);
	}

	if (key.name !== 'enter' || !key.isAlone) {
		return say(state, journey, 'Enter arrived together with text, as in a paste. Press it again.');
	}

	if (!state.isLinear && state.nowMs - journey.sinceMs < heldKeyMs) {
		return say(state, {...journey, sinceMs: state.nowMs}, 'Enter came before you could read the page. Press it again.');
	}

	const {lines, rows, vital = 0, top} = viewport.measure(state);
	if (!state.isLinear && (top ?? 0) + rows < Math.min(vital, lines)) {
		const scrolled = scroll(withJourney(state, journey), 'page-down', viewport);
		return say(scrolled, journeyOf(scrolled)!, 'Read on to the end of what is lost, then press Enter again.');
	}

	return fresh === undefined
		? say(state, {...journey, isDue: true}, 'Starts as soon as the plan is there; any key takes that back.')
		: begin(state, journey, fresh.value);
}

function begin(state: State, journey: Journey, plan: Plan): Update {
	const {group} = journey;
	return group === undefined ? startRun(state, {plan, kind: 'execute', journey}) : startGroup(state, {journey, plans: group.plans, ifOneFails: group.ifOneFails});
}

/** What a person must have read before the start. */
function dangersOf(plans: readonly Plan[]): string {
	return JSON.stringify(plans.flatMap(({consequences}) => consequences).filter(({severity}) => severity !== 'info').map(({severity, text}) => [severity, text]));
}

/** An Enter that was pressed before the plan was there holds if the plan says no other danger than the one that was in sight. */
function startIfDue(state: State, journey: Journey, seen: readonly Plan[]): Update {
	const fresh = freshResult(journey);
	if (!journey.isDue || fresh === undefined) {
		return [state, []];
	}

	const next: Journey = {...journey, isDue: false};
	if (!fresh.ok) {
		return say(state, next);
	}

	const plans = plansInSight(next);
	return seen.length > 0 && dangersOf(seen) === dangersOf(plans)
		? begin(state, next, fresh.value)
		: say(state, next, plans.some(plan => needsName(plan)) && !isNameRight(next) ? 'Nothing was started: read what is lost first.' : 'This is the plan: press Enter to start.');
}

/** The planner's answer. To another request than the one of now it is of no use. */
export function takePlan(state: State, {number, result, plans}: {number: number; result: Result<Plan>; plans?: readonly Plan[]}): Update {
	const journey = journeyOf(state);
	if (journey?.asked?.number !== number) {
		return [state, []];
	}

	const {request} = journey.asked;
	const next: Journey = {...journey, asked: undefined};
	if (request !== journey.request) {
		return askForPlan(withJourney(state, next));
	}

	const group = next.group && {...next.group, plans: plans ?? []};
	const taken: Journey = {
		...next, group, answer: {request, result}, sinceMs: state.nowMs,
	};
	return startIfDue(withJourney(state, taken), taken, plansInSight(journey));
}
