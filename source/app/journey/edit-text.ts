/**
A text that is typed on the screen.
*/
import type {Key} from '../messages.ts';

/** What a key makes of the text. Keys that mean nothing in it leave it as it is. */
export function editText(text: string, key: Key): string {
	const without = (end: RegExp) => text.replace(end, '');
	const edits: Readonly<Record<string, () => string>> = {
		backspace: () => without(/.$/su), delete: () => without(/.$/su), 'ctrl-u': () => '', 'ctrl-w': () => without(/\S*\s*$/),
	};
	return key.name === 'character' || key.name === 'paste' ? text + key.text : edits[key.name]?.() ?? text;
}
