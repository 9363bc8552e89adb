import test from 'ava';
import {decodeKeys, flushKeys, nothingPending} from '../../source/terminal/decode-keys.ts';

const names = (chunk: string) => decodeKeys(chunk).keys.map(key => key.name === 'character' ? key.text : key.name);

test('a clump of characters is as many keys', t => {
	t.deepEqual(names('jjj'), ['j', 'j', 'j']);
});

test('arrows and Enter in one read are keys of their own', t => {
	t.deepEqual(names('\u001B[B\u001B[B\r'), ['down', 'down', 'enter']);
});

test('an Enter by itself is alone, also after arrows', t => {
	t.deepEqual(decodeKeys('\r').keys, [{name: 'enter', isAlone: true}]);
	t.deepEqual(decodeKeys('\u001B[B\r').keys.at(-1), {name: 'enter', isAlone: true});
});

test('an Enter that came with text is not alone', t => {
	t.deepEqual(decodeKeys('web01\r').keys.at(-1), {name: 'enter', isAlone: false});
	t.deepEqual(decodeKeys('\rq').keys[0], {name: 'enter', isAlone: false});
});

test('a sequence that is split over two reads is one key', t => {
	const first = decodeKeys('\u001B[');
	t.deepEqual(first.keys, []);
	t.deepEqual(decodeKeys('A', first.pending).keys, [{name: 'up'}]);
});

test('an ESC after which nothing comes is the Escape key', t => {
	const {keys, pending} = decodeKeys('\u001B');
	t.deepEqual(keys, []);
	t.deepEqual(flushKeys(pending), {keys: [{name: 'escape'}], pending: nothingPending});
});

test('two ESC in one read are Escape, and one that may still become something', t => {
	const {keys, pending} = decodeKeys('\u001B\u001B');
	t.deepEqual(keys, [{name: 'escape'}]);
	t.is(pending.rest, '\u001B');
});

test('what is marked as pasted is one paste, on one line, without controls', t => {
	t.deepEqual(decodeKeys('\u001B[200~we\u0007b\r\n01\r\u001B[201~').keys, [{name: 'paste', text: 'web 01'}]);
});

test('a paste that comes in two reads is one paste', t => {
	const first = decodeKeys('\u001B[200~we');
	t.deepEqual(first.keys, []);
	t.deepEqual(decodeKeys('b\u001B[201~\u001B[A', first.pending).keys, [{name: 'paste', text: 'web'}, {name: 'up'}]);
});

test('Backspace, Ctrl keys, Home, End and pages are known in their several spellings', t => {
	t.deepEqual(names('\u007F\b\u0003\u001A\u001B[H\u001B[1~\u001BOF\u001B[4~\u001B[5~\u001B[6~\u001B[Z\t'), [
		'backspace', 'backspace', 'ctrl-c', 'ctrl-z', 'home', 'home', 'end', 'end', 'page-up', 'page-down', 'back-tab', 'tab',
	]);
});

test('modifiers do not hide an arrow, and unknown sequences are nothing', t => {
	t.deepEqual(names('\u001B[1;5A'), ['up']);
	t.deepEqual(names('\u001B[?62;c\u001B[15~'), []);
});

test('characters beyond the basic plane stay whole', t => {
	t.deepEqual(names('ä💥'), ['ä', '💥']);
});

test('presses of the left button and the wheel are keys with their place; all else of the mouse is none', t => {
	t.deepEqual(decodeKeys('\u001B[<0;10;5M\u001B[<0;10;5m\u001B[<65;1;1M\u001B[<64;200;60Mj').keys, [
		{name: 'mouse', action: 'press', column: 9, row: 4},
		{name: 'mouse', action: 'wheel-down', column: 0, row: 0},
		{name: 'mouse', action: 'wheel-up', column: 199, row: 59},
		{name: 'character', text: 'j'},
	]);
	t.deepEqual(decodeKeys('\u001B[<2;10;5M\u001B[<35;3;3M').keys, []);
});
