/**
What a person types to confirm: the domain's name, or a short code where the name cannot be typed on a keyboard.
*/
import type {Plan} from '../../model/plan/plan.ts';

/** Whether the name must be typed: only where something is lost, so that it keeps its weight. Everything else needs no more than an Enter. */
export function needsName({consequences}: Plan): boolean {
	return consequences.some(({severity}) => severity === 'loss');
}

/** Nothing but single blanks within it. */
function isTypeable(name: string): boolean {
	return /^[!-~]+(?: [!-~]+)*$/.test(name) || (/^[\p{L}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{P}\p{S}]+)*$/u.test(name) && !/\p{Extended_Pictographic}|[^\u0000-\uFFFF]/u.test(name));
}

/** The name itself, or six characters of the UUID where it holds controls, marks, emoji or blanks that nobody sees. */
export function wordToType(domain: {name: string; uuid: string}): {word: string; isCode: boolean} {
	const isPlain = isTypeable(domain.name) && domain.name.length <= 80;
	return isPlain ? {word: domain.name, isCode: false} : {word: domain.uuid.replaceAll('-', '').slice(0, 6), isCode: true};
}

/** Two ways to write an accented letter are one name. */
export function isSameWord(typed: string, word: string): boolean {
	return typed.normalize('NFC') === word.normalize('NFC');
}
