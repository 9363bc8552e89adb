/**
How things look: one accent colour, a few tones, and the glyphs for terminals with and without UTF-8. Colour only repeats what words or signs say.
*/
import {createContext, useContext} from 'react';

export type Tone = 'plain' | 'dim' | 'strong' | 'accent' | 'good' | 'warning' | 'loss';

type Glyphs = {
	pointer: string; vertical: string; horizontal: string; tee: string; teeDown: string; cross: string;
	branch: string; lastBranch: string; through: string; here: string; snapshot: string; onWay: string; base: string; folded: string;
	running: string; paused: string; off: string; crashed: string;
	done: string; failed: string; undone: string; waiting: string; working: string;
	loss: string; lookAt: string; job: string; warning: string; info: string; ellipsis: string; dot: string; next: string; cursor: string; up: string; down: string;
	full: string; empty: string; created: string; removed: string; merged: string; written: string; staying: string;
};

const unicode: Glyphs = {
	pointer: '▸', vertical: '│', horizontal: '─', tee: '┬', teeDown: '┴', cross: '┼',
	branch: '├─', lastBranch: '└─', through: '│ ', here: '◆', snapshot: '○', onWay: '●', base: '■', folded: '+',
	running: '●', paused: '‖', off: '○', crashed: '×',
	done: '✓', failed: '×', undone: '↶', waiting: '·', working: '▸',
	loss: '✗', lookAt: '~', job: '↻', warning: '!', info: '·', ellipsis: '…', dot: '·', next: '›', cursor: '▏', up: '↑', down: '↓',
	full: '█', empty: '░', created: '+', removed: '✗', merged: '»', written: '~', staying: '=',
};

const ascii: Glyphs = {
	pointer: '>', vertical: '|', horizontal: '-', tee: '+', teeDown: '+', cross: '+',
	branch: '|-', lastBranch: '`-', through: '| ', here: '*', snapshot: 'o', onWay: 'O', base: '#', folded: '+',
	running: '*', paused: '=', off: 'o', crashed: 'x',
	done: 'v', failed: 'x', undone: '<', waiting: '.', working: '>',
	loss: 'x', lookAt: '~', job: '@', warning: '!', info: '-', ellipsis: '~', dot: '-', next: '>', cursor: '_', up: '^', down: 'v',
	full: '#', empty: '.', created: '+', removed: 'x', merged: '>', written: '~', staying: '=',
};

type Style = {color?: string; bold?: boolean; dimColor?: boolean; inverse?: boolean};

export type Theme = {
	isAscii: boolean;
	glyphs: Glyphs;
	/** `isSelected`: the row that has the cursor, in the pane that has the keys. */
	style: (tone: Tone, isSelected?: boolean) => Style;
};

const colours: Partial<Record<Tone, string>> = {accent: 'cyan', good: 'green', warning: 'yellow', loss: 'red'};

export function createTheme(given: {isAscii: boolean; hasColour: boolean}): Theme {
	return {
		isAscii: given.isAscii,
		glyphs: given.isAscii ? ascii : unicode,
		style(tone, isSelected = false) {
			return {
				color: given.hasColour && !isSelected ? colours[tone] : undefined,
				bold: tone === 'strong' || tone === 'loss' || (isSelected && tone === 'plain'),
				dimColor: tone === 'dim' && !isSelected,
				inverse: isSelected,
			};
		},
	};
}

export const ThemeContext = createContext<Theme>(createTheme({isAscii: true, hasColour: false}));

export function useTheme(): Theme {
	return useContext(ThemeContext);
}
