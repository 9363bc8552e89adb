/**
What was done here: the list of what can be taken back, and the commands that ran. A list above, all words on the selected one below.
*/
import {halfRows, layoutOf, windowTop} from '../../app/layout.ts';
import {selectedCommand} from '../../app/run/update-log.ts';
import type {Scene, State} from '../../app/state.ts';
import {failureLines} from '../content/failure.ts';
import {commandDetails, commandRow} from '../content/run/command-log.ts';
import {undoDetails, undoRows, undoTitle} from '../content/run/undo.ts';
import {formatSeconds} from '../content/words.ts';
import {
	LineView, LinesView, line, type Line,
} from '../parts/line.tsx';
import {useTheme} from '../theme.ts';

type ListProps = {readonly state: State; readonly title: string; readonly rows: Line[]; readonly index: number; readonly below: Line[]};

/** The list takes what it needs, up to half of the room. */
function ListAndWords({state, title, rows, index, below}: ListProps) {
	const theme = useTheme();
	const {columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const rule: Line = [{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}];
	const listRows = halfRows(rows.length, bodyRows);
	const top = windowTop(0, index, listRows, rows.length);
	const position: Line = rows.length <= listRows ? [] : [{text: `${index + 1} of ${rows.length} `, tone: 'accent'}];
	return (
		<>
			<LineView pieces={[{text: ` ${title}`, tone: 'strong'}]} columns={columns} right={position}/>
			<LineView pieces={rule} columns={columns}/>
			{rows.slice(top, top + listRows).map((pieces, row) => {
				const isSelected = top + row === index;
				// eslint-disable-next-line react/no-array-index-key -- Two commands may be the same.
				return <LineView key={row} isSelected={isSelected} pieces={[{text: isSelected ? theme.glyphs.pointer : ' ', tone: 'accent'}, ...pieces]} columns={columns}/>;
			})}
			{rows.length === 0 ? null : <LineView pieces={rule} columns={columns}/>}
			<LinesView lines={below} rows={bodyRows - 2 - (rows.length === 0 ? 0 : listRows + 1)} columns={columns}/>
		</>
	);
}

export function UndoScreen({state, index}: {readonly state: State; readonly index: number}) {
	const theme = useTheme();
	const {columns, undo: {value, failure, waiting}, nowMs} = state;
	const style = {columns, theme};
	const waited = waiting === undefined ? 0 : nowMs - waiting.sinceMs;
	const status = waiting === undefined
		? (failure === undefined ? [] : failureLines(failure, style))
		: [line(` Finding out how each can be undone${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, 'dim')];
	const selected = value?.[index];
	const nothing = value?.length === 0 && waiting === undefined ? [line(' Nothing was done on this host that could be undone.')] : [];
	return <ListAndWords state={state} title={undoTitle} rows={undoRows(value ?? [], style)} index={index} below={[...status, ...nothing, ...(selected === undefined ? [] : undoDetails(selected, style))]}/>;
}

export function LogScreen({state, scene}: {readonly state: State; readonly scene: Scene & {kind: 'log'}}) {
	const theme = useTheme();
	const style = {columns: state.columns, theme};
	const {index, all} = selectedCommand(state, scene);
	const selected = all[index];
	const failure = scene.planId === undefined && state.log.failure !== undefined ? failureLines(state.log.failure, style) : [];
	const nothing = [line(state.log.waiting === undefined || scene.planId !== undefined ? ' No command has run.' : ' Reading …', 'dim')];
	return <ListAndWords state={state} title='Command log' rows={all.map(({ran}) => commandRow(ran, theme))} index={index} below={[...failure, ...(selected === undefined ? nothing : commandDetails(selected, style))]}/>;
}
