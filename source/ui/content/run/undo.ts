/**
What was done here, and what takes it back, as lines.
*/
import {describeUndoing} from '../../../actions/undo.ts';
import type {Undoable} from '../../../app/services.ts';
import {formatTime} from '../../../model/text/format.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {paragraph, type Line} from '../../parts/line.tsx';
import {cutEnd, showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';

type Style = {columns: number; theme: Theme};

export const undoTitle = 'Undo: what was done here';

/** When, where, what, and what takes it back. The domain comes first, for a long name is cut. */
export function undoRow({action, undo}: Undoable, {columns, theme}: Style): Line {
	const titleColumns = Math.floor((columns - 20) * 0.5);
	const safe = cutEnd(showSafely(`${action.domain.name}: ${action.action}`, theme.isAscii), titleColumns, theme.glyphs.ellipsis);
	const isPossible = undo.kind === 'possible';
	return [
		{text: ` ${formatTime(Date.parse(action.at) / 1000).slice(5)}  `, tone: 'dim'},
		{text: safe + ' '.repeat(titleColumns - widthOf(safe) + 2)},
		{text: `${theme.glyphs[isPossible ? 'undone' : 'loss']} `, tone: isPossible ? 'good' : 'dim'},
		{text: isPossible ? undo.says : 'not possible', tone: isPossible ? undefined : 'dim'},
	];
}

/** All words on the selected one. */
export function undoDetails({action, title, undo}: Undoable, {columns, theme}: Style): Line[] {
	const field = (label: string, text: string): Line[] => paragraph(text, {columns: columns - 1, theme, lead: {text: ` ${label.padEnd(10)}`, tone: 'dim'}});
	return [
		...field('done', title),
		...field('when', formatTime(Date.parse(action.at) / 1000)),
		...field('by', action.user),
		...field('undo', describeUndoing(undo)),
		...field('ID', action.id),
	];
}

/** To be read aloud. */
export function spokenUndo({action, title, undo}: Undoable): string {
	return `${formatTime(Date.parse(action.at) / 1000)}, ${title}. Undo: ${describeUndoing(undo)}`;
}
