/**
What a guided action asks. Questions and settings are made anew from the request whenever they are needed; only their ids are remembered.
*/
import type {Request} from '../model/plan/request.ts';

/** A choice in a menu or a question. `reason` says why it is not possible; `figure`, behind the label, what it frees. */
export type Option = {id: string; label: string; note?: string; reason?: string; figure?: string};

export type QuestionId = 'name' | 'folder' | 'saved' | 'place' | 'current-state' | 'end-state' | 'scope' | 'layers';

/** What an answer changes. `keepName`: the name for the current state, which is remembered while "discard" is chosen. */
export type Change = {request?: Request; keepName?: string};

/** A text that is typed. `problem` is said while it is typed, and keeps it from being taken. `beside`: typed on the same page, after Tab. */
export type TextField = {label: string; value: string; problem: string | undefined; change: (text: string) => Change; beside?: TextField};

export type Question = {
	id: QuestionId;
	/** On the line that shows the way. */
	word: string;
	heading: string;
	/** What each choice frees is told beside it, as soon as it is known. */
	showsSpace?: true;
	/** Empty: the text alone is asked. */
	choices: Array<Option & {change: Change}>;
	/** Where there are no choices, what is asked; else the name that belongs to the first choice, typed after `e`. */
	text?: TextField;
};

/** One line of the settings: Enter goes on to its next value, or begins to type. `answers`: questions that are not asked once this was set. */
export type Setting = Option & {answers?: QuestionId[]} & ({change: Change; text?: undefined} | {text: TextField; change?: undefined});
