/**
A text that is typed on the screen.
*/
import type {Key} from '../messages.ts';

/** What a key makes of the text. Keys that mean nothing in it leave it as it is. */
export function editText(text: string, key: Key): string {
	switch (key.name) {
		case 'character':
		case 'paste': {
			return text + key.text;
		}

		case 'backspace':
		case 'delete': {
			return [...text].slice(0, -1).join('');
		}

		case 'ctrl-u': {
			return '';
		}

		case 'ctrl-w': {
			return text.replace(/\S*\s*$/, '');
		}

		default: {
			return text;
		}
	}
}
