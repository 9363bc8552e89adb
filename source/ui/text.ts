/**
Text from the host, made harmless and made to fit: controls and direction marks are shown, not sent; width is counted in cells, by graphemes.
*/
import stringWidth from 'string-width';

const plain = /^[\u0020-\u007E]*$/;
const asciiControls = /[\u0000-\u001F\u007F]/;
const suspicious = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const pictograph = /\p{Extended_Pictographic}/u;

function spellOut(character: string): string {
	const code = character.codePointAt(0)!;
	return code < 0x1_00 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

const segmenters: Intl.Segmenter[] = [];

function graphemes(text: string): string[] {
	segmenters[0] ??= new Intl.Segmenter();
	return Array.from(segmenters[0].segment(text), ({segment}) => segment);
}

/**
The text with everything visible that a terminal would obey or hide: `\x1b`, `\x9b`, `\u{202e}`. With `isAscii` every character beyond ASCII is spelt
out as well. A text that is safe already comes back as it is.
*/
export function showSafely(text: string, isAscii = false): string {
	if (plain.test(text)) {
		return text;
	}

	return graphemes(text).map(grapheme => {
		// The joiner inside an emoji is what makes it one; everywhere else it hides something.
		const isEmoji = pictograph.test(grapheme) && !asciiControls.test(grapheme);
		return [...grapheme].map(character => {
			if (isAscii && character === '…') {
				return '...';
			}

			const isShown = plain.test(character) || (!isAscii && (!suspicious.test(character) || (isEmoji && character === '\u200D')));
			return isShown ? character : spellOut(character);
		}).join('');
	}).join('');
}

/** Cells that a safe text takes. */
export function widthOf(text: string): number {
	return plain.test(text) ? text.length : stringWidth(text);
}

/** Leaves out the end where the text is too wide. The mark counts. */
export function cutEnd(text: string, columns: number, mark = '…'): string {
	if (widthOf(text) <= columns) {
		return text;
	}

	return takeCells(graphemes(text), columns - widthOf(mark)) + (columns >= widthOf(mark) ? mark : '');
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
	const all = graphemes(text);
	const end = graphemes(takeCells([...all].reverse(), room - head)).reverse().join('');
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
	for (const word of line.slice(indent.length).split(' ')) {
		const joined = current === '' ? indent + word : `${current} ${word}`;
		if (widthOf(joined) <= columns) {
			current = joined;
			continue;
		}

		if (current.trim() !== '') {
			lines.push(current);
		}

		current = (lines.length === 0 ? indent : hang) + word;
		while (widthOf(current) > columns) {
			const part = takeCells(graphemes(current), columns);
			if (part === '') {
				break;
			}

			lines.push(part);
			current = current.slice(part.length);
		}
	}

	return [...lines, current];
}

/** Exactly so many cells: cut or filled with blanks. */
export function fit(text: string, columns: number, mark = '…'): string {
	const cut = cutEnd(text, columns, mark);
	return cut + ' '.repeat(Math.max(0, columns - widthOf(cut)));
}
