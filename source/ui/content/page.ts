/**
Screens that are one text: which lines they have, and how many rows there are for them. The paint shows them, the brain measures them for scrolling.
*/
import {layoutOf} from '../../app/layout.ts';
import type {Viewport} from '../../app/scroll.ts';
import type {State} from '../../app/state.ts';
import {pressAt, textOf, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';
import {detailsOf} from './details.ts';
import {findingLines} from './findings.ts';
import {helpLines} from './help.ts';
import {journeyPageOf} from './plan-page.ts';
import {endedHeadRows, recoverPage} from './recover.ts';
import {groupEndedLines} from './run/group.ts';
import {endedLines} from './run/run.ts';

/** `focus`: the lines with the cursor. `vital`: so many lines are to be read before a start. */
type Page = {lines: Line[]; rows: number; top: number; focus?: {first: number; last: number}; vital?: number};

/** The text of the current screen; undefined where it is none. */
export function pageOf(state: State, theme: Theme): Page | undefined {
	const {scene, columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const style = {columns, theme};
	switch (scene.kind) {
		case 'help': {
			return {lines: helpLines(style), rows: bodyRows - 1, top: scene.top};
		}

		case 'details': {
			return {lines: detailsOf(state, style), rows: bodyRows - 1, top: scene.top};
		}

		case 'ended': {
			return {lines: endedLines(scene.run, scene.outcome, style), rows: bodyRows - endedHeadRows, top: scene.top};
		}

		case 'group-ended': {
			return {lines: groupEndedLines(scene.ends, style), rows: bodyRows - endedHeadRows, top: scene.top};
		}

		case 'journey': {
			return journeyPageOf(state, scene.journey, style);
		}

		case 'doctor': {
			return scene.isWhole ? {lines: findingLines(state, style), rows: bodyRows - 1, top: scene.top} : undefined;
		}

		default: {
			return undefined;
		}
	}
}

export function createViewport(theme: Theme): Viewport {
	return {
		measure(state) {
			const page = pageOf(state, theme);
			const {scene} = state;
			return {
				...page,
				lines: page?.lines.length ?? 0,
				rows: page?.rows ?? 1,
				texts: () => page?.lines.map(pieces => textOf(pieces)) ?? [],
				pressAt: (line, column) => pressAt(page?.lines[line] ?? [], column),
				...(scene.kind === 'recover' && {firstOption: recoverPage(state, scene, {columns: state.columns, theme}).firstOption}),
			};
		},
	};
}
