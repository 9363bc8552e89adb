/**
What an earlier run left half-way: one line that stays in sight, and its page.
*/
import {
	doneSteps, isPastSwitch, lastSeenSeconds, optionsOf,
} from '../../app/run/update-recover.ts';
import type {LeftAction} from '../../app/services.ts';
import {layoutOf} from '../../app/layout.ts';
import type {Scene, State} from '../../app/state.ts';
import {nounOfAction, titleOfAction} from '../../actions/registry.ts';
import {createdPaths} from '../../model/plan/plan.ts';
import {describeStanding} from '../../model/text/describe-standing.ts';
import {formatAge, formatMomentWithAge} from '../../model/text/format.ts';
import {listNames} from '../../model/text/list-names.ts';
import {noteLines} from '../parts/choices.tsx';
import {paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';

const reached = (action: LeftAction) => `${doneSteps(action)} of ${action.plan.steps.length} steps`;

/** A run that was killed may have brought its last step to an end, and nothing tells. */
function isUnsure({plan, records}: LeftAction): boolean {
	const last = records.findLast(record => record.kind === 'begin' || record.kind === 'done' || record.kind === 'failed' || record.kind === 'undone');
	return last?.kind === 'begin' && plan.steps.some(({id, phase}) => id === last.step && phase !== 'check');
}

/** What, when and how far. */
export function describeLeft(action: LeftAction, nowMs: number): string {
	const seen = lastSeenSeconds(action);
	const age = seen === undefined ? '' : ` ${formatAge(seen, Math.floor(nowMs / 1000))}`;
	return `${action.plan.action.domain.name}: the ${nounOfAction(action.plan.action)} was interrupted${age} (${reached(action)})`;
}

function impactOf(action: LeftAction): string {
	const {damage, ways} = action;
	if (damage !== undefined) {
		return `Its journal is damaged: ${damage}. Each step is checked before anything is done.`;
	}

	// Where a way is closed, the reason stands beside it below.
	const isOpen = ways !== undefined && ways.back === undefined && ways.forward === undefined;
	return isPastSwitch(action)
		? `It had begun to change the domain.${isOpen ? ` Finish is recommended. ${action.plan.steps.some(({phase}) => phase === 'remove') ? 'Rolling back works until an image is removed.' : 'Rolling back works as well.'}` : ''}`
		: `It had only added files or copied data so far.${isOpen ? ' You can finish or roll back.' : ''}`;
}

/** Rows above the text of a result, and of what was interrupted. */
export const endedHeadRows = 3;

/** Of what was interrupted, so much stays in sight before the words on the selected way: what it is, what the domain does now, and what that means. */
const fewestRows = 6;

/** How its page is divided: the text, the ways, and the words on the selected one. `firstOption`: the row of the screen with the first of the ways. */
export function recoverPage(state: State, scene: Scene & {kind: 'recover'}, style: {columns: number; theme: Theme}) {
	const lines = unfinishedLines(state, scene, style);
	const options = optionsOf(state, scene);
	const rows = layoutOf(state.columns, state.rows).bodyRows - endedHeadRows - options.length - 2;
	const noteRows = Math.max(1, Math.min(rows - Math.min(lines.length, fewestRows), Math.max(...options.map(({note}) => noteLines(note, style).length))));
	const lineRows = Math.min(lines.length, rows - noteRows);
	return {
		lines, lineRows, options, noteRows, firstOption: 1 + endedHeadRows + lineRows + 1,
	};
}

/** Its page, which begins with what the domain does now. */
export function unfinishedLines(state: State, {actions, isGivingUp}: Scene & {kind: 'recover'}, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	const action = actions[0]!;
	const count = actions.length;
	const {plan, damage, ways} = action;
	const seen = lastSeenSeconds(action);
	const now = ways === undefined ? 'The domain could not be read.' : describeStanding(ways.now);
	const field = (label: string, text: string) => paragraph(text, {columns: columns - 1, theme, lead: {text: ` ${label.padEnd(11)}`, tone: 'dim'}});
	if (isGivingUp) {
		const files = [...new Set([...createdPaths(plan), ...plan.images.removed])];
		return [
			...paragraph(`Give up the ${nounOfAction(plan.action)}?`, {columns: columns - 1, theme, tone: 'warning', lead: {text: ' '}}),
			[],
			...field('now', `${now} It stays as it is.`),
			...field('lost', 'How to finish the action, and how to roll it back: neither is possible afterwards.'),
			...field('left', files.length === 0 ? 'No files of this action.' : `What it made and what it was to remove, as far as it is there: ${listNames(files, 6)}`),
			...field('then', `"${plan.action.domain.name}" takes other actions again. Checking it shows what is left to fix.`),
		];
	}

	return [
		...paragraph(`The ${nounOfAction(plan.action)} was interrupted${count > 1 ? ` (1 of ${count})` : ''}.${damage === undefined ? ' Its journal is complete.' : ''}`, {
			columns: columns - 1, theme, tone: 'warning', lead: {text: ' '},
		}),
		[],
		...field('now', now),
		...field('impact', impactOf(action)),
		...field('action', titleOfAction(plan.action)),
		...field('done', `${reached(action)}${isUnsure(action) ? ', and perhaps the next' : ''}`),
		...field('last seen', seen === undefined ? plan.plannedAt : formatMomentWithAge(seen, Math.floor(state.nowMs / 1000))),
		...field('host', plan.uri),
	];
}
