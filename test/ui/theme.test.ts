import test from 'ava';
import {ascii, createTheme, unicode, type Tone} from '../../source/ui/theme.ts';

const tones: Tone[] = ['plain', 'dim', 'strong', 'accent', 'good', 'warning', 'loss'];
/** Lines and corners of frames and trees, which say nothing by themselves. */
const drawing = new Set(['vertical', 'horizontal', 'tee', 'teeDown', 'cross', 'branch', 'lastBranch', 'through']);

test('signs that differ in meaning differ in ASCII as well', t => {
	const names = (Object.keys(unicode) as Array<keyof typeof unicode>).filter(name => !drawing.has(name));
	const alike = names.flatMap((a, index) => names.slice(index + 1).filter(b => unicode[a] !== unicode[b] && ascii[a] === ascii[b]).map(b => `${a} and ${b}: ${ascii[a]}`));
	t.deepEqual(alike, []);
	t.true(Object.values(ascii).every(sign => /^[ -~]+$/.test(sign) && sign.length <= 2));
});

test('the console of Linux gets signs that its fonts have', t => {
	// Of the tables of Debian's Lat15-Fixed16, Lat15-TerminusBold16, Lat15-VGA16, Lat2-Terminus16 and CyrSlav-Terminus16 (console-setup 1.221).
	const inFonts = '▸│─┬┴┼├└●■+×✗·~!…›↑↓█░»=•▶▲▼«±§¶▒→←♦';
	const {glyphs} = createTheme({isAscii: false, isLinuxConsole: true, hasColour: true});
	const missing = Object.entries(glyphs).filter(([, sign]) => [...sign].some(character => !/[ -~]/.test(character) && !inFonts.includes(character)));
	t.deepEqual(missing, []);
});

test('a light background gets no yellow and no cyan, and without colour there is none', t => {
	const coloursOf = (given: Parameters<typeof createTheme>[0]) => tones.flatMap(tone => [...createTheme(given).paint('x', tone).matchAll(/3\d/g)].map(([code]) => ({31: 'red', 32: 'green', 33: 'yellow', 34: 'blue', 35: 'magenta', 36: 'cyan'})[code]!));
	t.deepEqual(coloursOf({isAscii: false, hasColour: true}), ['cyan', 'green', 'yellow', 'red']);
	t.deepEqual(coloursOf({isAscii: false, hasColour: true, palette: 'light'}), ['blue', 'green', 'magenta', 'red']);
	t.deepEqual(coloursOf({isAscii: false, hasColour: true, palette: 'mono'}), []);
	t.deepEqual(coloursOf({isAscii: false, hasColour: false, palette: 'light'}), []);
});
