/**
A short list of choices. ink-select-input paints it; which one is chosen is decided in the store, because that component forgets keys that come fast.
*/
import {Text} from 'ink';
import SelectInput from 'ink-select-input';
import {createContext, useContext, useMemo} from 'react';
import type {Option} from '../../app/state.ts';
import {showSafely} from '../text.ts';
import {useTheme} from '../theme.ts';
import {LineView, type Line} from './line.tsx';

type Paint = {columns: number; options: Option[]};
const PaintContext = createContext<Paint>({columns: 80, options: []});

function Pointer({isSelected = false}: {readonly isSelected?: boolean}) {
	const theme = useTheme();
	return <Text {...theme.style('accent')}>{isSelected ? ` ${theme.glyphs.pointer} ` : '   '}</Text>;
}

function Choice({isSelected = false, label}: {readonly isSelected?: boolean; readonly label: string}) {
	const {columns, options} = useContext(PaintContext);
	const reason = options.find(candidate => candidate.label === label)?.reason;
	const pieces: Line = [
		{text: label, tone: reason === undefined ? (isSelected ? 'accent' : 'plain') : 'dim'},
		{text: reason === undefined ? '' : `  (${reason})`, tone: 'dim'},
	];
	return <LineView pieces={pieces} columns={columns - 4}/>;
}

/** `hasNotes`: below the list stands what the selected choice means. */
export function Choices({options, index, columns, hasNotes = false}: {
	readonly options: Option[]; readonly index: number; readonly columns: number; readonly hasNotes?: boolean;
}) {
	const theme = useTheme();
	const safe = useMemo(() => options.map(option => ({...option, label: showSafely(option.label, theme.isAscii)})), [options, theme]);
	const paint = useMemo(() => ({columns, options: safe}), [columns, safe]);
	return (
		<PaintContext.Provider value={paint}>
			<SelectInput
				key={index}
				items={safe.map(option => ({key: option.id, label: option.label, value: option.id}))}
				initialIndex={index}
				isFocused={false}
				indicatorComponent={Pointer}
				itemComponent={Choice}
			/>
			{hasNotes
				? (
					<>
						<LineView pieces={[]} columns={columns}/>
						<LineView pieces={[{text: `   ${safe[index]?.note ?? ''}`, tone: 'dim'}]} columns={columns}/>
					</>
				)
				: null}
		</PaintContext.Provider>
	);
}
