/**
The right pane: the rows of one view in sight, with tree lines on the left and what matters most in columns on the right.
*/
import type {State} from '../../app/state.ts';
import {imageHolders, type Holder} from '../../app/browse/image-holders.ts';
import {windowTop} from '../../app/layout.ts';
import {currentRows, selectedNode, selectedDetails, type Row} from '../../app/browse/rows.ts';
import {isDenied} from '../../model/images/image.ts';
import {describeProblem} from '../../model/images/describe-images.ts';
import {formatSince, healthWords, ownerOf, tellCheckpoint, type ToldCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {formatAge, formatBytes} from '../../model/text/format.ts';
import {guideText} from '../../model/text/tree-guides.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {healthGlyphs, healthTones, isTrouble, kindOfSnapshot} from '../content/words.ts';
import {cutMiddle, showSafely} from '../text.ts';
import {useTheme, type Theme} from '../theme.ts';
import {
	LineView, LinesView, line, paragraph, type Line,
} from './line.tsx';

function snapshotColumns(kind: string, age: string): Line {
	return [{text: `${kind.padEnd(15)}${age.padStart(11)} `, tone: 'dim'}];
}

/** From this width on there is room for the disks and the health in words. */
const wideColumns = 70;

/** Where it is narrow the glyph tells of the health, and a word of what is not good. */
function checkpointColumns(told: ToldCheckpoint, {age, isWide}: {age: string; isWide: boolean}): Line {
	const {health, disks} = told;
	const targets = disks.map(({target}) => target).join(' ');
	const words = isWide || health !== 'good' ? healthWords[health] : targets;
	return [
		{text: ` ${words.padEnd(9)}`, tone: health === 'good' ? 'dim' : healthTones[health]},
		{text: ` ${formatSince(told.size).padStart(9)}${age.padStart(12)} ${isWide ? ` ${targets.padEnd(8)} ` : ''}`, tone: 'dim'},
	];
}

function rowPieces(row: Row, given: {state: State; theme: Theme; columns: number; holders: ReadonlyMap<string, Holder[]>; hasManyRoots: boolean}): {pieces: Line; right: Line} {
	const {state, theme, columns, holders, hasManyRoots} = given;
	const {item} = row;
	const guide = {text: ` ${guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 3), hasManyRoots})}`, tone: 'dim' as const};
	const folded = row.isFolded ? [{text: ` ${theme.glyphs.folded}`, tone: 'accent' as const}] : [];
	const orphan = row.isOrphan ? [{text: '  (its parent is missing)', tone: 'warning' as const}] : [];
	switch (item.kind) {
		case 'snapshot': {
			const {snapshot} = item;
			return {
				pieces: [guide, {text: `${theme.glyphs.snapshot} `, tone: 'dim'}, {text: snapshot.name, tone: snapshot.isCurrent ? 'strong' : 'plain'}, ...folded, ...orphan],
				right: snapshotColumns(kindOfSnapshot(snapshot), formatAge(snapshot.createdAt, Math.floor(state.nowMs / 1000))),
			};
		}

		case 'head': {
			const domain = selectedDetails(state)?.domain;
			return {
				pieces: [guide, {text: `${theme.glyphs.here} you are here`, tone: 'accent'}, {text: domain === undefined ? '' : `  (${stateWord(domain.state)})`, tone: 'dim'}],
				right: [],
			};
		}

		case 'checkpoint': {
			const {checkpoint} = item;
			const told = tellCheckpoint(selectedDetails(state)!, checkpoint);
			return {
				pieces: [guide, {text: `${theme.glyphs[healthGlyphs[told.health]]} `, tone: healthTones[told.health]}, {text: checkpoint.name}, ...folded, ...orphan, {text: `  ${ownerOf(checkpoint.name)}`, tone: 'dim'}],
				right: checkpointColumns(told, {age: formatAge(checkpoint.createdAt, Math.floor(state.nowMs / 1000)), isWide: columns >= wideColumns}),
			};
		}

		case 'image': {
			const {image} = item;
			const trouble = image.problems.find(problem => isTrouble(problem));
			const held = holders.get(image.path) ?? [];
			const labels = held.map(({label}) => label);
			const isHead = held.some(holder => holder.isHead);
			const room = Math.max(12, Math.floor(columns * 0.45));
			const name = cutMiddle(showSafely(image.path.slice(image.path.lastIndexOf('/') + 1), theme.isAscii), room, theme.glyphs.ellipsis);
			return {
				pieces: [
					guide,
					{text: `${isHead ? theme.glyphs.here : (image.backingPath === undefined ? theme.glyphs.base : theme.glyphs.snapshot)} `, tone: isHead ? 'accent' : 'dim'},
					{text: name, tone: trouble === undefined ? 'plain' : 'loss'},
					...folded,
					...(trouble === undefined
						? [{text: [...image.problems.filter(problem => isDenied(problem)).map(problem => describeProblem(problem)), ...labels].map((words, at) => `${at === 0 ? '  ' : ', '}${words}`).join(''), tone: 'dim' as const}]
						: [{text: `  ${theme.glyphs.warning} ${describeProblem(trouble)}`, tone: 'loss' as const}]),
				],
				right: [{text: `${formatBytes(image.allocatedBytes).padStart(10)} `, tone: 'dim'}],
			};
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
	return state.allDetails[state.domainCursor.id ?? '']?.waiting === undefined ? '' : ' Reading …';
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

	const holders = state.view === 'images' ? imageHolders(details) : new Map<string, Holder[]>();
	const selected = selectedNode(state, all);
	// A menu leaves fewer rows than the brain has counted on: what is selected stays in sight.
	const top = windowTop(state.cursors[state.view].top, all.findIndex(row => row.item.name === selected?.name), rows, all.length);
	const shown = all.slice(top, top + rows);
	return (
		<>
			{Array.from({length: rows}, (_, index) => {
				const row = shown[index];
				if (row === undefined) {
					return <LineView key={index} pieces={[]} columns={columns}/>;
				}

				const hasKeys = row.item.name === selected?.name && state.pane === 'tree';
				const {pieces, right} = rowPieces(row, {
					state, theme, columns, holders, hasManyRoots: all[0]!.isBranch,
				});
				return (
					<LineView
						key={index}
						isSelected={hasKeys}
						pieces={[{text: hasKeys ? theme.glyphs.pointer : ' ', tone: 'accent'}, ...pieces]}
						right={right}
						columns={columns}
					/>
				);
			})}
		</>
	);
}
