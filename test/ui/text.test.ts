import test from 'ava';
import fc from 'fast-check';
import {anyText} from '../helpers/any-text.ts';
import {widthOf} from '../../source/model/text/cells.ts';
import {
	cutEnd, cutMiddle, fit, showSafely, wrap,
} from '../../source/ui/text.ts';

test('controls, also the eight-bit ones, are shown', t => {
	t.is(showSafely('a\u001B[31mb\u009Bc\n\t'), String.raw`a\x1b[31mb\x9bc\x0a\x09`);
});

test('direction marks and what cannot be seen are shown', t => {
	t.is(showSafely('\u202Eabc\u200B\u00A0'), String.raw`\u{202e}abc\u{200b}\xa0`);
});

test('a joiner stays within an emoji, and is shown everywhere else', t => {
	t.is(showSafely('👩‍💻'), '👩‍💻');
	t.is(showSafely('a\u200Db'), String.raw`a\u{200d}b`);
});

test('without UTF-8 every character beyond ASCII is spelt out', t => {
	t.is(showSafely('ä💥…', true), String.raw`\xe4\u{1f4a5}...`);
});

test('whatever the text, nothing that a terminal obeys is left, and showing it twice is showing it once', t => {
	t.notThrows(() => {
		fc.assert(fc.property(anyText(), text => {
			const shown = showSafely(text);
			return !/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/.test(shown) && showSafely(shown) === shown && /^[\u0020-\u007E]*$/.test(showSafely(text, true));
		}));
	});
});

test('whatever the text, a fitted one takes exactly the cells asked for', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.string({unit: 'grapheme'}), fc.integer({min: 1, max: 40}), (text, columns) => widthOf(fit(showSafely(text), columns)) === columns));
	});
});

test('wide characters count two cells', t => {
	t.is(widthOf('日本'), 4);
	t.is(cutEnd('日本語', 5), '日本…');
});

test('of a path the end stays', t => {
	t.true(cutMiddle('/var/lib/libvirt/images/web01.s3', 20).endsWith('web01.s3'));
	t.true(widthOf(cutMiddle('/var/lib/libvirt/images/web01.s3', 20)) <= 20);
});

test('text is broken at blanks, and a word that is too long within', t => {
	t.deepEqual(wrap('one two three', 8), ['one two', 'three']);
	t.deepEqual(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
	t.deepEqual(wrap('a\n\nb', 10), ['a', '', 'b']);
});

test('wrapping keeps every character but blanks', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.string(), fc.integer({min: 2, max: 30}), (text, columns) =>
			wrap(text, columns).join('').replaceAll(' ', '') === text.split('\n').map(line => showSafely(line)).join('').replaceAll(' ', '')));
	});
});

test('the further lines of a point in a list stand below its first word', t => {
	t.deepEqual(wrap('- one two three', 9), ['- one two', '  three']);
	t.deepEqual(wrap('  - one two three', 9), ['  - one', '    two', '    three']);
	t.deepEqual(wrap('-x one two', 6), ['-x one', 'two']);
});

test('a long text is wrapped in time that grows with its length alone', t => {
	for (const text of ['x'.repeat(100_000), 'é'.repeat(10_000), 'ab '.repeat(30_000), ' '.repeat(100_000), '日本'.repeat(5000)]) {
		const startedAt = performance.now();
		const lines = wrap(text, 78);
		t.true(lines.length >= text.trim().length / 78);
		t.true(performance.now() - startedAt < 8000, `${text.slice(0, 5)}…: ${Math.round(performance.now() - startedAt)} ms`);
	}
});
