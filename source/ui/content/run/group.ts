/**
One action on several domains: how far each is, and the table of what became of each.
*/
import {reasonOfEnd, wordOfEnd} from '../../../actions/group-words.ts';
import {percentOf} from '../../../app/run/jobs.ts';
import type {Ended, Run, State} from '../../../app/state.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {line, paragraph, type Line} from '../../parts/line.tsx';
import {cutEnd, showSafely} from '../../text.ts';
import type {Theme, Tone} from '../../theme.ts';
import {failureLines} from '../failure.ts';

type Style = {columns: number; theme: Theme};

/** Of the others of a run, in one line. */
export function othersAtWork({runs}: Pick<State, 'runs'>, {group, plan}: Run): Line[] {
	const others = (group ?? []).filter(id => id !== plan.id).flatMap(id => runs[id] ?? []);
	return others.length === 0 ? [] : [[{text: ' With it: ', tone: 'dim'}, {text: others.map(run => `${run.plan.action.domain.name} ${percentOf(run)} %`).join(', ')}]];
}

const toneOf = ({outcome}: Ended): Tone => outcome.kind === 'done' ? 'good' : (outcome.kind === 'half-way' ? 'loss' : 'warning');

const nameOf = ({run}: Ended): string => run.plan.action.domain.name;

/** In words, for the first line. */
function verdictOfGroup(ends: readonly Ended[]): string {
	const done = ends.filter(({outcome}) => outcome.kind === 'done').length;
	const halfWay = ends.filter(({outcome}) => outcome.kind === 'half-way').length;
	if (done === ends.length) {
		return `Done and verified on all ${ends.length} domains.`;
	}

	const counts = [...(done === 0 ? [] : [`done on ${done}`]), ...(halfWay === 0 ? [] : [`half-way on ${halfWay}`]), ...(done + halfWay === ends.length ? [] : [`rolled back or not begun on ${ends.length - done - halfWay}`])];
	return `It failed: ${counts.join(', ')} of ${ends.length} domains.${halfWay === 0 ? '' : ' The journals are safe: finish them, roll them back, or give them up.'}`;
}

/** What needs a person, in full: a failure of its own, or what could not be rolled back. */
function isDescribedInFull({outcome}: Ended): boolean {
	return outcome.kind === 'half-way' || (outcome.kind === 'rolled-back' && !(outcome.failure.kind === 'other-failed' && outcome.failure.rolledBack));
}

export function groupEndedLines(ends: readonly Ended[], {columns, theme}: Style): Line[] {
	const nameColumns = Math.min(28, Math.max(6, ...ends.map(end => widthOf(showSafely(nameOf(end), theme.isAscii))))) + 2;
	const endColumns = Math.max(7, ...ends.map(({outcome}) => wordOfEnd(outcome).length)) + 2;
	const isAllDone = ends.every(({outcome}) => outcome.kind === 'done');
	return [
		...paragraph(verdictOfGroup(ends), {columns: columns - 1, theme, tone: isAllDone ? 'good' : 'warning', lead: {text: ' '}}),
		[],
		line(` ${'DOMAIN'.padEnd(nameColumns)}${'OUTCOME'.padEnd(endColumns)}REASON`, 'dim'),
		...ends.flatMap((end): Line[] => {
			const name = cutEnd(showSafely(nameOf(end), theme.isAscii), nameColumns - 2, theme.glyphs.ellipsis);
			const lead = nameColumns + endColumns + 1;
			return paragraph(reasonOfEnd(end.run.plan, end.outcome), {columns: columns - lead - 1, theme, lead: {text: ''}}).map((pieces, row): Line => row === 0
				? [{text: ` ${name}${' '.repeat(nameColumns - widthOf(name))}`, tone: 'strong'}, {text: wordOfEnd(end.outcome).padEnd(endColumns), tone: toneOf(end)}, ...pieces]
				: [{text: ' '.repeat(lead)}, ...pieces]);
		}),
		...ends.filter(end => isDescribedInFull(end)).flatMap(end => end.outcome.kind === 'done'
			? []
			: [[], line(` ${nameOf(end)}`, 'strong'), ...failureLines(end.outcome.failure, {columns, theme})]),
	];
}
