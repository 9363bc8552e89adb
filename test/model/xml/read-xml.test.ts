import test from 'ava';
import {isWhole} from '../../../source/model/xml/read-xml.ts';

test('whether a document is whole is told at once, however many blanks it holds', t => {
	const xml = `<domain>${' '.repeat(100_000)}\n<name>a</name>${'\n'.repeat(100_000)}</domain> <!-- a --> <!-- b -->\n`;
	t.true(isWhole(xml, 'domain'));
	t.false(isWhole(xml.slice(0, 200_000), 'domain'));
});
