/**
The lines left of a row of a tree.
*/
import type {Guide, TreeItem, TreeRow} from '../../model/domain/tree.ts';
import type {Theme} from '../theme.ts';

/**
The outermost are left out where a tree is too deep to be drawn. Where there are several roots nothing joins those: what stands below one of them is set in.
*/
export function guideText(row: TreeRow<TreeItem>, given: {theme: Theme; mostColumns: number; hasManyRoots: boolean}): string {
	const {theme, mostColumns, hasManyRoots} = given;
	const parts: string[] = [];
	const isOutermost = (guide: Guide | undefined) => hasManyRoots && guide?.outer === undefined;
	for (let guide: Guide | undefined = row.isBranch ? row.guide?.outer : row.guide; guide !== undefined && !isOutermost(guide); guide = guide.outer) {
		parts.unshift(guide.isOpen ? theme.glyphs.through : '  ');
		if (parts.length * 2 > mostColumns) {
			return theme.glyphs.ellipsis + parts.slice(parts.length - Math.floor(mostColumns / 2)).join('');
		}
	}

	const isRoot = row.guide === undefined || (row.isBranch && isOutermost(row.guide));
	return (hasManyRoots && !isRoot ? '  ' : '') + parts.join('') + (row.isBranch && !isOutermost(row.guide) ? (row.isLastBranch ? theme.glyphs.lastBranch : theme.glyphs.branch) : '');
}
