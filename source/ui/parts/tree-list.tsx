/**
The right pane: the rows of one view in sight, with tree lines on the left and what matters most in columns on the right.
*/
import type {State} from '../../app/state.ts';
import {isFoundNode} from '../../app/find/find.ts';
import {findHere} from '../../app/find/place.ts';
import {shownRows, treeRowsOf, windowTop} from '../../app/layout.ts';
import {currentRows, selectedNode, selectedDetails, type Row} from '../../app/browse/rows.ts';
import {formatSince, healthWords, ownerOf, summariseCheckpoint, type CheckpointSummary} from '../../model/text/describe-checkpoint.ts';
import {formatAge} from '../../model/text/format.ts';
import {guideText} from '../../model/text/tree-guides.ts';
import {freesWord} from '../content/browse/forecast.ts';
import {
	fileCells, imageHead, imageTable, layerCells, type ImageTable,
} from '../content/browse/image-columns.ts';
import {
	headLine, nowCells, snapshotCells, snapshotTable, wideColumns, type SnapshotTable,
} from '../content/browse/snapshot-columns.ts';
import {healthGlyphs, healthTones} from '../content/words.ts';
import {useTheme, type Theme} from '../theme.ts';
import {markHit} from './found.ts';
import {
	LineView, LinesView, fitLine, line, paragraph, type Line,
} from './line.tsx';

/** So many cells, cut at the end. */
function cell(pieces: Line, columns: number, theme: Theme): Line {
	return fitLine(pieces, columns, theme);
}

/** Where it is narrow the glyph tells of the health, and a word of what is not good: names that begin alike need the room. */
function checkpointColumns(summary: CheckpointSummary, {age, isWide}: {age: string; isWide: boolean}): Line {
	const {health, disks} = summary;
	const targets = disks.map(({target}) => target).join(' ');
	const words = isWide || health !== 'good' ? ` ${healthWords[health].padEnd(9)}` : '';
	return [
		{text: words, tone: health === 'good' ? 'dim' : healthTones[health]},
		{text: ` ${formatSince(summary.size).padStart(9)}${age.padStart(12)} ${isWide ? ` ${targets.padEnd(8)} ` : ''}`, tone: 'dim'},
	];
}

function rowPieces(row: Row, given: {state: State; theme: Theme; columns: number; hasManyRoots: boolean; table: SnapshotTable | undefined; images: ImageTable | undefined}): {pieces: Line; right: Line} {
	const {state, theme, columns, hasManyRoots, table, images} = given;
	const {item} = row;
	const guide = {text: `${guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 3), hasManyRoots})}`, tone: 'dim' as const};
	const folded = row.isFolded ? [{text: ` ${theme.glyphs.folded}`, tone: 'accent' as const}] : [];
	const orphan = row.isOrphan ? [{text: '  (its parent is missing)', tone: 'warning' as const}] : [];
	switch (item.kind) {
		case 'snapshot': {
			const {snapshot} = item;
			const isOnWay = table!.facts.wayToNow.has(snapshot.name);
			const isMarked = state.marks.snapshots.has(snapshot.name);
			const name: Line = [
				guide,
				{text: `${isMarked ? theme.glyphs.marked : (isOnWay ? theme.glyphs.onWay : theme.glyphs.snapshot)} `, tone: isOnWay || isMarked ? 'accent' : 'dim'},
				{text: snapshot.name, tone: isOnWay ? 'accent' : 'plain', isName: true},
				...folded,
				...orphan,
			];
			return {pieces: [...cell(name, table!.nameColumns, theme), ...snapshotCells(snapshot, table!, theme)], right: []};
		}

		case 'head': {
			const {name, cells} = nowCells(selectedDetails(state)!, table!, state.nowMs);
			return {pieces: [...cell([guide, {text: `${theme.glyphs.here} `, tone: 'accent'}, {text: 'NOW', tone: 'accent', isName: true}, {text: ` ${name}`, tone: 'dim'}], table!.nameColumns, theme), ...cells], right: []};
		}

		case 'checkpoint': {
			const {checkpoint} = item;
			const facts = summariseCheckpoint(selectedDetails(state)!, checkpoint);
			return {
				pieces: [guide, {text: `${theme.glyphs[healthGlyphs[facts.health]]} `, tone: healthTones[facts.health]}, {text: checkpoint.name, isName: true}, ...folded, ...orphan, {text: `  ${ownerOf(checkpoint.name)}`, tone: 'dim'}],
				right: checkpointColumns(facts, {age: formatAge(checkpoint.createdAt, Math.floor(state.nowMs / 1000)), isWide: columns >= wideColumns}),
			};
		}

		case 'layer': {
			return {pieces: layerCells(item.layer, [guide], images!, {theme, folded}), right: []};
		}

		case 'file': {
			return {pieces: fileCells(item, [guide], images!, theme), right: []};
		}

		case 'unrecorded': {
			return {pieces: [guide, {text: `${theme.glyphs.snapshot} ${item.label}`, tone: 'dim'}, {text: `  ${item.reason}`, tone: 'dim'}], right: []};
		}

		case 'unreadable': {
			return {pieces: [guide, {text: `${theme.glyphs.warning} ${item.label}`, tone: 'loss'}, {text: `  ${item.reason}`, tone: 'dim'}], right: []};
		}
	}
}

const emptyWords = {snapshots: 'No snapshots.', checkpoints: 'No checkpoints.', images: 'No image files were found.'};

function readingWords(state: State): string {
	const {waiting} = state.allDetails[state.domainCursor.id ?? ''] ?? {};
	return waiting === undefined || state.nowMs - waiting.sinceMs < 1000 ? '' : ' Reading …';
}

/** What stands in the columns of the view. */
function headOf(columns: number, table: SnapshotTable | undefined, images: ImageTable | undefined): {pieces: Line; right: Line} {
	if (table !== undefined || images !== undefined) {
		return {pieces: table === undefined ? imageHead(images!) : headLine(table), right: []};
	}

	const right = columns >= wideColumns ? `state    ${'written'.padStart(9)}${'age'.padStart(12)}  disks    ` : `${'written'.padStart(9)}${'age'.padStart(12)} `;
	return {pieces: [{text: '   name', tone: 'dim'}], right: [{text: right, tone: 'dim'}]};
}

/** Where a list stands that is longer than its room. */
export function positionLine(top: number, rows: number, count: number): Line {
	return [{text: ` ${top + 1}-${Math.min(top + rows, count)} of ${count}`, tone: 'dim'}];
}

export function TreeList({state, rows, columns}: {readonly state: State; readonly rows: number; readonly columns: number}) {
	const theme = useTheme();
	const details = selectedDetails(state);
	const all = currentRows(state);
	if (details === undefined || all.length === 0) {
		const elsewhere = state.view === 'images' ? details?.filesElsewhere : undefined;
		const lines = elsewhere === undefined
			? [line(details === undefined ? readingWords(state) : ` ${emptyWords[state.view]}`, 'dim')]
			: [`Not looked at. ${elsewhere.text}`, elsewhere.remedy].flatMap(text => paragraph(text, {columns: columns - 1, theme, tone: 'dim', lead: {text: ' '}}));
		return <LinesView lines={lines} rows={rows} columns={columns}/>;
	}

	const selected = selectedNode(state, all);
	// A menu leaves fewer rows than the brain has counted on: what is selected stays in sight.
	const inSight = shownRows(treeRowsOf(rows), all.length);
	const top = windowTop(state.cursors[state.view].top, all.findIndex(row => row.item.name === selected?.name), inSight, all.length);
	const shown = all.slice(top, top + inSight);
	const table = state.view === 'snapshots' ? snapshotTable({details, rows: all, columns, theme, nowMs: state.nowMs, frees: snapshot => freesWord(state, snapshot.name)}) : undefined;
	const images = state.view === 'images'
		? imageTable({
			details, rows: all, columns, theme,
		})
		: undefined;
	const head = headOf(columns, table, images);
	const find = findHere(state);
	return (
		<>
			<LineView pieces={head.pieces} right={head.right} columns={columns}/>
			{Array.from({length: treeRowsOf(rows)}, (_, index) => {
				if (index === inSight && all.length > inSight) {
					return <LineView key={index} pieces={positionLine(top, inSight, all.length)} columns={columns}/>;
				}

				const row = shown[index];
				if (row === undefined) {
					return <LineView key={index} pieces={[]} columns={columns}/>;
				}

				const hasKeys = row.item.name === selected?.name && state.pane === 'tree';
				const {pieces, right} = rowPieces(row, {
					state, theme, columns, table, images, hasManyRoots: all[0]!.isBranch,
				});
				const drawn: Line = [hasKeys ? {text: theme.glyphs.pointer, tone: 'accent'} : {text: ' '}, ...pieces];
				return (
					<LineView
						key={index}
						isSelected={hasKeys}
						pieces={find !== undefined && isFoundNode(state, row.item) ? markHit(drawn, find.text, {theme}) : drawn}
						right={right}
						columns={columns}
					/>
				);
			})}
		</>
	);
}
