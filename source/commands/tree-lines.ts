/**
A tree of records as lines: the guides and names, and columns beside them.
*/
import {flattenTree, type TreeItem, type TreeRow} from '../model/domain/tree.ts';
import {guideText, type GuideGlyphs} from '../model/text/tree-guides.ts';
import {makeVisible} from '../model/text/visible-text.ts';
import {formatTable} from './table.ts';

const unicode: GuideGlyphs = {branch: '├─', lastBranch: '└─', through: '│ ', ellipsis: '…'};
const ascii: GuideGlyphs = {branch: '+-', lastBranch: '`-', through: '| ', ellipsis: '~'};

export function treeLines<T extends TreeItem>(items: T[], isAscii: boolean, describe: (item: T) => string[]): string[] {
	const glyphs = isAscii ? ascii : unicode;
	const row = (place: TreeRow<T>) => [`${guideText(place, {glyphs, mostColumns: Number.POSITIVE_INFINITY, hasManyRoots: false})} ${makeVisible(place.item.name)}${place.isOrphan ? ' (its parent is missing)' : ''}`, ...describe(place.item)];
	return formatTable(flattenTree(items).map(entry => row(entry)));
}
