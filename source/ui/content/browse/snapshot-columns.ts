/**
The columns of the snapshots: which of them there is room for, and what stands in them. They are as wide for all rows of a domain as they are for one, so that moving
among them changes nothing but the cursor.
*/
import type {Row} from '../../../app/browse/rows.ts';
import {rowFacts, totalOf, type RowFacts} from '../../../app/browse/row-facts.ts';
import type {DomainDetails} from '../../../model/domain/inventory.ts';
import type {Snapshot} from '../../../model/domain/snapshot.ts';
import {stateWord} from '../../../model/domain/state-word.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {
	formatBriefAge, formatShortAge, formatShortBytes, formatTime,
} from '../../../model/text/format.ts';
import {guideText} from '../../../model/text/tree-guides.ts';
import type {Line} from '../../parts/line.tsx';
import {cutEnd, showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';
import {kindOfSnapshot, shortKindOfSnapshot} from '../words.ts';

/** Of the right pane: from here on there is a column for each disk. */
export const wideColumns = 70;
const leastDescription = 8;
/** So long ago, in seconds, a day needs its year. */
const yearless = 300 * 86_400;

type Column = {
	head: string;
	columns: number;
	isLeft?: true;
	/** The smaller goes first where names need the room. */
	rank: number;
	text: (snapshot: Snapshot) => string;
	/** For the current state. */
	now: string;
};

export type SnapshotTable = {nameColumns: number; columns: Column[]; descriptionColumns: number; facts: RowFacts};

type Given = {details: DomainDetails; rows: Row[]; columns: number; theme: Theme; nowMs: number; frees: (snapshot: Snapshot) => string | undefined};

const bytesOf = (bytes: number | undefined): string => bytes === undefined ? '' : formatShortBytes(bytes);

/** What a delete frees, as far as the images alone tell. */
function freesWords(facts: RowFacts, snapshot: Snapshot): string {
	const frees = facts.freesOf(snapshot);
	if (frees === undefined) {
		return '';
	}

	if ('lines' in frees) {
		return `0, ${frees.lines} lines`;
	}

	const {atLeast, atMost} = frees;
	return atLeast === atMost ? formatShortBytes(atMost) : `${formatShortBytes(atLeast)} to ${formatShortBytes(atMost)}`;
}

function candidates({details, columns, nowMs, frees}: Given, facts: RowFacts): Column[] {
	const now = Math.floor(nowMs / 1000);
	const isWide = columns >= wideColumns;
	const size: Column = {
		head: 'size', columns: 7, rank: 9, text: snapshot => bytesOf(totalOf(facts.sizesOf(snapshot))), now: '',
	};
	const disks = facts.targets.map((target): Column => ({
		head: target, columns: 7, rank: 9, text: snapshot => bytesOf(facts.sizesOf(snapshot).get(target)), now: bytesOf((facts.written.size > 0 ? facts.written : facts.heads).get(target)),
	}));
	const hasRoom = isWide && disks.length > 0 && disks.length * 7 <= columns / 3;
	const kindOf = columns >= wideColumns * 1.5 ? kindOfSnapshot : shortKindOfSnapshot;
	return [
		{
			head: 'kind', columns: widestKind(details, kindOf) + 1, isLeft: true, rank: 3, text: kindOf, now: '',
		},
		...(hasRoom ? disks : [size]),
		...(isWide
			? [
				{
					head: ' frees', columns: 13, isLeft: true as const, rank: 2, text: (snapshot: Snapshot) => ` ${frees(snapshot) ?? freesWords(facts, snapshot)}`, now: '',
				},
				{
					head: 'when', columns: 12, isLeft: true as const, rank: 1, text: ({createdAt}: Snapshot) => now - createdAt > yearless ? formatTime(createdAt).slice(0, 10) : formatTime(createdAt).slice(5), now: '',
				},
			]
			: []),
		{
			head: 'age', columns: 6, rank: 4, text: ({createdAt}) => formatShortAge(createdAt, now), now: '',
		},
	];
}

/** Of however many: there may be more than a call takes arguments. */
function widest<T>(items: readonly T[], widthOfItem: (item: T) => number, atLeast: number): number {
	let most = atLeast;
	for (const item of items) {
		most = Math.max(most, widthOfItem(item));
	}

	return most;
}

const kindWidths = new WeakMap<DomainDetails, Map<unknown, number>>();

function widestKind(details: DomainDetails, kindOf: (snapshot: Snapshot) => string): number {
	const known = kindWidths.get(details) ?? new Map<unknown, number>();
	kindWidths.set(details, known);
	const width = known.get(kindOf) ?? widest(details.snapshots, snapshot => kindOf(snapshot).length, 4);
	known.set(kindOf, width);
	return width;
}

/** The tree lines, the sign and the name. */
function nameWidth(row: Row, {theme, columns}: Given, hasManyRoots: boolean): number {
	const guide = guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 3), hasManyRoots});
	const {item} = row;
	const name = item.kind === 'snapshot' ? item.snapshot.name : (item.kind === 'head' ? 'NOW stopping' : '');
	return widthOf(guide) + 2 + widthOf(showSafely(name, theme.isAscii)) + (row.isFolded ? 2 : 0);
}

/** The longest name: looked for once for the rows, whatever the cursor does. */
const longest = new WeakMap<Row[], Map<string, number>>();

function longestName(given: Given): number {
	const {rows, columns, theme} = given;
	const known = longest.get(rows) ?? new Map<string, number>();
	longest.set(rows, known);
	const key = `${columns} ${theme.isAscii}`;
	let width = known.get(key);
	if (width === undefined) {
		const hasManyRoots = rows[0]?.isBranch ?? false;
		width = widest(rows, row => nameWidth(row, given, hasManyRoots), 0);
		known.set(key, width);
	}

	return width;
}

/** Kind and age make way before a name is cut, and of the rest whatever is told elsewhere too. */
export function snapshotTable(given: Given): SnapshotTable {
	const facts = rowFacts(given.details);
	const room = given.columns - 1;
	const wanted = longestName(given);
	const widthOfAll = (all: Column[]) => all.reduce((sum, {columns}) => sum + columns, 0);
	let columns = candidates(given, facts);
	while (columns.length > 1 && wanted > room - widthOfAll(columns)) {
		const least = Math.min(...columns.map(({rank}) => rank));
		if (least === 9) {
			break;
		}

		columns = columns.filter(({rank}) => rank !== least);
	}

	const rest = room - widthOfAll(columns);
	const descriptionColumns = given.details.snapshots.some(({description}) => description !== undefined) ? rest - wanted - 2 : 0;
	return {
		nameColumns: Math.min(wanted, rest), columns, descriptionColumns: descriptionColumns >= leastDescription ? descriptionColumns : 0, facts,
	};
}

function pad(text: string, {columns, isLeft}: Pick<Column, 'columns' | 'isLeft'>): string {
	return isLeft ? ` ${text}`.padEnd(columns).slice(0, columns) : text.padStart(columns);
}

export function headLine({nameColumns, columns, descriptionColumns}: SnapshotTable): Line {
	const heads = columns.map(column => pad(column.head, column)).join('');
	return [{text: ` ${'  name'.padEnd(nameColumns)}${heads}${descriptionColumns > 0 ? '  description' : ''}`, tone: 'dim'}];
}

/** Behind the name. `used`: the cells that this has taken. */
export function snapshotCells(snapshot: Snapshot, {columns, descriptionColumns}: SnapshotTable, theme: Theme): Line {
	const [description = ''] = (snapshot.description ?? '').split('\n');
	return [
		{text: columns.map(column => pad(column.text(snapshot), column)).join(''), tone: 'dim'},
		...(descriptionColumns > 0 ? [{text: `  ${cutEnd(showSafely(description, theme.isAscii), descriptionColumns, theme.glyphs.ellipsis)}`}] : []),
	];
}

/** The current state: how much was written since it left its snapshot, where the images tell that; else what its disks take. */
export function nowCells({domain: {state}, currentSnapshot, snapshots}: DomainDetails, {columns, facts}: SnapshotTable, nowMs: number): {name: string; cells: Line} {
	const written = totalOf(facts.written);
	const bytes = written ?? totalOf(facts.heads);
	const snapshot = snapshots.find(({name}) => name === currentSnapshot);
	const hasDisks = columns.some(({now}) => now !== '');
	const age = snapshot === undefined ? '' : formatBriefAge(snapshot.createdAt, Math.floor(nowMs / 1000));
	const since = currentSnapshot === undefined ? '' : `${written === undefined ? 'on' : 'since'} ${currentSnapshot}`;
	const upTo = columns.findLastIndex(({now}) => now !== '') + 1;
	const cells = hasDisks
		? `${columns.slice(0, upTo).map(column => pad(column.now, column)).join('')}  ${since}${since === '' || age === '' ? '' : `, ${age}`}`
		: ` ${bytes === undefined ? '' : `${written === undefined ? '' : '+'}${formatShortBytes(bytes)} `}${since}`;
	return {name: stateWord(state), cells: [{text: cells, tone: 'dim'}]};
}
