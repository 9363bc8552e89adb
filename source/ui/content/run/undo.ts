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

/** The space before the title, and the sign between it and what takes it back. */
const fixedColumns = 20;

const titleOf = ({action}: Undoable, {theme}: Style) => showSafely(`${action.domain.name}: ${action.action}`, theme.isAscii);
const undoText = ({undo}: Undoable) => undo.kind === 'possible' ? undo.text : 'not possible';

/** When, where, what, and what takes it back. The domain comes first, for a long name is cut: a title has what the widest saying leaves, and half of the row at least. */
export function undoRows(found: readonly Undoable[], style: Style): Line[] {
	const {columns, theme} = style;
	const room = columns - fixedColumns;
	const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(text => widthOf(text)));
	const titleColumns = Math.min(widest(found.map(each => titleOf(each, style))), Math.max(Math.floor(room / 2), room - widest(found.map(each => undoText(each)))));
	return found.map(each => {
		const title = cutEnd(titleOf(each, style), titleColumns, theme.glyphs.ellipsis);
		const isPossible = each.undo.kind === 'possible';
		return [
			{text: ` ${formatTime(Date.parse(each.action.at) / 1000).slice(5)}  `, tone: 'dim'},
			{text: title + ' '.repeat(titleColumns - widthOf(title) + 2)},
			{text: `${theme.glyphs[isPossible ? 'undone' : 'loss']} `, tone: isPossible ? 'good' : 'dim'},
			{text: undoText(each), tone: isPossible ? undefined : 'dim'},
		];
	});
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
