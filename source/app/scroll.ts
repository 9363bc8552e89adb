/**
Scrolling of what is text: help, details, the page of a plan, commands, results. How many lines there are depends on the width, so the paint is asked.
*/
import type {Command} from './keys.ts';
import {listRowsOf} from './layout.ts';
import type {Scene, State} from './state.ts';

/** What the brain must know of the paint: how many lines the current text has, and how many of them fit. */
export type Viewport = {measure: (state: State) => Measures};

/** A field of a page, or one of its choices, under the mouse. */
export type Press = {field: string; choice?: string};

/** `texts`: of the lines. `focus`: where the cursor is. `vital`: so many of them are to be read before a start. `firstOption`: the row of the screen where a list below a text begins. */
type Measures = {
	lines: number; rows: number; texts?: () => string[]; top?: number; focus?: {first: number; last: number}; vital?: number;
	pressAt?: (line: number, column: number) => Press | undefined; firstOption?: number;
};

export function topOf(scene: Scene): number {
	if (scene.kind === 'journey') {
		const {view, top} = scene.journey;
		return view !== undefined && 'top' in view ? view.top : top;
	}

	return 'top' in scene ? scene.top : 0;
}

function withTop(scene: Scene, top: number): Scene {
	if (scene.kind === 'journey') {
		const {journey, journey: {view}} = scene;
		return {...scene, journey: view !== undefined && 'top' in view ? {...journey, view: {...view, top}} : {...journey, top}};
	}

	return 'top' in scene ? {...scene, top} : scene;
}

/** Moves the text, never past its ends. Other commands leave it alone. */
export function scroll(state: State, command: Command, viewport: Viewport): State {
	const {lines, rows} = viewport.measure(state);
	const top = topOf(state.scene);
	const page = Math.max(1, rows - 1);
	const half = Math.max(1, Math.floor(rows / 2));
	const wanted: Partial<Record<Command, number>> = {
		up: top - 1, down: top + 1, 'page-up': top - page, 'page-down': top + page, 'half-up': top - half, 'half-down': top + half, first: 0, last: lines,
	};
	const next = wanted[command];
	if (next === undefined) {
		return state;
	}

	return {...state, scene: withTop(state.scene, Math.max(0, Math.min(next, lines - rows)))};
}

/** Turns the text so that a line is in sight, with some of what is above it. */
export function showLine(state: State, line: number, viewport: Viewport): State {
	const {lines, rows} = viewport.measure(state);
	const top = topOf(state.scene);
	return line >= top && line < top + rows ? state : withTopAt(state, Math.min(line - Math.floor(rows / 3), lines - rows));
}

export function withTopAt(state: State, top: number): State {
	return {...state, scene: withTop(state.scene, Math.max(0, top))};
}

/** Where an index goes in a list of choices: it stops at the ends. */
export function moveIndex(index: number, command: Command, count: number): number {
	const [page, half] = [5, 3];
	const wanted: Partial<Record<Command, number>> = {
		up: index - 1, down: index + 1, 'page-up': index - page, 'page-down': index + page, 'half-up': index - half, 'half-down': index + half, first: 0, last: count - 1,
	};
	return Math.max(0, Math.min(wanted[command] ?? index, count - 1));
}

export function pageRows(state: State): number {
	return Math.max(1, listRowsOf(state) - (state.pane === 'tree' ? 3 : 2));
}
