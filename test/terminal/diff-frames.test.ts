import {styledCharsFromTokens, tokenize} from '@alcalzone/ansi-tokenize';
import test from 'ava';
import fc from 'fast-check';
import {diffFrames} from '../../source/terminal/diff-frames.ts';

const escape = '\u001B';
const columns = 20;

/** What a terminal shows after this, cell by cell with its colours. `text`: nothing but what `diffFrames` writes. */
function show(text: string, rows: number): string[][] {
	const cells = Array.from({length: rows}, () => Array.from({length: columns}, () => ' '));
	for (const [, row, column, rest] of text.matchAll(/\u001B\[(\d+);(\d+)H((?:(?!\u001B\[\d+;\d+H)[^])*)/g)) {
		const line = cells[Number(row) - 1]!;
		let at = Number(column) - 1;
		for (const part of rest!.split(/(\u001B\[K)/)) {
			if (part === `${escape}[K`) {
				// After the last cell the cursor still stands on it.
				line.fill(' ', Math.min(at, columns - 1));
			} else {
				for (const {value, styles, fullWidth} of styledCharsFromTokens(tokenize(part.replaceAll(/\u001B\[\?\d+[hl]/g, '')))) {
					line[at] = `${value}${styles.map(({code}) => code).join('')}`;
					at += fullWidth ? 2 : 1;
				}
			}
		}
	}

	return cells;
}

test('of a line only what changed is written, at its place, as one update', t => {
	t.is(
		diffFrames(['a', 'one two three four', 'c'], ['a', 'one TWO three four', 'c']),
		`${escape}[?2026h${escape}[0m${escape}[2;5HTWO${escape}[?2026l`,
	);
});

test('what is left of a longer line is erased', t => {
	t.is(diffFrames(['abc  d'], ['ab']), `${escape}[?2026h${escape}[0m${escape}[1;3H${escape}[K${escape}[?2026l`);
});

test('a colour is taken up in the middle of a line, and ends with what is written', t => {
	t.is(
		diffFrames([`${escape}[36mone two${escape}[39m`], [`${escape}[36mone TWO${escape}[39m`]),
		`${escape}[?2026h${escape}[0m${escape}[1;5H${escape}[36mTWO${escape}[39m${escape}[?2026l`,
	);
});

test('a line with a character whose width is not the same on every terminal is written whole', t => {
	t.true(diffFrames(['🐧 one'], ['🐧 two']).includes(`${escape}[1;1H${escape}[0m${escape}[K🐧 two`));
});

test('a frame that is the same writes nothing', t => {
	t.is(diffFrames(['a', 'b'], ['a', 'b']), '');
});

test('the first frame writes every line', t => {
	t.is(diffFrames(undefined, ['a', '']).split(`${escape}[K`).length - 1, 2);
});

test('whatever stood there, afterwards the terminal shows the frame', t => {
	const word = fc.tuple(fc.constantFrom('', '1', '7', '36', '41'), fc.constantFrom('a', ' ', '  ', 'web', '│', '├─', 'é', '漢', '▸ x'))
		.map(([code, text]) => code === '' ? text : `${escape}[${code}m${text}${escape}[${{1: 22, 7: 27, 36: 39, 41: 49}[code]}m`);
	const line = fc.array(word, {maxLength: 6}).map(words => words.join(''));
	const frame = fc.array(line, {minLength: 3, maxLength: 3});
	fc.assert(fc.property(frame, frame, (before, after) => {
		const shown = show(diffFrames(undefined, before) + diffFrames(before, after), 3);
		t.deepEqual(shown, show(diffFrames(undefined, after), 3));
	}), {numRuns: 1000});
});
