/**
Columns of plain text, as wide as their widest cell.
*/
import {widthOf} from '../model/text/cells.ts';
import {makeVisible} from '../model/text/visible-text.ts';

/** Cells are made harmless before they are measured. The last column is not padded. */
export function formatTable(rows: string[][]): string[] {
	const visible = rows.map(row => row.map(cell => makeVisible(cell)));
	const widths: number[] = [];
	for (const row of visible) {
		for (const [index, cell] of row.entries()) {
			widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
		}
	}

	return visible.map(row => row
		.map((cell, index) => index === row.length - 1 ? cell : cell + ' '.repeat(widths[index]! - widthOf(cell)))
		.join('  ')
		.trimEnd());
}
