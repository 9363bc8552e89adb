/**
The questions of a branch: what its first snapshot is called, and the present state.
*/
import type {Wish} from '../../model/action.ts';
import type {DomainPicture} from '../../model/inventory.ts';
import type {Journey, Question} from '../journey.ts';
import {fateQuestion} from './fate.ts';
import {problemOfName, takenNames} from './names.ts';

export function branchQuestions(journey: Journey, wish: Wish & {kind: 'branch'}, picture: DomainPicture | undefined): Question[] {
	const taken = takenNames(picture);
	return [
		{
			id: 'name',
			word: 'Name',
			heading: 'What is the new branch called?',
			choices: [],
			text: {label: 'Its first snapshot is called', value: wish.name, problem: problemOfName(wish.name, taken), change: name => ({wish: {...wish, name}})},
		},
		fateQuestion(journey, new Set([...taken, wish.name]), fate => ({...wish, fate})),
	];
}
