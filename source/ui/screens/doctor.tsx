/**
What the doctor found: the list above, the words of the selected finding below. Looking goes on beside it and can be left.
*/
import {doctorRows, layoutOf, windowTop} from '../../app/layout.ts';
import {isIn} from '../../app/find/find.ts';
import {findHere} from '../../app/find/place.ts';
import {isOurs} from '../../app/doctor/update-doctor.ts';
import type {State} from '../../app/state.ts';
import {
	doctorStatus, doctorTitle, findingLines, findingRow, healthyLine,
} from '../content/findings.ts';
import {markHit} from '../parts/found.ts';
import {LineView, LinesView, textOf, type Line} from '../parts/line.tsx';
import {useTheme} from '../theme.ts';

export function DoctorScreen({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns, diagnosis} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const style = {columns, theme};
	if (diagnosis === undefined) {
		return <LinesView lines={[]} rows={bodyRows} columns={columns}/>;
	}

	const findings = diagnosis.findings.value ?? [];
	const status = doctorStatus(diagnosis, state.nowMs, style);
	const isHealthy = findings.length === 0 && diagnosis.findings.value !== undefined && status.length === 0;
	const listRows = doctorRows(findings.length, bodyRows);
	const top = windowTop(0, diagnosis.index, listRows, findings.length);
	const rule: Line = [{text: theme.glyphs.horizontal.repeat(columns), tone: 'dim'}];
	const position: Line = findings.length <= listRows ? [] : [{text: `${diagnosis.index + 1} of ${findings.length} `, tone: 'accent'}];
	const hasDomains = diagnosis.uuid === undefined;
	const wanted = findHere(state)?.text ?? '';
	const below = isHealthy ? [healthyLine(theme)] : [...status, ...(status.length > 0 && findings.length > 0 ? [[]] : []), ...findingLines(state, style)];
	return (
		<>
			<LineView pieces={[{text: ` ${doctorTitle(diagnosis)}`, tone: 'strong'}]} columns={columns} right={position}/>
			<LineView pieces={rule} columns={columns}/>
			{findings.slice(top, top + listRows).map((finding, index) => {
				const isSelected = top + index === diagnosis.index;
				const {pieces, right} = findingRow(finding, {theme, hasDomains, isOpened: isOurs(state, finding)});
				const row: Line = [{text: isSelected ? theme.glyphs.pointer : ' ', tone: 'accent'}, ...pieces];
				return (
					<LineView
						// eslint-disable-next-line react/no-array-index-key -- Two findings may have the same words.
						key={index}
						isSelected={isSelected}
						pieces={isIn(textOf(pieces), wanted) ? markHit(row, wanted, {theme}) : row}
						right={right}
						columns={columns}
					/>
				);
			})}
			{findings.length === 0 ? null : <LineView pieces={rule} columns={columns}/>}
			<LinesView lines={below} rows={bodyRows - 2 - (findings.length === 0 ? 0 : Math.min(listRows, findings.length) + 1)} columns={columns}/>
		</>
	);
}
