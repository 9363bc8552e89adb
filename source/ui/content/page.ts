/**
Screens that are one text: which lines they have, and how many rows there are for them. The paint shows them, the brain measures them for scrolling.
*/
import {detailsOfJourney} from '../../app/journey/questions.ts';
import {layoutOf} from '../../app/layout.ts';
import type {Viewport} from '../../app/scroll.ts';
import type {State} from '../../app/state.ts';
import type {Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';
import {detailsOf} from './details.ts';
import {failureLines} from './failure.ts';
import {findingLines} from './findings.ts';
import {helpLines} from './help.ts';
import {consequenceLines, planCommandLines} from './plan.ts';
import {endedLines} from './run.ts';

/** Rows that a journey needs above its text for the title and the way. */
export const journeyHeadRows = 3;

type Page = {lines: Line[]; rows: number; top: number};

/** The text of the current screen; undefined where it is none. */
export function pageOf(state: State, theme: Theme): Page | undefined {
	const {scene, columns} = state;
	const {bodyRows} = layoutOf(columns, state.rows);
	const style = {columns, theme};
	switch (scene.kind) {
		case 'not-possible': {
			return {lines: [[], ...failureLines(scene.failure, style)], rows: bodyRows - 1, top: scene.top};
		}

		case 'help': {
			return {lines: helpLines(style), rows: bodyRows - 1, top: scene.top};
		}

		case 'details': {
			return {lines: detailsOf(state, style), rows: bodyRows - 1, top: scene.top};
		}

		case 'ended': {
			return {lines: endedLines(scene.run, scene.outcome, style), rows: bodyRows - journeyHeadRows, top: scene.top};
		}

		case 'journey': {
			const {stage} = scene.journey;
			const rows = bodyRows - journeyHeadRows;
			switch (stage.phase) {
				case 'consequences': {
					return {lines: consequenceLines(stage.plan, stage.changed, {...style, details: detailsOfJourney(state, scene.journey), isLinear: state.isLinear}), rows, top: stage.top};
				}

				case 'commands': {
					return {lines: planCommandLines(stage.plan, {isUnfolded: stage.isUnfolded, isLinear: state.isLinear}, style), rows, top: stage.top};
				}

				case 'refused': {
					return {lines: failureLines(stage.failure, style), rows, top: stage.top};
				}

				default: {
					return undefined;
				}
			}
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
			return {lines: page?.lines.length ?? 0, rows: page?.rows ?? 1};
		},
	};
}
