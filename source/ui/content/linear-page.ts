/**
What a page of the linear mode is made of: plain lines, and choices that become messages.
*/
import type {Key, Message} from '../../app/messages.ts';
import type {Option} from '../../actions/question.ts';
import type {Line} from '../parts/line.tsx';

export type LinearChoice = {label: string; messages: Message[]};

export type LinearPage = {
	title: string;
	lines: string[];
	choices: LinearChoice[];
	/** Instead of a number any text is taken, and becomes these messages. */
	takesText?: {prompt: string; toMessages: (text: string) => Message[]};
};

export const key = (name: Exclude<Key['name'], 'enter' | 'mouse' | 'character' | 'paste'>): Message => ({kind: 'key', key: {name}});
export const character = (text: string): Message => ({kind: 'key', key: {name: 'character', text}});
export const enter: Message = {kind: 'key', key: {name: 'enter', isAlone: true}};
export const back: LinearChoice = {label: 'Back', messages: [key('escape')]};
export const leave: LinearChoice = {label: 'Cancel; nothing is changed', messages: [key('escape')]};
export const quit: LinearChoice = {label: 'Quit', messages: [character('q')]};

export function plainText(lines: Line[]): string[] {
	return lines.map(pieces => pieces.map(({text}) => text).join('').trim());
}

function optionText(option: Option): string {
	return `${option.label}${option.figure === undefined ? '' : ` (${option.figure})`}${option.reason === undefined ? '' : ` (not possible: ${option.reason})`}${option.note === undefined ? '' : `. ${option.note}`}`;
}

export function optionChoices(options: Option[]): LinearChoice[] {
	return options.map((option, index) => ({label: optionText(option), messages: [{kind: 'option-chosen', index}]}));
}
