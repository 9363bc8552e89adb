/**
The columns of the images: one for each disk where there is room for them, what all of a row take, and their files.
*/
import {imageLayers, type Layer} from '../../../app/browse/image-layers.ts';
import {type Row, otherFiles} from '../../../app/browse/rows.ts';
import {rowFacts} from '../../../app/browse/row-facts.ts';
import type {State} from '../../../app/state.ts';
import {isDenied, usedBytes, type Image} from '../../../model/images/image.ts';
import {describeProblem} from '../../../model/images/describe-images.ts';
import type {DomainDetails} from '../../../model/domain/inventory.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {formatShortBytes} from '../../../model/text/format.ts';
import {guideText} from '../../../model/text/tree-guides.ts';
import type {Line} from '../../parts/line.tsx';
import {cutEnd, cutMiddle, showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';
import {isTrouble} from '../words.ts';
import {fileOf} from './summary.ts';

const sizeColumns = 7;
const leastFiles = 12;
/** Of the room of a row, for a name alone. */
const leastName = 22;

export type ImageTable = {nameColumns: number; fileColumns: number; targets: readonly string[]; hasTotal: boolean};

type Given = {details: DomainDetails; rows: Row[]; columns: number; theme: Theme};

const titleOf = ({item}: Row): string => item.kind === 'layer' ? item.layer.title : (item.kind === 'file' ? fileOf(item.path) : '');

export function imageTable({details, rows, columns, theme}: Given): ImageTable {
	const {targets} = imageLayers(details);
	const room = columns - 1;
	const hasDisks = targets.length > 0 && room - (targets.length + 1) * sizeColumns >= leastName;
	const shown = hasDisks ? targets : [];
	const hasTotal = shown.length !== 1;
	const rest = room - (shown.length + Number(hasTotal)) * sizeColumns;
	const hasManyRoots = rows[0]?.isBranch ?? false;
	let wanted = 0;
	for (const row of rows) {
		const guide = guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 3), hasManyRoots});
		wanted = Math.max(wanted, widthOf(guide) + 3 + widthOf(showSafely(titleOf(row), theme.isAscii)) + (row.isFolded ? 2 : 0));
	}

	const nameColumns = Math.min(rest, Math.max(wanted, 12));
	const fileColumns = rest - nameColumns - 2;
	return {
		nameColumns: fileColumns >= leastFiles ? nameColumns : rest, fileColumns: fileColumns >= leastFiles ? fileColumns : 0, targets: shown, hasTotal,
	};
}

export function imageHead({nameColumns, fileColumns, targets, hasTotal}: ImageTable): Line {
	const heads = [...targets, ...(hasTotal ? ['used'] : [])].map(head => head.padStart(sizeColumns).slice(0, sizeColumns)).join('');
	return [{text: ` ${'  image'.padEnd(nameColumns)}${heads}${fileColumns === 0 ? '' : '  files'}`, tone: 'dim'}];
}

const bytesOf = (images: readonly Image[]): number => images.reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0);

/** What is wrong with one of them, with its disk. */
function troubleOf({images}: Layer): string | undefined {
	for (const [target, {problems}] of images) {
		const trouble = problems.find(problem => isTrouble(problem)) ?? problems.find(problem => isDenied(problem));
		if (trouble !== undefined) {
			return `${images.size > 1 ? `${target}: ` : ''}${describeProblem(trouble)}`;
		}
	}

	return undefined;
}

/** The guide, the sign and the name, as wide as the column. */
function named(lead: Line, title: string, {nameColumns}: ImageTable, {theme, tone, after = []}: {theme: Theme; tone: 'plain' | 'loss' | 'warning'; after?: Line}): Line {
	const used = [...lead, ...after].reduce((sum, {text}) => sum + widthOf(text), 0);
	const name = cutMiddle(showSafely(title, theme.isAscii), Math.max(1, nameColumns - used - 1), theme.glyphs.ellipsis);
	return [...lead, {text: name, tone, isName: true}, ...after, {text: ' '.repeat(Math.max(0, nameColumns - used - widthOf(name)))}];
}

export function layerCells(layer: Layer, lead: Line, table: ImageTable, {theme, folded}: {theme: Theme; folded: Line}): Line {
	const images = [...layer.images.values()];
	const trouble = troubleOf(layer);
	const isBroken = images.some(({problems}) => problems.some(problem => isTrouble(problem)));
	const tone = isBroken ? 'loss' as const : 'dim' as const;
	const glyph = layer.isHead ? theme.glyphs.here : (images.every(({backingPath}) => backingPath === undefined) ? theme.glyphs.base : theme.glyphs.snapshot);
	const sign = {text: `${isBroken ? theme.glyphs.warning : glyph} `, tone: isBroken ? tone : (layer.isHead ? 'accent' as const : 'dim' as const)};
	const sizes = table.targets.map(target => {
		const image = layer.images.get(target);
		const bytes = image && usedBytes(image);
		return (bytes === undefined ? '' : formatShortBytes(bytes)).padStart(sizeColumns);
	});
	const isElsewhere = images.length > 0 && images.every(image => usedBytes(image) === undefined);
	const total = table.hasTotal ? (isElsewhere ? '' : formatShortBytes(bytesOf(images))).padStart(sizeColumns) : '';
	const beside = trouble ?? [...layer.others, ...(layer.isFile ? [] : images.map(({path}) => fileOf(path)))].join(', ');
	return [
		...named([...lead, sign], layer.title, table, {theme, tone: isBroken ? 'loss' : 'plain', after: folded}),
		{text: sizes.join(''), tone: 'dim'},
		{text: total},
		...(table.fileColumns === 0 ? [] : [{text: `  ${cutEnd(showSafely(beside, theme.isAscii), table.fileColumns, theme.glyphs.ellipsis)}`, tone}]),
	];
}

export function fileCells({path, reason, bytes, isUnused}: {path: string; reason: string; bytes: number | undefined; isUnused: boolean}, lead: Line, table: ImageTable, theme: Theme): Line {
	const tone = isUnused ? 'warning' as const : 'dim' as const;
	const sign = {text: `${theme.glyphs[isUnused ? 'lookAt' : 'snapshot']} `, tone};
	const name = fileOf(path);
	const size = (bytes === undefined ? '' : formatShortBytes(bytes)).padStart(sizeColumns * Math.max(1, table.targets.length + Number(table.hasTotal)));
	// Where there is one column for both, what it is comes first; the sign alone tells of what nothing needs.
	const both = `${reason}: ${name}`;
	const used = [...lead, sign].reduce((sum, {text}) => sum + widthOf(text), 0);
	const title = table.fileColumns > 0 || isUnused ? name : (widthOf(both) < table.nameColumns - used ? both : reason);
	return [
		...named([...lead, sign], title, table, {theme, tone: isUnused ? 'warning' : 'plain'}),
		{text: size, tone: table.hasTotal ? undefined : 'dim'},
		...(table.fileColumns === 0 ? [] : [{text: `  ${cutEnd(showSafely(reason, theme.isAscii), table.fileColumns, theme.glyphs.ellipsis)}`, tone}]),
	];
}

/** What stands in the title: all that is known, and what the disks and the other files have of it where there is room. */
export function imageTotals(state: State, details: DomainDetails, columns: number): string {
	const byTarget = new Map<string, number>();
	for (const {layer} of imageLayers(details).nodes) {
		for (const [target, {allocatedBytes}] of layer.images) {
			byTarget.set(target, (byTarget.get(target) ?? 0) + allocatedBytes);
		}
	}

	const others = otherFiles(state, details).reduce((sum, {bytes = 0}) => sum + bytes, 0);
	const parts = [
		...[...byTarget].filter(([target]) => target !== '').map(([target, bytes]) => `${target} ${formatShortBytes(bytes)}`),
		...(byTarget.has('') ? [`elsewhere ${formatShortBytes(byTarget.get('')!)}`] : []),
		...(others > 0 ? [`files ${formatShortBytes(others)}`] : []),
	];
	const total = formatShortBytes(rowFacts(details).totalBytes + others);
	const sum = `${parts.join(' + ')} = ${total}`;
	return parts.length > 1 && widthOf(sum) <= columns ? sum : total;
}
