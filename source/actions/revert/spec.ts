/**
Revert: the domain goes back to a snapshot.
*/
import {completeFate} from '../current-state.ts';
import {takenNames} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {planRevert} from './plan.ts';
import {cli} from './arguments.ts';
import {revertQuestions} from './questions.ts';
import {words} from './words.ts';

export const revert = {
	kind: 'revert',
	cli,
	screen: {
		key: 'r',
		label: 'Revert to this snapshot …',
		chooseLabel: 'Revert …',
		title: 'Revert',
		choose: 'Choose the snapshot to go back to, then press r.',
		help: 'revert to the selected snapshot',
		short: 'revert',
		rank: 2,
		needs: 'snapshot',
	},
	complete({snapshot, fate: given, endState}, uuid, {picture, nowMs}) {
		const {fate, keepName, answered} = completeFate(given, {}, {nowMs, taken: takenNames(picture)});
		return {request: {kind: 'revert', uuid, snapshot: snapshot!, fate, endState}, answered: [...answered, ...endState === undefined ? [] : ['end-state' as const]], keepName};
	},
	questions: revertQuestions,
	plan: planRevert,
	words,
} satisfies ActionSpec<'revert'>;
