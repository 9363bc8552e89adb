/**
How the screen is divided, from its size in cells. Both the brain (how far a page is) and the paint (how wide a row is) ask here.
*/
export const minimumColumns = 60;
export const minimumRows = 16;

type Layout = {
	isTooSmall: boolean;
	/** Width of the left pane, without the line between the panes. */
	leftColumns: number;
	rightColumns: number;
	/** Rows of the two lists. */
	listRows: number;
	/** Rows of the details below, without the line above them. */
	detailRows: number;
	/** Rows between the title and the keys, for screens without panes. */
	bodyRows: number;
};

export function layoutOf(columns: number, rows: number): Layout {
	const detailRows = rows >= 40 ? 12 : (rows >= 30 ? 9 : 7);
	const leftColumns = Math.max(28, Math.min(40, Math.floor(columns * 0.22)));
	return {
		isTooSmall: columns < minimumColumns || rows < minimumRows,
		leftColumns,
		rightColumns: columns - leftColumns - 1,
		listRows: Math.max(1, rows - detailRows - 4),
		detailRows,
		bodyRows: Math.max(1, rows - 3),
	};
}

type Shown = {columns: number; rows: number; left: readonly unknown[]; runs: Readonly<Record<string, unknown>>; ended: readonly unknown[]};

/** From this size on the last commands that ran stand below the details, with a line above them. */
export function logRowsOf({columns, rows, runs, ended}: Pick<Shown, 'columns' | 'rows' | 'runs' | 'ended'>): number {
	return columns >= 100 && rows >= 30 && (ended.length > 0 || Object.keys(runs).length > 0) ? 3 : 0;
}

/** Rows of the two lists: above them stands what was interrupted, below the details what is at work and what ran. */
export function listRowsOf(shown: Shown): number {
	const {columns, rows, left, runs} = shown;
	return Math.max(1, layoutOf(columns, rows).listRows - Number(left.length > 0) - Number(Object.keys(runs).length > 0) - logRowsOf(shown));
}

/** Rows of the left pane that name hosts, where there are several: at most half of it. `above`: so many of them stand above the domains, that of this host the last. */
export function hostRowsOf({hosts: {all, own}}: {hosts: {all: readonly unknown[]; own: number}}, listRows: number): {rows: number; first: number; above: number} {
	const rows = all.length < 2 ? 0 : Math.max(1, Math.min(all.length, Math.floor(listRows / 2)));
	const first = windowTop(Math.max(0, own - 1), own, rows, all.length);
	return {rows, first, above: rows === 0 ? 0 : own - first + 1};
}

/** Rows of a list that are drawn: a longer one gives up its last for where it stands. */
export function shownRows(rows: number, count: number): number {
	return Math.max(1, count > rows ? rows - 1 : rows);
}

/** A menu takes the place of the details; one that is longer takes some of the lists' rows. `first`: the row of the screen with its first option; `top`: that option's index. */
export function menuPlace(shown: Shown, {count, index}: {count: number; index: number}): {detailRows: number; listRows: number; first: number; rows: number; top: number} {
	const layout = layoutOf(shown.columns, shown.rows);
	const detailRows = Math.max(layout.detailRows, Math.min(count + 2, layout.detailRows + layout.listRows - 2));
	const listRows = Math.max(1, listRowsOf(shown) - (detailRows - layout.detailRows));
	const rows = Math.min(count, detailRows - 2);
	// Above it: the title, what was interrupted, the heads of the lists, the lists, a line, and its own title.
	return {detailRows, listRows, first: 1 + Number(shown.left.length > 0) + 1 + listRows + 2, rows, top: windowTop(0, index, rows, count)};
}

/** Rows of a list with the words on the selected one below: what it needs, up to half of the room. */
export const halfRows = (count: number, bodyRows: number): number => Math.min(count, Math.max(1, Math.floor((bodyRows - 2) / 2)));

/** Rows of the right pane, below its heads. */
export const treeRowsOf = (listRows: number): number => Math.max(1, listRows - 1);

/** The list of the doctor takes what it needs, up to a part of the room: the words below it are longer than its lines. */
export const doctorRows = (count: number, bodyRows: number): number => Math.max(1, Math.min(count, Math.floor(bodyRows * 0.45)));

/** The first row in sight: moves only when the cursor reaches the edge, so that a key press changes few lines. */
export function windowTop(top: number, index: number, rows: number, count: number): number {
	const furthest = Math.max(0, count - rows);
	if (index < 0) {
		return Math.min(top, furthest);
	}

	if (index < top) {
		return Math.min(index, furthest);
	}

	return Math.min(index >= top + rows ? index - rows + 1 : top, furthest);
}
