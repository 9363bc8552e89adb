import test from 'ava';
import fc from 'fast-check';
import {formatJson, makeLinesVisible, makeVisible} from '../../source/model/visible-text.ts';

const dangerous = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;

test('controls, escape sequences and marks of direction are shown, not passed on', t => {
	t.is(makeVisible('a\u001B[31mb\u009Bc\u202Ed\n'), String.raw`a\x1b[31mb\x9bc\u{202e}d\x0a`);
	t.is(makeLinesVisible('a\u0007\n\tb'), `${String.raw`a\x07`}\n b`);
});

test('names with accents and emoji stay as they are', t => {
	t.is(makeVisible('Übung 💥 日本'), 'Übung 💥 日本');
});

test('JSON reads back as it was, and holds nothing that a terminal obeys', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.string({unit: 'binary'}), text => {
			const json = formatJson({text});
			return (JSON.parse(json) as {text: string}).text === text && !dangerous.test(json);
		}));
	});
	t.is(formatJson(['\u009B31m\u202E']), String.raw`["\u009b31m\u202e"]`);
});
