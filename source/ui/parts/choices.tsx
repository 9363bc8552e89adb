/**
A short list of choices. ink-select-input paints it; which one is chosen is decided in the store, because that component forgets keys that come fast. It is made anew
with each other choice and each other list: given other items, it goes back to the first by itself.
*/
import SelectInput from 'ink-select-input';
import {createContext, useContext, useMemo} from 'react';
import {windowTop} from '../../app/layout.ts';
import type {Option} from '../../actions/question.ts';
import {widthOf} from '../../model/text/cells.ts';
import {showSafely} from '../text.ts';
import {useTheme, type Theme} from '../theme.ts';
import {
	LineView, LinesView, paragraph, type Line,
} from './line.tsx';

type Paint = {columns: number; options: Option[]};
const PaintContext = createContext<Paint>({columns: 80, options: []});

function Pointer({isSelected = false}: {readonly isSelected?: boolean}) {
	const theme = useTheme();
	return <LineView pieces={[{text: isSelected ? ` ${theme.glyphs.pointer}` : '', tone: 'accent'}]} columns={3}/>;
}

function Choice({isSelected = false, label}: {readonly isSelected?: boolean; readonly label: string}) {
	const {columns, options} = useContext(PaintContext);
	const {reason, figure} = options.find(candidate => candidate.label === label) ?? {};
	const widest = Math.max(...options.map(option => widthOf(option.label)));
	const pieces: Line = [
		{text: label, tone: reason === undefined ? (isSelected ? 'accent' : 'plain') : 'dim'},
		{text: reason === undefined ? '' : `  (${reason})`, tone: 'dim'},
		{text: figure === undefined ? '' : `${' '.repeat(widest - widthOf(label) + 3)}${figure}`, tone: 'dim'},
	];
	return <LineView pieces={pieces} columns={columns - 4}/>;
}

/** What a choice means, below the list. */
export function noteLines(note: string | undefined, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	return paragraph(note ?? '', {columns: columns - 1, theme, tone: 'dim', lead: {text: '   '}});
}

/**
`rows`: of a list that is longer, only the part around the cursor is in sight. `noteRows`: below the list, as high as that, stands what the selected choice means.
*/
export function Choices({options, index, columns, rows = options.length, noteRows = 0}: {
	readonly options: Option[]; readonly index: number; readonly columns: number; readonly rows?: number; readonly noteRows?: number;
}) {
	const theme = useTheme();
	const safe = useMemo(() => options.map(option => ({...option, label: showSafely(option.label, theme.isAscii)})), [options, theme]);
	const paint = useMemo(() => ({columns, options: safe}), [columns, safe]);
	const top = windowTop(0, index, rows, safe.length);
	const shown = safe.slice(top, top + rows);
	return (
		<PaintContext.Provider value={paint}>
			<SelectInput
				key={`${index} ${shown.map(option => option.id).join(' ')}`}
				items={shown.map(option => ({key: option.id, label: option.label, value: option.id}))}
				initialIndex={index - top}
				isFocused={false}
				indicatorComponent={Pointer}
				itemComponent={Choice}
			/>
			{noteRows === 0
				? null
				: <LinesView lines={[[], ...noteLines(safe[index]?.note, {columns, theme})]} rows={noteRows + 1} columns={columns}/>}
		</PaintContext.Provider>
	);
}
