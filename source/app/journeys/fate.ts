/**
What becomes of the present state when it is left: the question that reverting and branching share.
*/
import type {Fate} from '../../model/action.ts';
import type {Change, Journey, Question} from '../journey.ts';
import {problemOfName} from './names.ts';

/** The choice that loses nothing stands first. `withFate` gives the wish with another answer. */
export function fateQuestion(journey: Journey, taken: ReadonlySet<string>, withFate: (fate: Fate) => Change['wish']): Question {
	const {keepName} = journey;
	const keep = (name: string): Change => ({keepName: name, wish: withFate({kind: 'keep', name})});
	return {
		id: 'fate',
		word: 'Present state',
		heading: 'What becomes of the present state?',
		choices: [
			{
				id: 'keep',
				label: `Keep it as the snapshot "${keepName}"`,
				note: 'Nothing is lost: it can be reverted to. Press e for another name.',
				change: keep(keepName),
			},
			{
				id: 'discard',
				label: 'Discard it',
				note: 'What was written since the last snapshot is lost for ever.',
				change: {wish: withFate({kind: 'discard'})},
			},
		],
		text: {label: 'Keep it as the snapshot', value: keepName, problem: problemOfName(keepName, taken), change: keep},
	};
}
