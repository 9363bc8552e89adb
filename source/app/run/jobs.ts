/**
What is at work, and what came of it: which run is meant, how far it is, and what has to be seen.
*/
import type {Outcome} from '../services.ts';
import type {Ended, Run, State} from '../state.ts';
import {copiedSoFar} from './copied.ts';

type Jobs = Pick<State, 'runs' | 'ended'>;

export const runsOf = ({runs}: Pick<State, 'runs'>): Run[] => Object.values(runs);

export const isAtWork = (state: Pick<State, 'runs'>): boolean => runsOf(state).length > 0;

/** What is at work on a domain. */
export function runOn(state: Pick<State, 'runs'>, uuid: string | undefined): Run | undefined {
	return runsOf(state).find(({plan}) => plan.action.domain.uuid === uuid);
}

/** What has failed and was not looked at since. */
export const isUnseen = ({isSeen}: Ended): boolean => !isSeen;

/** What led to a roll back: somebody stopped it, or it failed. */
export const whyRolledBack = ({failure}: Outcome & {kind: 'rolled-back'}): 'stopped' | 'failed' => failure.kind === 'interrupted' ? 'stopped' : 'failed';

/** How much is done: of all that is copied, or of the steps where nothing is. Between 0 and 1. */
export function shareOf(run: Run): number {
	const copied = copiedSoFar(run);
	const {steps} = run.plan;
	const share = copied === undefined
		? steps.filter(({id}) => run.steps[id] === 'done').length / Math.max(1, steps.length)
		: copied.doneBytes / Math.max(1, copied.totalBytes);
	return Math.max(0, Math.min(1, share));
}

export const percentOf = (run: Run): number => Math.floor(shareOf(run) * 100);

/** What its key leads through: what is at work, what has failed unseen, and else what ended last. */
function pagesOf({runs, ended}: Jobs): Array<Run | Ended> {
	const all = [...runsOf({runs}), ...ended.filter(each => isUnseen(each))];
	return all.length > 0 ? all : ended.slice(-1);
}

/** Whether there is another page to go to from the one that is shown. */
export const hasMorePages = ({runs, ended, scene}: Jobs & Pick<State, 'scene'>): boolean => runsOf({runs}).length + ended.filter(each => isUnseen(each)).length > Number(scene.kind === 'running');

/** The page of a job; an end that is looked at counts as seen. */
function showPage(state: State, page: Run | Ended): State {
	return 'outcome' in page
		? {
			...state,
			ended: state.ended.map(each => each === page ? {...each, isSeen: true} : each),
			scene: {kind: 'ended', run: page.run, outcome: page.outcome, top: 0},
		}
		: {...state, scene: {kind: 'running', planId: page.plan.id}};
}

/** From browsing the job of the selected domain, or the first; from the page of one the next. */
export function showJob(state: State): State {
	const {scene} = state;
	const pages = pagesOf(state);
	const idOf = (page: Run | Ended) => 'outcome' in page ? `ended ${page.endedMs} ${page.run.plan.id}` : page.plan.id;
	const shown = scene.kind === 'running' ? scene.planId : undefined;
	const at = pages.findIndex(page => idOf(page) === shown);
	const own = pages.find(page => ('outcome' in page ? page.run : page).plan.action.domain.uuid === state.domainCursor.id);
	const next = scene.kind === 'running' || scene.kind === 'ended' ? pages[(at + 1) % Math.max(1, pages.length)] : own ?? pages[0];
	return next === undefined ? {...state, notice: 'Nothing has been started yet.'} : showPage(state, next);
}

/** The end that is told above the keys: a failure that nobody has seen, or the last one. */
export function endedToTell({ended}: Pick<State, 'ended'>): Ended | undefined {
	return ended.findLast(each => isUnseen(each)) ?? ended.at(-1);
}

/** Something was left half-way and not recovered since. */
export function isAnyHalfWay({ended}: Pick<State, 'ended'>): boolean {
	const last = new Map(ended.map(({run, outcome}) => [run.plan.id, outcome.kind]));
	return [...last.values()].includes('half-way');
}
