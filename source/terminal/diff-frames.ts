/**
What has to be written to turn one frame into another: of each line only the stretches that differ, as one update.
*/
import {
	styledCharsFromTokens, styledCharsToString, tokenize, type StyledChar,
} from '@alcalzone/ansi-tokenize';

const escape = '\u001B';
const beginFrame = `${escape}[?2026h`;
const endFrame = `${escape}[?2026l`;
const eraseLine = `${escape}[K`;
const plain = `${escape}[0m`;

/** Of one cell on every terminal on which the frame is in order at all: only beside these it is known at which column something stands. */
const oneCell = /^[\u0020-\u007E\u00B7\u00D7\u2016\u2026\u203A\u2190-\u2193\u21B6\u21BB\u2500-\u25FF\u2713\u2717]$/;
/** Equal cells between two stretches are written again where moving the cursor over them would take as much. */
const shortestGap = 8;

const blank: StyledChar = {type: 'char', value: ' ', fullWidth: false, styles: []};

const moveTo = (row: number, column: number) => `${escape}[${row + 1};${column + 1}H`;

function isSame(a: StyledChar, b: StyledChar): boolean {
	return a.value === b.value && a.styles.length === b.styles.length && a.styles.every(({code}, index) => code === b.styles[index]!.code);
}

/** Where they differ, as [from, to[; stretches with little between them are one. */
function stretchesOf(before: readonly StyledChar[], after: readonly StyledChar[]): Array<[number, number]> {
	const stretches: Array<[number, number]> = [];
	for (let column = 0; column < Math.max(before.length, after.length); column++) {
		if (!isSame(before[column] ?? blank, after[column] ?? blank)) {
			const last = stretches.at(-1);
			if (last !== undefined && column - last[1] < shortestGap) {
				last[1] = column + 1;
			} else {
				stretches.push([column, column + 1]);
			}
		}
	}

	return stretches;
}

function diffLines(row: number, before: string, after: string): string {
	const [old, fresh] = [before, after].map(line => styledCharsFromTokens(tokenize(line))) as [StyledChar[], StyledChar[]];
	if (![...old, ...fresh].every(({value}) => oneCell.test(value))) {
		return writeLine(row, after);
	}

	return stretchesOf(old, fresh).map(([from, to]) => {
		// What is left of a longer line is erased; there the cursor does not stand on the last cell, which it would erase.
		const text = moveTo(row, from) + styledCharsToString(fresh.slice(from, to));
		return to > fresh.length ? `${text}${eraseLine}` : text;
	}).join('');
}

/** Erased before it is written: after a line that fills the width the cursor still stands on its last cell. */
function writeLine(row: number, line: string): string {
	return moveTo(row, 0) + plain + eraseLine + line + plain;
}

/** Empty where they are the same. `before` undefined: nothing is known of what is there. */
export function diffFrames(before: readonly string[] | undefined, after: readonly string[]): string {
	const changes = after.map((line, row) => {
		const old = before?.[row];
		return old === line ? '' : (old === undefined ? writeLine(row, line) : diffLines(row, old, line));
	}).join('');
	return changes === '' ? '' : beginFrame + plain + changes + endFrame;
}
