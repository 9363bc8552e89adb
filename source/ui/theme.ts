/**
How things look: one accent colour, a few tones, and the glyphs for terminals with and without UTF-8. Colour only repeats what words or signs say.
*/
import {createContext, useContext} from 'react';
import {styled} from '../model/text/styled.ts';

export type Tone = 'plain' | 'dim' | 'strong' | 'accent' | 'good' | 'warning' | 'loss';

type Glyphs = {
	pointer: string; vertical: string; horizontal: string; tee: string; teeDown: string; cross: string;
	branch: string; lastBranch: string; through: string; here: string; snapshot: string; onWay: string; marked: string; host: string; base: string; folded: string;
	running: string; paused: string; off: string; crashed: string;
	done: string; failed: string; undone: string; waiting: string; working: string;
	loss: string; lookAt: string; job: string; warning: string; info: string; ellipsis: string; dot: string; next: string; cursor: string; up: string; down: string;
	full: string; empty: string; created: string; removed: string; merged: string; written: string; staying: string;
};

export const unicode: Glyphs = {
	pointer: '▸', vertical: '│', horizontal: '─', tee: '┬', teeDown: '┴', cross: '┼',
	branch: '├─', lastBranch: '└─', through: '│ ', here: '◆', snapshot: '○', onWay: '●', marked: '+', host: '▾', base: '■', folded: '+',
	running: '●', paused: '‖', off: '○', crashed: '×',
	done: '✓', failed: '×', undone: '↶', waiting: '·', working: '▸',
	loss: '✗', lookAt: '~', job: '↻', warning: '!', info: '·', ellipsis: '…', dot: '·', next: '›', cursor: '▏', up: '↑', down: '↓',
	full: '█', empty: '░', created: '+', removed: '✗', merged: '»', written: '~', staying: '=',
};

/** What the font of the Linux console (TERM=linux) has; seen in Debian's Lat15, Lat2 and CyrSlav fonts. */
const linuxConsole: Glyphs = {
	...unicode, here: '♦', snapshot: 'o', host: 'H', off: 'o', paused: ':', done: 'v', undone: '←', job: '%', cursor: '_',
};

/** Signs that differ in the set above differ here as well. */
export const ascii: Glyphs = {
	pointer: '>', vertical: '|', horizontal: '-', tee: '+', teeDown: '+', cross: '+',
	branch: '|-', lastBranch: '`-', through: '| ', here: '@', snapshot: 'o', onWay: '*', marked: '+', host: 'H', base: '0', folded: '+',
	running: '*', paused: ':', off: 'o', crashed: 'X',
	done: 'v', failed: 'X', undone: '<', waiting: '.', working: '>',
	loss: 'x', lookAt: '~', job: '%', warning: '!', info: '.', ellipsis: '$', dot: '.', next: ')', cursor: '_', up: '^', down: 'V',
	full: '#', empty: '-', created: '+', removed: 'x', merged: '&', written: '~', staying: '=',
};

type Palette = 'dark' | 'light' | 'mono';

export type Theme = {
	isAscii: boolean;
	glyphs: Glyphs;
	/** The text as a terminal shows it in this tone (styled.ts). `isSelected`: in the row that has the cursor, in the pane that has the keys. */
	paint: (text: string, tone?: Tone, how?: {isSelected?: boolean; isFound?: boolean}) => string;
};

/** As SGR numbers them. */
const codes = {bold: 1, dim: 2, underline: 4, inverse: 7, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36};

type Look = keyof typeof codes;

/** Yellow and cyan cannot be read on a light background. */
const palettes: Record<Palette, Partial<Record<Tone, Look>>> = {
	dark: {accent: 'cyan', good: 'green', warning: 'yellow', loss: 'red'},
	light: {accent: 'blue', good: 'green', warning: 'magenta', loss: 'red'},
	mono: {},
};

/** Colours are for a dark background unless another palette is named. */
export function createTheme(given: {isAscii: boolean; isLinuxConsole?: boolean; hasColour: boolean; palette?: Palette}): Theme {
	const colours = palettes[given.hasColour ? given.palette ?? 'dark' : 'mono'];
	const looksOf = (tone: Tone): Look[] => [
		...(tone === 'strong' || tone === 'loss' ? ['bold' as const] : []),
		...(tone === 'dim' ? ['dim' as const] : []),
		...(colours[tone] === undefined ? [] : [colours[tone]]),
	];
	return {
		isAscii: given.isAscii,
		glyphs: given.isAscii ? ascii : (given.isLinuxConsole ? linuxConsole : unicode),
		paint(text, tone = 'plain', {isSelected = false, isFound = false} = {}) {
			// One style for the whole row: each change of style within it is written with every key that moves the cursor.
			const looks = new Set([...(isSelected ? ['inverse' as const] : looksOf(tone)), ...(isFound ? ['bold', 'underline'] as const : [])]);
			return styled(text, [...looks].map(look => codes[look]));
		},
	};
}

export const ThemeContext = createContext<Theme>(createTheme({isAscii: true, hasColour: false}));

export function useTheme(): Theme {
	return useContext(ThemeContext);
}
