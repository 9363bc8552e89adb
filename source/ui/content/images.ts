/**
The images of a domain as a plan leaves them, drawn as a tree: what is new, removed, written and left, in a sign and a word.
*/
import {plannedImages, type ImageMark, type PlannedImage} from '../../app/journey/planned-images.ts';
import {usedBytes} from '../../model/images/image.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {TreeRow} from '../../model/domain/tree.ts';
import {
	fitLine, line, paragraph, type Line,
} from '../parts/line.tsx';
import {widthOf} from '../../model/text/cells.ts';
import {cutMiddle, showSafely} from '../text.ts';
import type {Theme, Tone} from '../theme.ts';
import {guideText} from '../../model/text/tree-guides.ts';

type TextStyle = {columns: number; theme: Theme};

const marks: Record<ImageMark, {word: string; tone: Tone; glyph: 'created' | 'removed' | 'merged' | 'written' | 'staying' | 'snapshot' | 'warning'}> = {
	created: {word: 'new', tone: 'good', glyph: 'created'},
	removed: {word: 'removed', tone: 'loss', glyph: 'removed'},
	merged: {word: 'merged', tone: 'accent', glyph: 'merged'},
	kept: {word: 'kept', tone: 'good', glyph: 'staying'},
	written: {word: 'written', tone: 'warning', glyph: 'written'},
	staying: {word: 'stays', tone: 'accent', glyph: 'staying'},
	untouched: {word: 'stays', tone: 'dim', glyph: 'snapshot'},
	missing: {word: 'missing', tone: 'loss', glyph: 'warning'},
};

const wordColumns = 9;
const sizeColumns = 10;
/** Wider, and the eye loses the row between the name and its mark. */
const mostColumns = 96;

/** The folder in which all of them lie; undefined: there are several. */
function commonFolder(rows: ReadonlyArray<TreeRow<PlannedImage>>): string | undefined {
	const folders = new Set(rows.map(({item}) => item.name.slice(0, item.name.lastIndexOf('/') + 1)));
	return folders.size === 1 ? [...folders][0] : undefined;
}

type RowStyle = TextStyle & {folder: string | undefined; hasManyRoots: boolean};

function rowLines(row: TreeRow<PlannedImage>, {columns, theme, folder, hasManyRoots}: RowStyle): Line[] {
	const {item} = row;
	const beside = item.into === undefined ? item.labels : [`into ${item.into.slice((folder ?? '').length)}`];
	const isBase = item.mark === 'untouched' && item.parent === undefined;
	const bytes = item.image && usedBytes(item.image);
	const {word, tone, glyph} = marks[item.mark];
	const guide = guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 3), hasManyRoots});
	const lead = `  ${guide}`;
	const right = `${word.padEnd(wordColumns)}${(bytes === undefined ? '' : formatBytes(bytes)).padStart(sizeColumns)} `;
	const room = columns - widthOf(lead) - 3 - right.length;
	const name = cutMiddle(showSafely(folder === undefined ? item.name : item.name.slice(folder.length), theme.isAscii), room, theme.glyphs.ellipsis);
	const pieces: Line = [
		{text: lead, tone: 'dim'},
		{text: `${theme.glyphs[isBase ? 'base' : glyph]} `, tone},
		{text: name, tone: item.mark === 'untouched' ? 'dim' : 'plain'},
		{text: beside.length === 0 ? '' : `  ${beside.join(', ')}`, tone: 'dim'},
	];
	return [
		fitLine(pieces, columns, theme, [{text: right.slice(0, wordColumns), tone}, {text: right.slice(wordColumns), tone: 'dim'}]),
		...(item.reason === undefined
			? []
			: paragraph(item.reason, {columns: columns - 1, theme, tone: 'dim', lead: {text: `${' '.repeat(widthOf(lead) + 2)}`}})),
	];
}

/** The same in sentences, whole paths and no picture: to be read aloud. */
function spokenImageLines(plan: Plan, details: DomainDetails | undefined): Line[] {
	const {rows} = plannedImages(plan, details);
	const touched = rows.filter(({item}) => item.mark !== 'untouched');
	return touched.length === 0
		? []
		: [
			line('Images'),
			...touched.map(({item}) => line([
				`${marks[item.mark].word}: ${item.name}`,
				...[item.image && usedBytes(item.image)].filter(bytes => bytes !== undefined).map(bytes => formatBytes(bytes)),
				...(item.into === undefined ? [] : [`into ${item.into}`]),
				...(item.labels.length === 0 ? [] : [`needed by ${item.labels.join(', ')}`]),
				...(item.parent === undefined ? [] : [`on ${item.parent}`]),
				...(item.reason === undefined ? [] : [item.reason]),
			].join(', '))),
			line('All other images of the host stay unchanged.'),
		];
}

/** Empty where the plan touches no image. */
export function plannedImageLines(plan: Plan, details: DomainDetails | undefined, {isLinear, ...style}: TextStyle & {isLinear: boolean}): Line[] {
	if (isLinear) {
		return spokenImageLines(plan, details);
	}

	const {rows, othersCount} = plannedImages(plan, details);
	if (rows.length === 0) {
		return [];
	}

	const folder = commonFolder(rows);
	const given: RowStyle = {
		...style,
		columns: Math.min(style.columns, mostColumns),
		folder,
		hasManyRoots: rows[0]!.isBranch,
	};
	const others = othersCount === 0 ? 'All other images of the host stay unchanged.' : `${othersCount} more of this domain, and all other images of the host, stay unchanged.`;
	return [
		[{text: ' Images', tone: 'strong'}, {text: folder === undefined ? '' : ` in ${folder}`, tone: 'dim'}],
		// A chain stands in one column: a blank line says where another begins.
		...rows.flatMap((row, index) => [...(index > 0 && row.item.parent === undefined ? [[]] : []), ...rowLines(row, given)]),
		...paragraph(others, {columns: style.columns - 1, theme: style.theme, tone: 'dim', lead: {text: '  '}}),
	];
}
