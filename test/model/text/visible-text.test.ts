import test from 'ava';
import fc from 'fast-check';
import {anyText} from '../../helpers/any-text.ts';
import {
	formatJson, hasHidden, makeLinesVisible, makeVisible,
} from '../../../source/model/text/visible-text.ts';

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
		fc.assert(fc.property(anyText(), text => {
			const json = formatJson({text});
			return (JSON.parse(json) as {text: string}).text === text && !dangerous.test(json);
		}));
	});
	t.is(formatJson(['\u009B31m\u202E']), String.raw`["\u009b31m\u202e"]`);
});

/** What text can hide behind: C1, soft hyphen, zero-width, bidirectional, tags, interlinear marks, fillers, selectors, blanks that are no space. */
const hidden = [0x9B, 0xAD, 0x3_4F, 0x6_1C, 0x11_5F, 0x18_0E, 0x20_0B, 0x20_0C, 0x20_0D, 0x20_0E, 0x20_28, 0x20_2E, 0x20_60, 0x20_66, 0x28_00, 0x30_00, 0x31_64, 0xFE_0F, 0xFE_FF, 0xFF_A0, 0xFF_F9, 0xFF_FB, 0xFF_FE, 0xA0, 0x1_D1_73, 0xE_00_41, 0xE_00_01, 0xE_01_00, 0x7, 0x7F];

for (const code of hidden) {
	const character = String.fromCodePoint(code);
	test(`U+${code.toString(16).toUpperCase().padStart(4, '0')} is shown on the terminal and in JSON`, t => {
		const text = `a${character}b`;
		t.true(hasHidden(text));
		t.regex(makeVisible(text), /^a\\(?:x[\da-f]{2}|u{[\da-f]+})b$/);
		const json = formatJson({text}, '\t');
		t.false(json.includes(character));
		t.deepEqual(JSON.parse(json), {text});
	});
}

test('what makes an emoji one stays, and is shown wherever it does not', t => {
	for (const emoji of ['👩‍💻', '👩🏽‍🚀', '❤️', '❤️‍🔥', '🏳️‍🌈']) {
		t.is(makeVisible(emoji), emoji);
		t.is(formatJson(emoji), `"${emoji}"`);
	}

	t.is(makeVisible('💥\u200D'), String.raw`💥\u{200d}`);
	t.is(makeVisible('a\u200D💥'), String.raw`a\u{200d}💥`);
	t.is(makeVisible('❤\uFE0F\uFE0F'), `❤\uFE0F${String.raw`\u{fe0f}`}`);
	t.is(makeVisible('💥\uFE0F'), String.raw`💥\u{fe0f}`);
});
