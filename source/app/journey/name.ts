/**
The name of the domain, typed on the last line of a page.
*/
import type {Key} from '../messages.ts';
import {isSameWord, needsName, wordToType} from '../run/confirm-name.ts';
import {plansInSight, type Journey} from './journey.ts';

/** Whether it is typed: until the plan says that nothing is lost, it may have to be. What is refused starts by no name. */
export function isNamed(journey: Journey): boolean {
	const plans = plansInSight(journey);
	return plans.length === 0 ? journey.answer === undefined : plans.some(plan => needsName(plan));
}

export function wordOf({domain, request}: Journey): {word: string; isCode: boolean} {
	return wordToType({name: domain, uuid: request.uuid});
}

export function isNameRight(journey: Journey): boolean {
	return isSameWord(journey.typed, wordOf(journey).word);
}

/** A character is a command only where it cannot be the beginning of the name. */
export function isTextOfName(journey: Journey, key: Key): boolean {
	return key.name !== 'character' || journey.typed !== '' || wordOf(journey).word.startsWith(key.text);
}
