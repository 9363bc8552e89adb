/**
The first screen: domains on the left, the trees of the selected one on the right, details below. A menu takes the place of the details.
*/
import {Box} from 'ink';
import {visibleDomains} from '../../app/browse/domains.ts';
import {markedDomains, markedSnapshots} from '../../app/browse/marks.ts';
import {layoutOf, logRowsOf, menuPlace} from '../../app/layout.ts';
import {leftOf, selectedDomain, selectedDetails} from '../../app/browse/rows.ts';
import {rowFacts} from '../../app/browse/row-facts.ts';
import {formatShortBytes} from '../../model/text/format.ts';
import {ownImages} from '../../model/images/describe-images.ts';
import {sessionCommands} from '../../app/run/update-log.ts';
import {isAtWork} from '../../app/run/jobs.ts';
import {views, type State, type View} from '../../app/state.ts';
import {imageTotals} from '../content/browse/image-columns.ts';
import {failureLines} from '../content/failure.ts';
import {withVerdicts} from '../content/browse/forecast.ts';
import {hostLines} from '../content/browse/hosts.ts';
import {commandRow} from '../content/run/command-log.ts';
import {jobsLine} from '../content/run/jobs.ts';
import {describeLeft} from '../content/recover.ts';
import {
	cutLines, fileTable, summaryOf, summaryTitle, wideScreen,
} from '../content/browse/summary.ts';
import {formatSeconds} from '../content/words.ts';
import {Choices} from '../parts/choices.tsx';
import {DomainPane} from '../parts/domain-list.tsx';
import {
	LineView, LinesView, line, textOf, type Line, type Piece,
} from '../parts/line.tsx';
import {TreeList} from '../parts/tree-list.tsx';
import {widthOf} from '../../model/text/cells.ts';
import {showSafely} from '../text.ts';
import {useTheme, type Theme} from '../theme.ts';

function domainHeading(state: State, theme: Theme): Line {
	const {filter} = state;
	if (filter.isTyping || filter.text !== '') {
		return [{text: ' / ', tone: 'accent'}, {text: filter.text}, {text: filter.isTyping ? theme.glyphs.cursor : `  (${visibleDomains(state).length})`, tone: 'accent'}];
	}

	const count = state.domains.value?.length;
	const marked = markedDomains(state).length;
	return [{text: ` Domains${count === undefined ? '' : ` ${count}`}`, tone: state.pane === 'domains' ? 'strong' : 'dim'}, ...(marked === 0 ? [] : [{text: `  ${marked} marked`, tone: 'accent' as const}])];
}

const viewWords: Record<View, string> = {snapshots: 'Snapshots', checkpoints: 'Checkpoints', images: 'Images'};

/** The three views with their keys, and what all images of the domain take. */
function viewHeading(state: State, columns: number): {pieces: Line; right: Line} {
	const details = selectedDetails(state);
	const count = state.counts[state.domainCursor.id ?? ''];
	const countOf = (view: View) => details === undefined ? (view === 'snapshots' && count !== undefined ? ` ${count}` : '') : ` ${view === 'images' ? ownImages(details).length : details[view].length}`;
	const isRoomy = columns >= 64;
	const isNarrow = columns < 48;
	const pieces = views.map((view, index): Piece => {
		const isShown = view === state.view;
		const words = `${index + 1}${isNarrow && !isShown ? '' : ` ${viewWords[view]}`}${isShown || isRoomy ? countOf(view) : ''}`;
		return {text: isShown ? `[${words}]` : ` ${words} `, tone: isShown ? (state.pane === 'tree' ? 'strong' : 'plain') : 'dim'};
	});
	const marked = markedSnapshots(state).length;
	const name = marked > 0 ? `${marked} marked  ` : (isRoomy ? `${selectedDomain(state)?.name ?? ''}  ` : '');
	const room = columns - widthOf(textOf(pieces)) - widthOf(name) - 2;
	const bytes = () => state.view === 'images' ? imageTotals(state, details!, room) : formatShortBytes(rowFacts(details!).totalBytes);
	const total = details === undefined || details.images.length === 0 ? '' : `${bytes()} `;
	return {pieces, right: [{text: name}, {text: total, tone: 'dim'}]};
}

/** Before the first list: what is waited for, or why there is none. */
function Waiting({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const {failure, waiting} = state.domains;
	const waited = waiting === undefined ? 0 : state.nowMs - waiting.sinceMs;
	const asking = line(` Asking the host for its domains${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, 'dim');
	const hosts = hostLines(state, {columns, theme});
	const lines = failure === undefined
		? [[], asking]
		: [[], ...failureLines(failure, {columns, theme}), [], ...(waiting === undefined ? [line(` ${hosts.length === 0 ? 'Press R to try again, q to quit.' : 'Press R to try again, ] for the next host, q to quit.'}`, 'accent')] : [asking])];
	return <LinesView lines={[...hosts, ...lines]} rows={bodyRows} columns={columns}/>;
}

/** The list is still the last one that was read: say so, and why. */
function staleness(state: State): Line {
	const {domains, host} = state;
	if (domains.failure === undefined) {
		return [];
	}

	const what = domains.failure.kind === 'host-unreachable' ? `${domains.failure.uri} cannot be reached` : 'the list could not be read again';
	return [{text: ` ${host.value === undefined ? '' : 'Outdated: '}${what}. Press R to try again. `, tone: 'loss'}];
}

/** What was interrupted, above everything else: of the selected domain, or the first. */
function Banner({state}: {readonly state: State}) {
	const theme = useTheme();
	const {left, columns, nowMs} = state;
	const action = leftOf(state, state.domainCursor.id) ?? left[0];
	const more = left.length > 1 ? `(${left.length}) ` : '';
	if (action === undefined) {
		return null;
	}

	const text: Line = [{text: ` ${theme.glyphs.warning} ${more}${describeLeft(action, nowMs)}`, tone: 'warning'}];
	return <LineView pieces={text} columns={columns} right={[{text: '  x', tone: 'accent'}, {text: ' open ', tone: 'dim'}]}/>;
}

/** The line below the lists, with the name of what is selected. */
function Rule({state}: {readonly state: State}) {
	const {glyphs, isAscii} = useTheme();
	const {columns} = state;
	const {leftColumns, rightColumns} = layoutOf(columns, state.rows);
	const title = state.scene.kind === 'menu' ? '' : summaryTitle(state);
	const stale = staleness(state);
	const right: Line = stale.length > 0 || title === '' ? stale : [{text: ` ${title} `, tone: 'strong'}, {text: glyphs.horizontal.repeat(2), tone: 'dim'}];
	const room = columns - right.reduce((sum, {text}) => sum + widthOf(showSafely(text, isAscii)), 0);
	const rule = glyphs.horizontal.repeat(leftColumns) + glyphs.teeDown + glyphs.horizontal.repeat(rightColumns);
	return <LineView pieces={[{text: rule.slice(0, Math.max(0, room)), tone: 'dim'}, ...right]} columns={columns}/>;
}

/** What is selected; where there is room its files stand beside it. */
function Below({state, rows}: {readonly state: State; readonly rows: number}) {
	const theme = useTheme();
	const {columns} = state;
	const half = Math.floor(columns * 0.44);
	const files = columns < wideScreen ? [] : fileTable(state, {columns: columns - half - 1, theme});
	if (files.length === 0) {
		return <LinesView lines={cutLines(summaryOf(state, {columns, theme}), rows)} rows={rows} columns={columns}/>;
	}

	return (
		<Box>
			<Box flexDirection='column' width={half}>
				<LinesView lines={cutLines(summaryOf(state, {columns: half, theme}), rows)} rows={rows} columns={half}/>
			</Box>
			<Box flexDirection='column' width={1}>
				{Array.from({length: rows}, (_, index) => <LineView key={index} pieces={[{text: theme.glyphs.vertical, tone: 'dim'}]} columns={1}/>)}
			</Box>
			<Box flexDirection='column' width={columns - half - 1}>
				<LinesView lines={cutLines(files, rows)} rows={rows} columns={columns - half - 1}/>
			</Box>
		</Box>
	);
}

/** The commands that ran last, where there is room. */
function LastCommands({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns} = state;
	const rows = logRowsOf(state);
	return rows === 0
		? null
		: (
			<>
				<LineView pieces={[{text: theme.glyphs.horizontal.repeat(columns - 16), tone: 'dim'}]} columns={columns} right={[{text: '@', tone: 'accent'}, {text: ' command log ', tone: 'dim'}]}/>
				<LinesView lines={sessionCommands(state).slice(-(rows - 1)).map(({ran}) => commandRow(ran, theme))} rows={rows - 1} columns={columns}/>
			</>
		);
}

export function BrowseScreen({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns, scene} = state;
	const {leftColumns, rightColumns} = layoutOf(columns, state.rows);
	const {detailRows, listRows, rows} = menuPlace(state, scene.kind === 'menu' ? {count: scene.options.length, index: scene.index} : {count: 0, index: 0});
	if (state.domains.value === undefined) {
		return <Waiting state={state}/>;
	}

	const {glyphs} = theme;
	const domain = selectedDomain(state);
	const heading = viewHeading(state, rightColumns);
	return (
		<>
			<Banner state={state}/>
			<Box>
				<Box flexDirection='column' width={leftColumns}>
					<LineView pieces={domainHeading(state, theme)} right={state.marks.domains.size > 0 ? [] : [{text: `s:${state.sort}  `, tone: 'dim'}]} columns={leftColumns}/>
					<DomainPane state={state} rows={listRows} columns={leftColumns}/>
				</Box>
				<Box flexDirection='column' width={1}>
					{Array.from({length: listRows + 1}, (_, index) => <LineView key={index} pieces={[{text: glyphs.vertical, tone: 'dim'}]} columns={1}/>)}
				</Box>
				<Box flexDirection='column' width={rightColumns}>
					<LineView pieces={domain === undefined ? [] : heading.pieces} right={domain === undefined ? [] : heading.right} columns={rightColumns}/>
					<TreeList state={state} rows={listRows} columns={rightColumns}/>
				</Box>
			</Box>
			<Rule state={state}/>
			{scene.kind === 'menu'
				? (
					<Box flexDirection='column' height={detailRows - 1}>
						<LineView pieces={[{text: ` ${scene.title}`, tone: 'strong'}]} columns={columns}/>
						<Choices options={withVerdicts(state, scene.options)} index={scene.index} columns={columns} rows={rows}/>
					</Box>
				)
				: <Below state={state} rows={detailRows - 1}/>}
			<LastCommands state={state}/>
			{isAtWork(state) ? <LineView {...jobsLine(state, theme)} columns={columns}/> : null}
		</>
	);
}
