/**
A guided action before it starts: one page, with the answers as fields and what they lead to below. The request is whole from the beginning, with what is
proposed; each change is planned anew.
*/
import type {Request} from '../../model/plan/request.ts';
import type {Plan, Space} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {isScreenKind, namedIn, screenOf} from '../../actions/registry.ts';
import type {Kept} from '../../actions/question.ts';
import type {Group} from './group.ts';

export type Journey = {
	domain: string;
	/** What will be asked for, as far as it was said. */
	request: Request;
	/** How the current state is kept, where it can be: also remembered while "discard" is chosen. */
	kept: Kept | undefined;
	/** Fields that have an answer: where they are asked one after the other, these are not asked again. */
	answered: readonly string[];
	/** Where the person came from and is led back to. */
	origin: 'browse' | 'doctor' | 'undo';
	/** The same for other domains at once. */
	group: Group | undefined;
	/** Fields that few need are there as well. */
	hasExtras: boolean;
	/** The field that has the cursor; undefined: the last line, which starts. */
	field: string | undefined;
	/** What the answers were when the cursor came to that field: Escape puts back a text. */
	before: Answers;
	/** What the planner said last. It stays in sight while it is asked anew. */
	answer: {request: Request; result: Result<Plan>} | undefined;
	/** The question to the planner that is open. */
	asked: {number: number; request: Request; sinceMs: number} | undefined;
	figures: Figures | undefined;
	/** What had changed on the host when an earlier plan was refused for it. */
	changed: string[];
	/** As far as the name of the domain was typed. */
	typed: string;
	/** Enter was pressed before the plan was there. */
	isDue: boolean;
	/** Since when all that is in sight is: an Enter right after that cannot have been meant for it. */
	sinceMs: number;
	note: string | undefined;
	/** The first line in sight. */
	top: number;
	/** What is looked at in place of the page. */
	view: JourneyView | undefined;
};

type Answers = {request: Request; kept: Kept | undefined};

/** `fields` and `name`: where nothing is painted, the list of the answers, and the typing of the name. */
export type JourneyView =
	| {kind: 'commands'; top: number; isUnfolded: boolean}
	| {kind: 'images'; top: number}
	| {kind: 'script'; path: string}
	| {kind: 'fields'}
	| {kind: 'name'};

/** What a choice would free, by the id of the choice, as far as that is known by now. `number`: of the question to the planner. */
export type Figures = {number: number; known: Readonly<Record<string, {kind: 'planned'; space: Space | undefined} | {kind: 'not-planned'}>>};

type Start = Pick<Journey, 'domain' | 'request' | 'kept' | 'answered' | 'origin'> & Partial<Pick<Journey, 'group'>>;

export function newJourney(start: Start, nowMs: number): Journey {
	const {request, kept} = start;
	return {
		group: undefined, ...start, hasExtras: false, field: undefined, before: {request, kept}, answer: undefined, asked: undefined, figures: undefined, changed: [], typed: '', isDue: false, sinceMs: nowMs, note: undefined, top: 0, view: undefined,
	};
}

/** The snapshot or checkpoint that the journey is about, if it is about one that is there. */
export function subjectOfJourney({request}: Journey): {kind: 'snapshot' | 'checkpoint'; name: string} | undefined {
	const needs = isScreenKind(request.kind) ? screenOf(request.kind).needs : 'domain';
	const name = needs === 'domain' ? undefined : namedIn(request, needs);
	return needs === 'domain' || name === undefined ? undefined : {kind: needs, name};
}

/** What the planner said to the answers as they are; undefined: it has still to say it. */
export function freshResult({answer, request}: Journey): Result<Plan> | undefined {
	return answer?.request === request ? answer.result : undefined;
}

/** The plan that is in sight, though perhaps being made anew. */
export function planInSight({answer}: Journey): Plan | undefined {
	return answer?.result.ok ? answer.result.value : undefined;
}

/** The clock of all ages on its page, in Unix milliseconds: that of the plan, whose sentences have theirs from then. */
export function clockOfPage({nowMs}: {nowMs: number}, journey: Journey): number {
	const plannedMs = Date.parse(planInSight(journey)?.plannedAt ?? '');
	return Number.isNaN(plannedMs) ? nowMs : plannedMs;
}

/** The same for each of the domains, that of the journey first. */
export function plansInSight(journey: Journey): readonly Plan[] {
	const plan = planInSight(journey);
	return plan === undefined ? [] : (journey.group === undefined ? [plan] : journey.group.plans);
}
