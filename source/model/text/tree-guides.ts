/**
The lines left of a row of a tree.
*/
import type {Guide, TreeItem, TreeRow} from '../domain/tree.ts';

export type GuideGlyphs = {branch: string; lastBranch: string; through: string; ellipsis: string};

/**
The outermost are left out where a tree is too deep to be drawn. Where there are several roots nothing joins those: what stands below one of them is set in.
*/
export function guideText(row: TreeRow<TreeItem>, given: {glyphs: GuideGlyphs; mostColumns: number; hasManyRoots: boolean}): string {
	const {glyphs, mostColumns, hasManyRoots} = given;
	const parts: string[] = [];
	const isOutermost = (guide: Guide | undefined) => hasManyRoots && guide?.outer === undefined;
	for (let guide: Guide | undefined = row.isBranch ? row.guide?.outer : row.guide; guide !== undefined && !isOutermost(guide); guide = guide.outer) {
		parts.unshift(guide.isOpen ? glyphs.through : '  ');
		if (parts.length * 2 > mostColumns) {
			return glyphs.ellipsis + parts.slice(parts.length - Math.floor(mostColumns / 2)).join('');
		}
	}

	const isRoot = row.guide === undefined || (row.isBranch && isOutermost(row.guide));
	return (hasManyRoots && !isRoot ? '  ' : '') + parts.join('') + (row.isBranch && !isOutermost(row.guide) ? (row.isLastBranch ? glyphs.lastBranch : glyphs.branch) : '');
}
