/**
Which questions each kind of action asks, in their order. The rest of the way (plan, commands, confirmation, run) is the same for all.
*/
import type {DomainPicture} from '../../model/inventory.ts';
import type {
	Change, Journey, Question, Setting,
} from '../journey.ts';
import type {State} from '../state.ts';
import {branchQuestions} from './branch.ts';
import {createQuestions} from './create.ts';
import {deleteQuestions} from './delete.ts';
import {revertQuestions} from './revert.ts';
import {createSettings} from './settings.ts';

export function pictureOf(state: State, {wish}: Journey): DomainPicture | undefined {
	return state.pictures[wish.uuid]?.value;
}

/** Those on the way of this journey, answered or not. */
export function questionsOf(state: State, journey: Journey): Question[] {
	const {wish} = journey;
	const picture = pictureOf(state, journey);
	switch (wish.kind) {
		case 'revert': {
			return revertQuestions(journey, wish, picture);
		}

		case 'create': {
			return createQuestions(wish, picture);
		}

		case 'branch': {
			return branchQuestions(journey, wish, picture);
		}

		case 'delete': {
			return deleteQuestions(wish, picture);
		}

		// What is to be done is all in the wish.
		case 'merge':
		case 'relink':
		case 'tidy':
		case 'mend-records': {
			return [];
		}
	}
}

/** What can be set beyond the questions; undefined: there is nothing of the kind. */
export function settingsOf(state: State, journey: Journey): Setting[] | undefined {
	return journey.wish.kind === 'create' ? createSettings(journey.wish, pictureOf(state, journey)) : undefined;
}

/** The question that is on the screen; undefined: none is. */
export function presentQuestion(state: State, journey: Journey): Question | undefined {
	const {stage} = journey;
	return stage.phase === 'question' ? questionsOf(state, journey).find(({id}) => id === stage.id) : undefined;
}

export function withChange(journey: Journey, change: Change): Journey {
	return {...journey, ...change};
}
