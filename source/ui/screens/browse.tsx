/**
The first screen: domains on the left, the trees of the selected one on the right, details below. A menu takes the place of the details.
*/
import {Box} from 'ink';
import {layoutOf, listRowsOf} from '../../app/layout.ts';
import {leftOf, selectedDomain, selectedDetails, visibleDomains} from '../../app/browse/rows.ts';
import {ownImages} from '../../model/images/describe-images.ts';
import {views, type State, type View} from '../../app/state.ts';
import {detailsOf} from '../content/details.ts';
import {failureLines} from '../content/failure.ts';
import {describeLeft} from '../content/recover.ts';
import {formatSeconds} from '../content/words.ts';
import {Choices} from '../parts/choices.tsx';
import {DomainList} from '../parts/domain-list.tsx';
import {
	LineView, LinesView, line, type Line,
} from '../parts/line.tsx';
import {TreeList} from '../parts/tree-list.tsx';
import {useTheme, type Theme} from '../theme.ts';

function domainHeading(state: State, theme: Theme): Line {
	const {filter} = state;
	if (filter.isTyping || filter.text !== '') {
		return [{text: ' / ', tone: 'accent'}, {text: filter.text}, {text: filter.isTyping ? theme.glyphs.cursor : `  (${visibleDomains(state).length})`, tone: 'accent'}];
	}

	const count = state.domains.value?.length;
	return [{text: ` Domains${count === undefined ? '' : ` ${count}`}`, tone: state.pane === 'domains' ? 'strong' : 'dim'}];
}

const viewWords: Record<View, string> = {snapshots: 'Snapshots', checkpoints: 'Checkpoints', images: 'Images'};

function viewHeading(state: State, theme: Theme): Line {
	const details = selectedDetails(state);
	const pieces: Line = [{text: ' '}];
	for (const [index, view] of views.entries()) {
		const count = details === undefined ? '' : ` ${view === 'images' ? ownImages(details).length : details[view].length}`;
		const isShown = view === state.view;
		pieces.push(
			{text: index === 0 ? '' : `  ${theme.glyphs.dot}  `, tone: 'dim'},
			{text: isShown ? `[${viewWords[view]}${count}]` : ` ${viewWords[view]}${count} `, tone: isShown ? (state.pane === 'tree' ? 'strong' : 'plain') : 'dim'},
		);
	}

	return pieces;
}

/** Before the first list: what is waited for, or why there is none. */
function Waiting({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const {failure, waiting} = state.domains;
	const waited = waiting === undefined ? 0 : state.nowMs - waiting.sinceMs;
	const asking = line(` Asking the host for its domains${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, 'dim');
	const lines = failure === undefined
		? [[], asking]
		: [[], ...failureLines(failure, {columns, theme}), [], ...(waiting === undefined ? [line(' Press R to try again, q to quit.', 'accent')] : [asking])];
	return <LinesView lines={lines} rows={bodyRows} columns={columns}/>;
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

export function BrowseScreen({state}: {readonly state: State}) {
	const theme = useTheme();
	const {columns, scene} = state;
	const layout = layoutOf(columns, state.rows);
	const {leftColumns, rightColumns} = layout;
	// A menu that is longer than the room of the details takes some of the lists'.
	const menuRows = scene.kind === 'menu' ? scene.options.length + 2 : 0;
	const detailRows = Math.max(layout.detailRows, Math.min(menuRows, layout.detailRows + layout.listRows - 2));
	const listRows = Math.max(1, listRowsOf(state) - (detailRows - layout.detailRows));
	if (state.domains.value === undefined) {
		return <Waiting state={state}/>;
	}

	const {glyphs} = theme;
	const domain = selectedDomain(state);
	return (
		<>
			<Banner state={state}/>
			<Box>
				<Box flexDirection='column' width={leftColumns}>
					<LineView pieces={domainHeading(state, theme)} columns={leftColumns}/>
					<DomainList state={state} rows={listRows} columns={leftColumns}/>
				</Box>
				<Box flexDirection='column' width={1}>
					{Array.from({length: listRows + 1}, (_, index) => <LineView key={index} pieces={[{text: glyphs.vertical, tone: 'dim'}]} columns={1}/>)}
				</Box>
				<Box flexDirection='column' width={rightColumns}>
					<LineView pieces={domain === undefined ? [] : viewHeading(state, theme)} columns={rightColumns}/>
					<TreeList state={state} rows={listRows} columns={rightColumns}/>
				</Box>
			</Box>
			<LineView
				pieces={[{text: glyphs.horizontal.repeat(leftColumns) + glyphs.teeDown + glyphs.horizontal.repeat(rightColumns), tone: 'dim'}]}
				columns={columns}
				right={staleness(state)}
			/>
			{scene.kind === 'menu'
				? (
					<Box flexDirection='column' height={detailRows - 1}>
						<LineView pieces={[{text: ` ${scene.title}`, tone: 'strong'}]} columns={columns}/>
						<Choices options={scene.options} index={scene.index} columns={columns} rows={Math.min(scene.options.length, detailRows - 2)}/>
					</Box>
				)
				: <LinesView lines={detailsOf(state, {columns, theme})} rows={detailRows - 1} columns={columns}/>}
		</>
	);
}
