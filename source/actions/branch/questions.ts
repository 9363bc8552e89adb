/**
The questions of a branch: what its first snapshot is called, and the present state.
*/
import type {Wish} from '../../model/plan/request.ts';
import type {DomainPicture} from '../../model/domain/inventory.ts';
import {defaultFate, fateQuestion} from '../current-state.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {Change, Question} from '../question.ts';

export function branchQuestions(wish: Wish & {kind: 'branch'}, {picture, keepName}: {picture: DomainPicture | undefined; keepName: string}): Question[] {
	const taken = takenNames(picture);
	const keptBy = (branch: string) => defaultFate({branch}, {nowMs: 0, taken});
	// The name of the kept state follows the name of the branch until the person chooses another.
	const rename = (name: string): Change => {
		const isFollowing = keepName === keptBy(wish.name).name && wish.fate.kind === 'keep';
		return isFollowing ? {wish: {...wish, name, fate: keptBy(name)}, keepName: keptBy(name).name} : {wish: {...wish, name}};
	};

	return [
		{
			id: 'name',
			word: 'Name',
			heading: 'What is the new branch called?',
			choices: [],
			text: {label: 'Its first snapshot is called', value: wish.name, problem: problemOfName(wish.name, taken), change: rename},
		},
		fateQuestion(keepName, new Set([...taken, wish.name]), fate => ({...wish, fate})),
	];
}
