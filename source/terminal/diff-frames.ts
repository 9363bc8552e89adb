/**
What has to be written to turn one frame into another, as one update: of each line only the cells that differ, with as few moves of the cursor and changes of look as
that takes. A list that goes on by a line is scrolled by the terminal, where that leaves less to be written. Lines are written as in `model/text/styled.ts`.
*/
import {plainText} from '../model/text/plain-text.ts';
import {lookOf, plain} from '../model/text/styled.ts';

const escape = '\u001B';
const beginFrame = `${escape}[?2026h`;
const endFrame = `${escape}[?2026l`;
const eraseLine = `${escape}[K`;

const looks = /\u001B\[([\d;]*)m/g;
/** Of a blank nothing is seen of other looks than these. */
const seenOnBlank = /(?:^|;)[47](?:;|$)/;

/** `looks`: of each cell the codes; empty where there are none. */
type Cells = {text: string; looks: string[]};

function cellsOf(line: string): Cells {
	const cells: Cells = {text: '', looks: []};
	let look = '';
	let at = 0;
	const take = (text: string) => {
		const blankLook = seenOnBlank.test(look) ? look : '';
		for (const character of text) {
			cells.looks.push(character === ' ' ? blankLook : look);
		}

		cells.text += text;
	};

	for (const {0: whole, 1: codes, index} of line.matchAll(looks)) {
		take(line.slice(at, index));
		look = codes === '0' ? '' : codes!;
		at = index + whole.length;
	}

	take(line.slice(at));
	return cells;
}

/** Where the cursor stands is known until it may have reached the edge, or has passed what is not of one cell. */
type Place = {row: number; column: number};

const forward = (cells: number): string => cells === 0 ? '' : `${escape}[${cells === 1 ? '' : cells}C`;

function moveTo(row: number, column: number, at: Place | undefined): string {
	const absolute = `${escape}[${row + 1}${column === 0 ? '' : `;${column + 1}`}H`;
	const relatives = at === undefined ? [] : [...(row === at.row && column >= at.column ? [forward(column - at.column)] : []), ...(row === at.row + 1 ? [`\r\n${forward(column)}`] : [])];
	return relatives.find(relative => relative.length < absolute.length) ?? absolute;
}

function changeOf(before: string, after: string): string {
	if (before === after) {
		return '';
	}

	return after === '' ? `${escape}[m` : lookOf(before === '' ? after : `0;${after}`);
}

/** Writes with as little as it can; between two calls nothing is known but what stands in it. */
function createPen() {
	let written = '';
	let at: Place | undefined;
	let look = '';
	const takeLook = (wanted: string) => {
		written += changeOf(look, wanted);
		look = wanted;
	};

	/** Whether a cell can be written without another look. */
	const isAlike = ({text, looks}: Cells, column: number) => (looks[column] ?? '') === look || (isBlank(text, column) && (looks[column] ?? '') === '' && !seenOnBlank.test(look));
	return {
		end() {
			takeLook('');
			return written;
		},
		moveTo(row: number, column: number) {
			written += moveTo(row, column, at);
			at = {row, column};
		},
		/** Cells behind those that were written are written again where that takes no more than a move over them. */
		skip(cells: Cells, row: number, column: number) {
			const from = at?.row === row ? at.column : column;
			const between = Array.from({length: column - from}, (_, index) => from + index);
			if (between.length > 0 && between.length <= forward(between.length).length && between.every(cell => isAlike(cells, cell))) {
				this.write(cells, from, column);
			} else {
				this.moveTo(row, column);
			}
		},
		write(cells: Cells, from: number, to: number) {
			for (let column = from; column < to; column++) {
				if (!isAlike(cells, column)) {
					takeLook(cells.looks[column] ?? '');
				}

				written += cells.text[column] ?? ' ';
			}

			at &&= {...at, column: to};
		},
		erase() {
			takeLook('');
			written += eraseLine;
		},
		/** By index and reverse index at the edge of a region, which every terminal has. The row that becomes free is blank. */
		scroll({top, bottom, by}: Shift) {
			takeLook('');
			written += `${escape}[${top + 1};${bottom + 1}r${escape}[${(by === 1 ? bottom : top) + 1}H${by === 1 ? '\n' : `${escape}M`}${escape}[r`;
			at = undefined;
		},
		/** Erased before it is written: a line that fills the width leaves the cursor on its last cell. */
		writeWhole(row: number, line: string) {
			this.moveTo(row, 0);
			this.erase();
			written += line;
			at = undefined;
		},
	};
}

type Pen = ReturnType<typeof createPen>;

const isBlank = (text: string, column: number): boolean => (text[column] ?? ' ') === ' ';

function diffLines(pen: Pen, row: number, [before, after]: readonly [Cells, Cells]): void {
	const isSame = (column: number) => (before.text[column] ?? ' ') === (after.text[column] ?? ' ') && (before.looks[column] ?? '') === (after.looks[column] ?? '');
	for (let column = 0; column < after.text.length; column++) {
		if (!isSame(column)) {
			pen.skip(after, row, column);
			pen.write(after, column, column + 1);
		}
	}

	// The new line is shorter, so the cursor is behind its last cell and erases none of it.
	if (before.text.length > after.text.length) {
		pen.skip(after, row, after.text.length);
		pen.erase();
	}
}

/** The rows from `top` to `bottom` go up by one, or down where `by` is -1. */
type Shift = {top: number; bottom: number; by: 1 | -1};

function commonLength(one: string, other: string): number {
	let length = 0;
	while (length < one.length && one[length] === other[length]) {
		length++;
	}

	return length;
}

/** From the first to the last row that begins like its neighbour more than like itself. */
function findShift(before: readonly string[], after: readonly string[], by: Shift['by']): Shift | undefined {
	const rows = [...after.keys()].filter(row => before[row] !== after[row] && commonLength(after[row]!, before[row + by] ?? '') > commonLength(after[row]!, before[row] ?? ''));
	const [first, last] = [rows[0], rows.at(-1)];
	if (first === undefined || last === undefined || rows.length < leastShifted) {
		return undefined;
	}

	return by === 1 ? {top: first, bottom: Math.min(last + 1, after.length - 1), by} : {top: Math.max(first - 1, 0), bottom: last, by};
}

/** With less a scroll saves nothing. */
const leastShifted = 4;

function afterShift(before: readonly string[], {top, bottom, by}: Shift): string[] {
	return before.map((line, row) => row < top || row > bottom ? line : (row + by < top || row + by > bottom ? '' : before[row + by]!));
}

function changesOf(before: readonly string[] | undefined, after: readonly string[], shift?: Shift): string {
	const pen = createPen();
	const there = before && shift ? afterShift(before, shift) : before;
	if (shift !== undefined) {
		pen.scroll(shift);
	}

	for (const [row, line] of after.entries()) {
		const old = there?.[row];
		if (old !== line) {
			const pair = [cellsOf(old ?? ''), cellsOf(line)] as const;
			// Only beside what takes one cell on every terminal on which the frame is in order at all it is known at which column something stands.
			if (old !== undefined && pair.every(({text}) => plainText.test(text))) {
				diffLines(pen, row, pair);
			} else {
				pen.writeWhole(row, line);
			}
		}
	}

	return pen.end();
}

/** Empty where they are the same. `before` undefined: nothing is known of what is there. */
export function diffFrames(before: readonly string[] | undefined, after: readonly string[]): string {
	const shifts = before === undefined ? [] : ([1, -1] as const).flatMap(by => findShift(before, after, by) ?? []);
	let changes = changesOf(before, after);
	for (const shift of shifts) {
		const scrolled = changesOf(before, after, shift);
		changes = scrolled.length < changes.length ? scrolled : changes;
	}

	return changes === '' ? '' : beginFrame + (before === undefined ? plain : '') + changes + endFrame;
}
