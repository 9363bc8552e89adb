/**
The left pane: the domains in sight, each with a mark where it needs somebody, its state in a sign and a word, and how many snapshots it has.
*/
import {visibleDomains} from '../../app/browse/domains.ts';
import {shownRows, windowTop} from '../../app/layout.ts';
import type {State} from '../../app/state.ts';
import {percentOf, runOn} from '../../app/run/jobs.ts';
import {markOf} from '../../app/doctor/health.ts';
import {healthMarks, statePiece, stateGlyph} from '../content/words.ts';
import {widthOf} from '../../model/text/cells.ts';
import {cutMiddle, showSafely} from '../text.ts';
import {useTheme} from '../theme.ts';
import {LineView, LinesView, line} from './line.tsx';
import {positionLine} from './tree-list.tsx';

export function DomainList({state, rows, columns}: {readonly state: State; readonly rows: number; readonly columns: number}) {
	const theme = useTheme();
	const domains = visibleDomains(state);
	if (domains.length === 0) {
		const text = state.domains.value === undefined ? '' : (state.filter.text === '' ? ' No domains.' : ' No domain matches.');
		return <LinesView lines={[line(text, 'dim')]} rows={rows} columns={columns}/>;
	}

	const {id} = state.domainCursor;
	const inSight = shownRows(rows, domains.length);
	const top = windowTop(state.domainCursor.top, domains.findIndex(domain => domain.uuid === id), inSight, domains.length);
	const shown = domains.slice(top, top + inSight);
	const nameColumns = columns - 16;
	return (
		<>
			{Array.from({length: rows}, (_, index) => {
				const domain = shown[index];
				if (index === inSight) {
					return <LineView key={index} pieces={positionLine(top, inSight, domains.length)} columns={columns}/>;
				}

				if (domain === undefined) {
					return <LineView key={index} pieces={[]} columns={columns}/>;
				}

				const isSelected = domain.uuid === id;
				const hasKeys = isSelected && state.pane === 'domains';
				const run = runOn(state, domain.uuid);
				const mark = markOf(state, domain.uuid);
				const {glyph, tone} = mark === undefined ? {glyph: undefined, tone: undefined} : healthMarks[mark];
				const name = cutMiddle(showSafely(domain.name, theme.isAscii), nameColumns, theme.glyphs.ellipsis);
				return (
					<LineView
						key={index}
						isSelected={hasKeys}
						pieces={[
							isSelected ? {text: theme.glyphs.pointer, tone: 'accent'} : {text: ' '},
							{text: glyph === undefined ? ' ' : theme.glyphs[glyph], tone},
							{text: state.marks.domains.has(domain.uuid) ? theme.glyphs.marked : ' ', tone: 'accent'},
							stateGlyph(domain.state, theme),
							{text: ' '},
							{text: name, tone: isSelected ? 'strong' : 'plain', isName: true},
							{text: `${' '.repeat(Math.max(0, nameColumns - widthOf(name)))} `},
							...(run === undefined
								? [statePiece(domain.state), {text: String(state.counts[domain.uuid] ?? '').padStart(3) + ' ', tone: 'dim' as const}]
								: [{text: `${percentOf(run)} % `.padStart(10), tone: 'accent' as const}]),
						]}
						columns={columns}
					/>
				);
			})}
		</>
	);
}
