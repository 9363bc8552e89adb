import test from 'ava';
import fc from 'fast-check';
import xterm from '@xterm/headless';
import {diffFrames} from '../../source/terminal/diff-frames.ts';
import {styled} from '../../source/model/text/styled.ts';

const escape = '\u001B';
const columns = 20;
const bold = 1;
const inverse = 7;
const underline = 4;
const cyan = 36;
const update = (changes: string) => `${escape}[?2026h${changes}${escape}[?2026l`;

/** What a terminal shows after this, cell by cell with its looks; of a blank only those that are seen on one. */
async function show(text: string, rows = 3): Promise<string[][]> {
	const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
	await new Promise<void>(resolve => {
		// On the screen that programs have for themselves, which keeps no lines that were scrolled away.
		terminal.write(`${escape}[?1049h${text}`, resolve);
	});
	const {active} = terminal.buffer;
	const cells = Array.from({length: rows}, (_, row) => Array.from({length: columns}, (__, column) => {
		const cell = active.getLine(row)!.getCell(column)!;
		const isBlank = cell.getChars().trim() === '';
		return [cell.getChars() || ' ', cell.isInverse() && 'inverse', cell.isUnderline() && 'underline', ...isBlank ? [] : [cell.isBold() && 'bold', cell.getFgColor()]].join(' ');
	}));
	terminal.dispose();
	return cells;
}

test('of a line only what changed is written, at its place, as one update', t => {
	t.is(diffFrames(['a', 'one two three four', 'c'], ['a', 'one TWO three four', 'c']), update(`${escape}[2;5HTWO`));
});

test('cells between two that changed are passed over, or written again where that is shorter', t => {
	t.is(diffFrames(['one two three'], ['One two Three']), update(`${escape}[1HO${escape}[7CT`));
	t.is(diffFrames(['a b c'], ['A b C']), update(`${escape}[1HA b C`));
});

test('the next row is reached by a line end', t => {
	t.is(diffFrames(['one', 'two'], ['One', 'tWo']), update(`${escape}[1HO\r\n${escape}[CW`));
});

test('what is left of a longer line is erased', t => {
	t.is(diffFrames(['abc  d'], ['ab']), update(`${escape}[1;3H${escape}[K`));
});

test('a colour is taken up in the middle of a line, and ends with what is written', t => {
	t.is(diffFrames([styled('one two', [cyan])], [styled('one TWO', [cyan])]), update(`${escape}[1;5H${escape}[36mTWO${escape}[m`));
});

test('a blank is written in whatever colour is on, but not inverse', t => {
	t.is(diffFrames(['xxxxxx'], [`${styled('a', [cyan])} ${styled('b', [cyan])}xxx`]), update(`${escape}[1H${escape}[36ma b${escape}[m`));
	t.is(diffFrames(['xxxxxx'], [`${styled('a', [inverse])} ${styled('b', [inverse])}xxx`]), update(`${escape}[1H${escape}[7ma${escape}[m ${escape}[7mb${escape}[m`));
});

test('a line with a character whose width is not the same on every terminal is written whole', t => {
	t.is(diffFrames(['🐧 one'], ['🐧 two']), update(`${escape}[1H${escape}[K🐧 two`));
});

test('a frame that is the same writes nothing', t => {
	t.is(diffFrames(['a', 'b'], ['a', 'b']), '');
});

test('the first frame writes every line', t => {
	t.is(diffFrames(undefined, ['a', '']).split(`${escape}[K`).length - 1, 2);
});

test('whatever stood there, afterwards the terminal shows the frame', async t => {
	const looks = fc.constantFrom([], [bold], [inverse], [cyan], [bold, cyan], [inverse, bold, underline]);
	const word = fc.tuple(looks, fc.constantFrom('a', ' ', '  ', 'web', '│', '├─', 'é', '漢', '▸ x', 'ten cells.')).map(([codes, text]) => ({codes, text}));
	const isShort = (words: Array<{text: string}>) => words.reduce((sum, {text}) => sum + text.length + Number(text === '漢'), 0) <= columns;
	const line = fc.array(word, {maxLength: 6}).filter(words => isShort(words)).map(words => words.map(({text, codes}) => styled(text, codes)).join(''));
	const frame = fc.array(line, {minLength: 3, maxLength: 3});
	await fc.assert(fc.asyncProperty(frame, frame, async (before, after) => {
		t.deepEqual(await show(diffFrames(undefined, before) + diffFrames(before, after)), await show(diffFrames(undefined, after)));
	}), {numRuns: 300});
});

test('a list that goes on by a line is scrolled by the terminal, up or down', t => {
	const list = (from: number) => ['title', ...Array.from({length: 6}, (_, index) => `${'abcdefghijk'[from + index]!.repeat(6)} │`), 'end'];
	t.is(diffFrames(list(0), list(1)), update(`${escape}[2;7r${escape}[7H\n${escape}[r${escape}[7Hgggggg │`));
	t.is(diffFrames(list(1), list(0)), update(`${escape}[2;7r${escape}[2H${escape}M${escape}[r${escape}[2Haaaaaa │`));
});

test('of a list whose selected line stays where it is, the terminal scrolls the rest', async t => {
	const tall = 10;
	const looks = fc.constantFrom([], [bold], [cyan], [inverse]);
	const name = fc.tuple(fc.constantFrom('web', 'db', 'ci-run', 'é', '漢字', 'a b'), fc.nat({max: 99}), looks).map(([text, number, codes]) => styled(`${text}${number}`, codes));
	const scene = fc.record({
		names: fc.array(name, {minLength: 12, maxLength: 12}),
		top: fc.nat({max: 2}),
		height: fc.integer({min: 4, max: 7}),
		from: fc.nat({max: 3}),
		by: fc.constantFrom(1, -1),
		marked: fc.nat({max: 6}),
		beside: fc.constantFrom('', ' │ s1', ' │ two'),
	});
	await fc.assert(fc.asyncProperty(scene, async ({names, top, height, from, by, marked, beside}) => {
		const frame = (start: number, end: string) => Array.from({length: tall}, (_, row) => row < top || row >= top + height
			? `row ${row}`
			: `${row === top + marked ? '>' : ' '}${names[start + row - top]!}${end}`);
		const [before, after] = [frame(from + 1, ' │'), frame(from + 1 + by, ` │${beside}`)];
		t.deepEqual(await show(diffFrames(undefined, before) + diffFrames(before, after), tall), await show(diffFrames(undefined, after), tall));
	}), {numRuns: 300});
});
