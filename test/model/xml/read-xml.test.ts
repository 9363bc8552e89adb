import test from 'ava';
import {decodeEntities, isWhole, rootNameOf} from '../../../source/model/xml/read-xml.ts';

test('whether a document is whole is told at once, however many blanks it holds', t => {
	const xml = `<domain>${' '.repeat(100_000)}\n<name>a</name>${'\n'.repeat(100_000)}</domain> <!-- a --> <!-- b -->\n`;
	t.true(isWhole(xml, 'domain'));
	t.false(isWhole(xml.slice(0, 200_000), 'domain'));
});

test('so is which element begins it, behind whatever may stand before it', t => {
	const before = `\uFEFF${' '.repeat(100_000)}<?xml version='1.0'?>${'<!-- a -->\n'.repeat(1000)}${'\n'.repeat(100_000)}`;
	t.is(rootNameOf(`${before}<domain/>`), 'domain');
	for (const text of [before, before.trimStart(), '<!-- never closed', '']) {
		t.is(rootNameOf(text), undefined);
	}
});

test('references are decoded where XML has a character for them; whatever else begins with & stays', t => {
	t.is(decodeEntities('&lt;a b=&quot;&apos;&#x26;&#38;&amp;lt;'), '<a b="\'&&&lt;');
	for (const text of ['&constructor;', '&nbsp;', '&#x110000;', 'a & b;', '&amp']) {
		t.is(decodeEntities(text), text);
	}
});
