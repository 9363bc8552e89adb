/**
The left pane: the domains in sight, each with a mark where it needs somebody, its state in a sign and a word, and how many snapshots it has.
*/
import {visibleDomains} from '../../app/browse/domains.ts';
import {shortName} from '../../app/hosts/host-line.ts';
import {paneOf, type PaneRow} from '../../app/hosts/pane.ts';
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

/** One of several hosts, with how it is. */
function HostRow({state, index, isUnfolded, columns}: {readonly state: State; readonly index: number; readonly isUnfolded: boolean; readonly columns: number}) {
	const theme = useTheme();
	const {all, own} = state.hosts;
	const host = all[index]!;
	const isOwn = index === own;
	const {name, state: how, needing, atWork} = host;
	const words = {connecting: 'connecting', answers: `${host.domains ?? 0}${needing > 0 ? ` ${theme.glyphs.warning}${needing}` : ''}${atWork > 0 ? ` ${theme.glyphs.job}${atWork}` : ''}`, silent: 'no answer'}[how];
	const label = cutMiddle(showSafely(shortName(name, all), theme.isAscii), columns - widthOf(words) - 5, theme.glyphs.ellipsis);
	return (
		<LineView
			pieces={[{text: isUnfolded ? ` ${theme.glyphs.host} ` : '   ', tone: isOwn ? 'accent' : 'dim'}, {text: label, tone: isOwn ? 'strong' : 'dim'}]}
			right={[{text: `${words} `, tone: how === 'silent' ? 'loss' : (needing > 0 ? 'warning' : 'dim')}]}
			columns={columns}
		/>
	);
}

/** A domain of a host that is not shown, or the number of its domains that do not fit. */
function OtherRow({state, row, columns}: {readonly state: State; readonly row: Exclude<PaneRow, {kind: 'host'}>; readonly columns: number}) {
	const theme = useTheme();
	const domain = row.kind === 'domain' ? state.hosts.all[row.host]!.list?.[row.domain] : undefined;
	if (domain === undefined) {
		return <LineView pieces={[{text: row.kind === 'more' ? `     ${theme.glyphs.ellipsis} ${row.count} more` : '', tone: 'dim'}]} columns={columns}/>;
	}

	const {glyph, tone} = domain.mark === undefined ? {glyph: undefined, tone: undefined} : healthMarks[domain.mark];
	const nameColumns = columns - 16;
	const name = cutMiddle(showSafely(domain.name, theme.isAscii), nameColumns, theme.glyphs.ellipsis);
	return (
		<LineView
			pieces={[
				{text: ' '},
				{text: glyph === undefined ? ' ' : theme.glyphs[glyph], tone},
				{text: ' '},
				stateGlyph(domain.state, theme),
				{text: ` ${name}${' '.repeat(Math.max(0, nameColumns - widthOf(name)))} `, tone: 'dim'},
				{text: statePiece(domain.state).text, tone: 'dim'},
			]}
			columns={columns}
		/>
	);
}

/** The domains of the host that is shown stand under it; those of the others as far as there is room. */
export function DomainPane({state, rows, columns}: {readonly state: State; readonly rows: number; readonly columns: number}) {
	const pane = paneOf(state, rows);
	const drawn = (lines: PaneRow[]) => lines.map(row => row.kind === 'host'
		? <HostRow key={`host ${row.host}`} state={state} index={row.host} isUnfolded={row.host === state.hosts.own || lines.some(other => other.kind === 'domain' && other.host === row.host)} columns={columns}/>
		: <OtherRow key={`${row.host} ${row.kind === 'domain' ? row.domain : 'more'}`} state={state} row={row} columns={columns}/>);
	return (
		<>
			{drawn(pane.above)}
			<DomainList state={state} rows={pane.rows} columns={columns}/>
			{drawn(pane.below)}
			<LinesView lines={[]} rows={rows - pane.above.length - pane.rows - pane.below.length} columns={columns}/>
		</>
	);
}

function DomainList({state, rows, columns}: {readonly state: State; readonly rows: number; readonly columns: number}) {
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
