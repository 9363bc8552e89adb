/**
From the bytes of a terminal to key presses. One read may hold many keys, and one key may come in two reads; pasted text is kept apart from typed text.
*/
import type {Key, KeyName} from '../app/messages.ts';

/** What is left from the last read: an unfinished sequence, or a paste whose end has not come. */
type Pending = {rest: string; pasted: string | undefined};

export const nothingPending: Pending = {rest: '', pasted: undefined};

const escape = '\u001B';
const pasteBegin = '[200~';
const pasteEnd = `${escape}[201~`;

type SimpleName = Exclude<KeyName, 'enter'>;

const sequences: Readonly<Record<string, SimpleName>> = {
	A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', Z: 'back-tab', I: 'focus',
	'1~': 'home', '7~': 'home', '4~': 'end', '8~': 'end', '3~': 'delete', '5~': 'page-up', '6~': 'page-down',
};

const controls: Readonly<Record<string, SimpleName>> = {
	'\t': 'tab', '\u007F': 'backspace', '\b': 'backspace',
	'\u0003': 'ctrl-c', '\u0004': 'ctrl-d', '\f': 'ctrl-l', '\u0015': 'ctrl-u', '\u0017': 'ctrl-w', '\u001A': 'ctrl-z',
};

/** Pasted text becomes one line without controls: a line end in it must not act as Enter. */
function cleanPaste(text: string): string {
	return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, '').trim();
}

type Piece = {key: Key | undefined; reply?: string; length: number} | 'unfinished';

const longestReply = 100;

/** The sequence at the beginning of a text that begins with ESC. */
function takeSequence(text: string): Piece {
	if (text.length === 1) {
		return 'unfinished';
	}

	if (text[1] === 'O') {
		return text.length < 3 ? 'unfinished' : {key: simple(sequences[text[2]!]), length: 3};
	}

	// An answer of the terminal itself: ESC ] … BEL, or … ESC \.
	if (text[1] === ']') {
		const [whole, reply] = /^\u001B]([\u0020-\u007E]*)(?:\u0007|\u001B\\)/.exec(text) ?? [];
		const isOpen = text.length <= longestReply && /^\u001B][\u0020-\u007E]*\u001B?$/.test(text);
		return whole === undefined ? (isOpen ? 'unfinished' : {key: {name: 'escape'}, length: 1}) : {key: undefined, reply, length: whole.length};
	}

	if (text[1] !== '[') {
		return {key: {name: 'escape'}, length: 1};
	}

	const match = /^\u001B\[([\d;?<=>:]*)[ -/]*([@-~])/.exec(text);
	if (match === null) {
		return /^\u001B\[[\d;?<=>:]*[ -/]*$/.test(text) ? 'unfinished' : {key: {name: 'escape'}, length: 1};
	}

	const [whole, parameters, final] = match as unknown as [string, string, string];
	if (parameters.startsWith('<')) {
		return {key: mouseKey(parameters.slice(1).split(';').map(Number), final), length: whole.length};
	}

	// Modifiers follow a semicolon ("1;5A"): the key itself is what counts here.
	const first = parameters.split(';')[0]!;
	return {key: simple(sequences[final === '~' ? `${first}~` : final]), length: whole.length};
}

const wheel: Readonly<Record<number, 'press' | 'wheel-up' | 'wheel-down'>> = {0: 'press', 64: 'wheel-up', 65: 'wheel-down'};

/** A report of mode 1006: other buttons, releases and moves mean nothing here. */
function mouseKey([button = -1, column = 0, row = 0]: number[], final: string): Key | undefined {
	const action = final === 'M' ? wheel[button] : undefined;
	return action === undefined ? undefined : {name: 'mouse', action, column: column - 1, row: row - 1};
}

function simple(name: SimpleName | undefined): Key | undefined {
	return name === undefined ? undefined : {name};
}

type Decoded = {keys: Key[]; replies?: string[]; pending: Pending};

/** The keys of one read, what the terminal answered, and what is still open after it. */
export function decodeKeys(chunk: string, pending: Pending = nothingPending): Decoded {
	const keys: Key[] = [];
	const replies: string[] = [];
	let text = pending.rest + chunk;
	let {pasted} = pending;
	const done = (rest: string): Decoded => {
		const isClump = keys.some(key => key.name === 'character' || key.name === 'paste');
		return {keys: keys.map(key => key.name === 'enter' ? {name: 'enter', isAlone: !isClump} : key), ...(replies.length > 0 && {replies}), pending: {rest, pasted}};
	};

	while (text !== '') {
		if (pasted !== undefined) {
			const end = text.indexOf(pasteEnd);
			if (end === -1) {
				pasted += text;
				return done('');
			}

			const whole = cleanPaste(pasted + text.slice(0, end));
			pasted = undefined;
			text = text.slice(end + pasteEnd.length);
			if (whole !== '') {
				keys.push({name: 'paste', text: whole});
			}

			continue;
		}

		if (text.startsWith(escape + pasteBegin)) {
			pasted = '';
			text = text.slice(1 + pasteBegin.length);
			continue;
		}

		if (text.startsWith(escape)) {
			const piece = takeSequence(text);
			if (piece === 'unfinished') {
				return done(text);
			}

			if (piece.key !== undefined) {
				keys.push(piece.key);
			}

			if (piece.reply !== undefined) {
				replies.push(piece.reply);
			}

			text = text.slice(piece.length);
			continue;
		}

		const character = String.fromCodePoint(text.codePointAt(0)!);
		text = text.slice(character.length);
		if (character === '\r' || character === '\n') {
			keys.push({name: 'enter', isAlone: true});
		} else if (controls[character] !== undefined) {
			keys.push({name: controls[character]});
		} else if (!/[\u0000-\u001F\u007F-\u009F]/.test(character)) {
			keys.push({name: 'character', text: character});
		}
	}

	return done('');
}

/** Nothing more came after an ESC: it was the key itself. */
export function flushKeys(pending: Pending): Decoded {
	return pending.rest === '' ? {keys: [], pending} : {keys: [{name: 'escape'}], pending: {...pending, rest: ''}};
}
