/**
A guided action before it starts. The wish is whole from the beginning, with what is proposed; questions change it one by one, then the planner is asked.
*/
import type {Request} from '../../model/plan/request.ts';
import type {Failure} from '../../model/failure.ts';
import type {Plan, Space} from '../../model/plan/plan.ts';
import {isScreenKind, namedIn, screenOf} from '../../actions/registry.ts';
import type {Change, QuestionId, TextField} from '../../actions/question.ts';

export type Journey = {
	domain: string;
	/** What will be asked for, as far as it was said. */
	request: Request;
	/** The name under which the current state is kept, where it is: also remembered while "discard" is chosen. */
	keepName: string;
	/** Those that have an answer, in the order in which they got it. */
	answered: QuestionId[];
	/** Where the person came from and is led back to. */
	origin: 'browse' | 'doctor';
	stage: JourneyStage;
};

/** A text is being typed, or the one beside it; Escape puts back what was asked for before. */
export type Typing = {before: Required<Change>; isBeside?: true};

/** What a choice would free, by the id of the choice, as far as that is known by now. `number`: of the question to the planner. */
export type Figures = {number: number; known: Readonly<Record<string, {kind: 'planned'; space: Space | undefined} | {kind: 'not-planned'}>>};

export type JourneyStage =
	| {phase: 'question'; id: QuestionId; index: number; typing?: Typing; note?: string; figures?: Figures}
	/** All options, for those who want more than the questions ask. */
	| {phase: 'settings'; index: number; typing?: Typing; note?: string}
	| {phase: 'planning'; number: number; sinceMs: number; changed: string[]}
	| {phase: 'refused'; failure: Failure; top: number}
	| {phase: 'consequences'; plan: Plan; top: number; changed: string[]}
	| {phase: 'commands'; plan: Plan; top: number; isUnfolded: boolean; changed: string[]}
	| {phase: 'confirm'; plan: Plan; typed: string; sinceMs: number; note?: string; changed: string[]};

/** The snapshot or checkpoint that the journey is about, if it is about one that is there. */
export function subjectOfJourney({request}: Journey): {kind: 'snapshot' | 'checkpoint'; name: string} | undefined {
	const needs = isScreenKind(request.kind) ? screenOf(request.kind).needs : 'domain';
	const name = needs === 'domain' ? undefined : namedIn(request, needs);
	return needs === 'domain' || name === undefined ? undefined : {kind: needs, name};
}

/** That typing begins. */
export function typingIn({request, keepName}: Journey): Typing {
	return {before: {request, keepName}};
}

/** Which of the texts of the page is typed. */
export function typedField(text: TextField, {isBeside}: Typing): TextField {
	return isBeside ? text.beside ?? text : text;
}
