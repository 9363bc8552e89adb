/**
What an earlier run left half-way: one line that stays in sight, and its page.
*/
import {doneSteps, isPastSwitch, lastSeenSeconds} from '../../app/run/update-recover.ts';
import type {LeftAction} from '../../app/services.ts';
import type {State} from '../../app/state.ts';
import {nounOfAction, titleOfAction} from '../../actions/registry.ts';
import {describeStanding} from '../../model/text/describe-standing.ts';
import {formatAge, formatMomentWithAge} from '../../model/text/format.ts';
import {paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';

const reached = (action: LeftAction) => `${doneSteps(action)} of ${action.plan.steps.length} steps`;

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
		? `It had begun to change the domain.${isOpen ? ' Finish is recommended. Rolling back works until an image is removed.' : ''}`
		: `It had only added files or copied data so far.${isOpen ? ' You can finish or roll back.' : ''}`;
}

/** Its page, which begins with what the domain does now. */
export function unfinishedLines(state: State, action: LeftAction, count: number, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	const {plan, damage, ways} = action;
	const seen = lastSeenSeconds(action);
	const field = (label: string, text: string) => paragraph(text, {columns: columns - 1, theme, lead: {text: ` ${label.padEnd(11)}`, tone: 'dim'}});
	return [
		...paragraph(`The ${nounOfAction(plan.action)} was interrupted${count > 1 ? ` (1 of ${count})` : ''}.${damage === undefined ? ' Its journal is complete.' : ''}`, {
			columns: columns - 1, theme, tone: 'warning', lead: {text: ' '},
		}),
		[],
		...field('now', ways === undefined ? 'The domain could not be read.' : describeStanding(ways.now)),
		...field('impact', impactOf(action)),
		...field('action', titleOfAction(plan.action)),
		...field('done', reached(action)),
		...field('last seen', seen === undefined ? plan.plannedAt : formatMomentWithAge(seen, Math.floor(state.nowMs / 1000))),
		...field('host', plan.uri),
	];
}
