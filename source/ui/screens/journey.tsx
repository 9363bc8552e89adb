/**
A guided action: its title, the page that scrolls, and the line that starts it, which is always in sight.
*/
import type {Journey} from '../../app/journey/journey.ts';
import type {State} from '../../app/state.ts';
import {widthOf} from '../../model/text/cells.ts';
import {momentOfJourney, titleOfJourney} from '../content/fields.ts';
import {pageOf} from '../content/page.ts';
import {bottomLines} from '../content/plan-page.ts';
import {withHits} from '../parts/found.ts';
import {
	LineView, LinesView, textOf, type Line,
} from '../parts/line.tsx';
import {useTheme} from '../theme.ts';

/** "lines 1-12 of 40" where a text does not fit. */
export function positionPiece(page: {lines: Line[]; rows: number; top: number}): Line {
	const {lines, rows, top} = page;
	return lines.length <= rows ? [] : [{text: `lines ${top + 1}-${Math.min(lines.length, top + rows)} of ${lines.length} `, tone: 'accent'}];
}

export function JourneyScreen({state, journey}: {readonly state: State; readonly journey: Journey}) {
	const theme = useTheme();
	const {columns} = state;
	const page = pageOf(state, theme)!;
	const bottom = bottomLines(state, journey, {columns, theme});
	const top = Math.max(0, Math.min(page.top, page.lines.length - page.rows));
	const last = bottom.at(-1)!;
	const position = positionPiece({...page, top});
	// What is said there is worth more than where one is.
	const isRoom = widthOf(textOf(last)) + widthOf(textOf(position)) < columns;
	return (
		<>
			<LineView pieces={[{text: ` ${titleOfJourney(journey)}`, tone: 'strong'}]} columns={columns} right={[{text: `${momentOfJourney(state, journey)} `, tone: 'dim'}]}/>
			<LinesView lines={withHits(state, page.lines, theme)} top={top} rows={page.rows} columns={columns}/>
			<LinesView lines={bottom.slice(0, -1)} rows={bottom.length - 1} columns={columns}/>
			<LineView pieces={last} columns={columns} right={isRoom ? position : []}/>
		</>
	);
}
