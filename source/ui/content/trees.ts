/**
The tree before and after a plan, side by side.
*/
import {plannedTrees, type PlannedNode} from '../../app/journey/planned-trees.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import type {TreeRow} from '../../model/domain/tree.ts';
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {guideText} from '../../model/text/tree-guides.ts';
import {fitLine, line, type Line} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';

type TextStyle = {columns: number; theme: Theme};

/** Where a tree is longer, only what changes is shown, and what is next to it. */
const mostRows = 24;

const tones: Record<PlannedNode['mark'], Tone> = {
	new: 'good', gone: 'loss', here: 'accent', stays: 'plain',
};

function rowLine(row: TreeRow<PlannedNode>, word: string, {hasManyRoots, columns, theme}: TextStyle & {hasManyRoots: boolean}): Line {
	const {label, mark} = row.item;
	const glyph = {new: theme.glyphs.snapshot, gone: theme.glyphs.removed, here: theme.glyphs.here, stays: theme.glyphs.snapshot}[mark];
	return fitLine([
		{text: ` ${guideText(row, {glyphs: theme.glyphs, mostColumns: Math.floor(columns / 2), hasManyRoots})}`, tone: 'dim'},
		{text: `${glyph} `, tone: tones[mark]},
		{text: label, tone: tones[mark]},
	], columns - 1, theme, word === '' ? [] : [{text: word, tone: tones[mark]}]);
}

/** Of a long tree the rows that change, those beside them, and the current state. */
function inSight(rows: Array<TreeRow<PlannedNode>>): Array<TreeRow<PlannedNode> | 'more'> {
	if (rows.length <= mostRows) {
		return rows;
	}

	const isNear = rows.map((_, index) => rows.slice(Math.max(0, index - 1), index + 2).some(({item}) => item.mark !== 'stays'));
	return rows.flatMap((row, index): Array<TreeRow<PlannedNode> | 'more'> => isNear[index] ? [row] : (index === 0 || isNear[index - 1] ? ['more'] : []));
}

function treeLines(rows: Array<TreeRow<PlannedNode>>, wordOf: (node: PlannedNode) => string, style: TextStyle): Line[] {
	const hasManyRoots = rows.filter(({guide, isBranch}) => guide === undefined || (isBranch && guide.outer === undefined)).length > 1 && rows[0]?.isBranch === true;
	return inSight(rows).map(row => row === 'more' ? line(` ${style.theme.glyphs.ellipsis}`, 'dim') : rowLine(row, wordOf(row.item), {...style, hasManyRoots}));
}

/** Beside each other, each of its own width. */
export function besideEachOther(blocks: Array<{lines: Line[]; columns: number}>, theme: Theme): Line[] {
	const rows = Math.max(...blocks.map(({lines}) => lines.length));
	return Array.from({length: rows}, (_, index) => blocks.flatMap(({lines, columns}) => fitLine(lines[index] ?? [], columns, theme)));
}

/** Empty where the tree stays as it is. */
export function plannedTreeLines(plan: Plan, details: DomainDetails | undefined, {columns, theme}: TextStyle): Line[] {
	const trees = plannedTrees(plan, details);
	if (trees === undefined || details === undefined) {
		return [];
	}

	const {expected: {heads, endState}} = targetOf(plan);
	const created = new Set(plan.images.created.map(({path}) => path));
	const newCount = heads.filter(({path}) => created.has(path)).length;
	const files = newCount === 0 ? [] : [`${newCount} new file${newCount === 1 ? '' : 's'}`];
	const markOf = (node: PlannedNode) => ({new: 'new', gone: '', stays: '', here: [...(endState === undefined ? [] : [endState === 'shutoff' ? 'off' : endState]), ...files].join(', ')})[node.mark];
	const width = Math.floor(columns / 2);
	return besideEachOther([
		{lines: [line(' before', 'strong'), ...treeLines(trees.before, node => node.mark === 'here' ? stateWord(details.domain.state) : '', {columns: width - 2, theme})], columns: width},
		{lines: [line(' after', 'strong'), ...treeLines(trees.after, markOf, {columns: columns - width, theme})], columns: columns - width},
	], theme);
}
