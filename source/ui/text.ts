/**
Text from the host, made harmless and made to fit: controls and direction marks are shown, not sent; width is counted in cells, by graphemes.
*/
import {graphemesOf, widthOf} from '../model/text/cells.ts';
import {makeVisible} from '../model/text/visible-text.ts';

/** The rule of all output (model/text/visible-text.ts). A text that is safe already comes back as it is. */
export function showSafely(text: string, isAscii = false): string {
	return makeVisible(text, isAscii);
}

/** Leaves out the end where the text is too wide. The mark counts. */
export function cutEnd(text: string, columns: number, mark = '…'): string {
	if (widthOf(text) <= columns) {
		return text;
	}

	return takeCells(graphemesOf(text), columns - widthOf(mark)) + (columns >= widthOf(mark) ? mark : '');
}

/** Leaves out the middle: of a path the beginning and, more of it, the end tell the most. */
export function cutMiddle(text: string, columns: number, mark = '…'): string {
	if (widthOf(text) <= columns) {
		return text;
	}

	const room = columns - widthOf(mark);
	if (room < 4) {
		return cutEnd(text, columns, mark);
	}

	const head = Math.floor(room / 3);
	const all = graphemesOf(text);
	const end = graphemesOf(takeCells([...all].reverse(), room - head)).reverse().join('');
	return takeCells(all, head) + mark + end;
}

function takeCells(parts: readonly string[], columns: number): string {
	let taken = '';
	let width = 0;
	for (const part of parts) {
		width += widthOf(part);
		if (width > columns) {
			break;
		}

		taken += part;
	}

	return taken;
}

/** Parts of at most so many cells, at least one grapheme each, the last one perhaps empty. Each grapheme is looked at once. */
function cutInCells(text: string, columns: number): string[] {
	const parts = [''];
	let width = 0;
	for (const part of widthOf(text) > columns ? graphemesOf(text) : [text]) {
		const own = widthOf(part);
		if (width + own > columns && width > 0) {
			parts.push('');
			width = 0;
		}

		parts[parts.length - 1] += part;
		width += own;
	}

	return parts;
}

/** The text in lines of at most so many cells, broken at blanks where there are any. Line ends in the text stay line ends. */
export function wrap(text: string, columns: number, isAscii = false): string[] {
	return text.split('\n').flatMap(line => wrapLine(showSafely(line, isAscii), Math.max(1, columns)));
}

function wrapLine(line: string, columns: number): string[] {
	// A point of a list hangs: its further lines stand below its first word.
	const [, blanks, bullet] = /^( *)(- )?/.exec(line)!;
	const indent = blanks!.slice(0, Math.floor(columns / 2));
	const hang = bullet === undefined ? indent : (indent + '  ').slice(0, Math.floor(columns / 2));
	const lines: string[] = [];
	let current = '';
	let width = 0;
	for (const word of line.slice(indent.length).split(' ')) {
		const lead = current === '' ? indent : ' ';
		const needed = lead.length + widthOf(word);
		if (width + needed <= columns) {
			current += lead + word;
			width += needed;
			continue;
		}

		if (current.trim() !== '') {
			lines.push(current);
		}

		const parts = cutInCells((lines.length === 0 ? indent : hang) + word, columns);
		current = parts.pop()!;
		width = widthOf(current);
		lines.push(...parts);
	}

	return [...lines, current];
}

/** Exactly so many cells: cut or filled with blanks. */
export function fit(text: string, columns: number, mark = '…'): string {
	const cut = cutEnd(text, columns, mark);
	return cut + ' '.repeat(Math.max(0, columns - widthOf(cut)));
}
