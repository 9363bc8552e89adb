/**
A short list of choices. ink-select-input paints it; which one is chosen is decided in the store, because that component forgets keys that come fast.
*/
import SelectInput from 'ink-select-input';
import {Text} from 'ink';
import {createContext, useContext} from 'react';
import type {Option} from '../../app/state.ts';
import {widthOf, showSafely} from '../text.ts';
import {useTheme} from '../theme.ts';
import {LineView, type Line} from './line.tsx';

type Width = {columns: number; labelColumns: number; options: Option[]};
const WidthContext = createContext<Width>({columns: 80, labelColumns: 30, options: []});

function Pointer({isSelected = false}: {readonly isSelected?: boolean}) {
	const theme = useTheme();
	return <Text {...theme.style('accent')}>{isSelected ? ` ${theme.glyphs.pointer}` : '  '}</Text>;
}

function Choice({isSelected = false, label}: {readonly isSelected?: boolean; readonly label: string}) {
	const {columns, labelColumns, options} = useContext(WidthContext);
	const option = options.find(candidate => candidate.label === label);
	const isPossible = option?.reason === undefined;
	const pad = ' '.repeat(Math.max(2, labelColumns - widthOf(label) + 2));
	const pieces: Line = [
		{text: label, tone: isPossible ? (isSelected ? 'accent' : 'plain') : 'dim'},
		{text: option?.reason === undefined ? (option?.note === undefined ? '' : pad + option.note) : `${pad}(${option.reason})`, tone: 'dim'},
	];
	return <LineView pieces={pieces} columns={columns - 4}/>;
}

export function Choices({options, index, columns}: {readonly options: Option[]; readonly index: number; readonly columns: number}) {
	const theme = useTheme();
	const safe = options.map(option => ({...option, label: showSafely(option.label, theme.isAscii)}));
	const labelColumns = Math.min(Math.floor(columns / 2), Math.max(...safe.map(option => widthOf(option.label))));
	return (
		<WidthContext.Provider value={{columns, labelColumns, options: safe}}>
			<SelectInput
				key={index}
				items={safe.map(option => ({key: option.id, label: option.label, value: option.id}))}
				initialIndex={index}
				isFocused={false}
				indicatorComponent={Pointer}
				itemComponent={Choice}
			/>
		</WidthContext.Provider>
	);
}
