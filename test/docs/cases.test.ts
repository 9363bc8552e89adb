/** docs/cases.md names the tests that hold each case. */
import {readFileSync} from 'node:fs';
import test from 'ava';
import {isNamedTest, readCaseRows} from '../helpers/named-cases.ts';

test('each case names tests that are there', t => {
	const rows = readCaseRows(readFileSync('docs/cases.md', 'utf8'));
	t.true(rows.length >= 59);
	for (const {text, cases} of rows) {
		for (const one of cases.split('<br>')) {
			t.true(isNamedTest(one), `${text}: ${one}`);
		}
	}
});

test('a title that is not there is found, and a test is known by words of its title', t => {
	t.true(isNamedTest('`docs/cases`: each case names tests'));
	t.true(isNamedTest('lab `native`: after our merge, virsh creates'));
	t.false(isNamedTest('`docs/cases`: a title that no test of this file has'));
	t.false(isNamedTest('lab `no-such-file`: each case names tests'));
	t.is(isNamedTest('not followed: it takes a power failure'), undefined);
});
