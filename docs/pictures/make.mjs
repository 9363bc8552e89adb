/**
Makes the pictures of the README: runs the built program on its simulated host in a pseudo-terminal, types, and writes what the terminal then shows as SVG.

Usage: npm run pictures. Needs `script` (util-linux).
*/
import {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import headless from '@xterm/headless';

const {Terminal} = headless;
const folder = 'docs/pictures';
const cell = {width: 8.4, height: 18};
const fontSize = 14;
const margin = 12;
const colours = {background: '#1b1e24', plain: '#d8dde5', palette: ['#3b4048', '#f0717b', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d8dde5']};
const quietMs = 400;

/** `keys`: each typed when the screen has come to rest after the one before. */
const pictures = [
	{name: 'browse', columns: 100, rows: 30, keys: ['j']},
	{name: 'revert', columns: 80, rows: 30, keys: ['j', 'r']},
	{name: 'delete', columns: 80, rows: 30, keys: ['j', 'd']},
];

const escapeXml = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The colours of a cell of the terminal. */
function styleOf(got) {
	const own = got.isFgPalette() ? colours.palette[got.getFgColor() % 8] : colours.plain;
	return {
		ink: got.isInverse() ? colours.background : own,
		paper: got.isInverse() ? own : undefined,
		isBold: got.isBold() !== 0,
		isDim: got.isDim() !== 0,
	};
}

/** Stretches of a line that look alike. */
function stretchesOf(line, columns) {
	const stretches = [];
	for (let column = 0; column < columns; column++) {
		const got = line.getCell(column);
		const style = styleOf(got);
		const text = got.getChars() === '' ? ' ' : got.getChars();
		const last = stretches.at(-1);
		if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)) {
			last.text += text;
			last.cells++;
		} else {
			stretches.push({column, cells: 1, style, text});
		}
	}

	return stretches;
}

/** Each word where its cells are: no viewer of SVG has to know how wide a space is. */
function drawStretch({column, cells, style, text}, row) {
	const y = margin + (row * cell.height);
	const xOf = at => (margin + ((column + at) * cell.width)).toFixed(1);
	const lengthOf = count => (count * cell.width).toFixed(1);
	const paper = style.paper === undefined ? '' : `<rect x="${xOf(0)}" y="${y}" width="${lengthOf(cells)}" height="${cell.height}" fill="${style.paper}"/>`;
	const look = `${style.isBold ? ' font-weight="bold"' : ''}${style.isDim ? ' opacity="0.6"' : ''}`;
	const words = [...text.matchAll(/\S+/g)].map(({0: word, index}) =>
		`<text x="${xOf(index)}" y="${y + 13.5}" fill="${style.ink}"${look} textLength="${lengthOf(word.length)}" lengthAdjust="spacingAndGlyphs">${escapeXml(word)}</text>`);
	return paper + words.join('');
}

function draw(terminal, {columns, rows, title}) {
	const width = Math.ceil((columns * cell.width) + (2 * margin));
	const height = (rows * cell.height) + (2 * margin);
	const lines = Array.from({length: rows}, (_, row) => stretchesOf(terminal.buffer.active.getLine(row), columns).map(stretch => drawStretch(stretch, row)).join(''));
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
		`<rect width="${width}" height="${height}" rx="6" fill="${colours.background}"/>`,
		`<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${fontSize}">`,
		...lines.filter(line => line !== ''),
		'</g>',
		'</svg>',
		'',
	].join('\n');
}

/** What the terminal shows when all was typed, as SVG. */
async function show(picture) {
	const {columns, rows, keys} = picture;
	const terminal = new Terminal({cols: columns, rows, allowProposedApi: true});
	const child = spawn('script', ['-qfec', `stty cols ${columns} rows ${rows}; exec ${process.execPath} dist/vsnap-tui.mjs --demo web`, '/dev/null'], {
		stdio: ['pipe', 'pipe', 'inherit'], env: {...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', TZ: 'UTC', NO_COLOR: ''},
	});
	let atMs = performance.now();
	child.stdout.on('data', bytes => {
		atMs = performance.now();
		terminal.write(Buffer.from(bytes));
	});
	const rest = async () => {
		do {
			await sleep(quietMs);
		} while (performance.now() - atMs < quietMs);
	};

	// The doctor goes on looking after the first frame.
	const shown = () => Array.from({length: rows}, (_, row) => terminal.buffer.active.getLine(row).translateToString()).join('\n');
	for (let turn = 0; turn < 100 && !/need you: D|needs you: D/.test(shown()); turn++) {
		await rest();
	}

	for (const key of keys) {
		child.stdin.write(key);
		await rest();
	}

	const drawn = draw(terminal, {...picture, title: `vsnap-tui: ${picture.name}`});
	child.stdin.write('\u0003');
	return drawn;
}

for (const picture of pictures) {
	await writeFile(`${folder}/${picture.name}.svg`, await show(picture));
	console.log(`${folder}/${picture.name}.svg`);
}
