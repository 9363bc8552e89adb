/** docs/remedies.md names every remedy of the source with the case that follows it, and no other. */
import {readFileSync} from 'node:fs';
import test from 'ava';
import {isNamedTest, readCaseRows} from '../helpers/named-cases.ts';
import {readRemedies} from '../helpers/remedies.ts';

const rows = readCaseRows(readFileSync('docs/remedies.md', 'utf8')).map(({section, text, cases}) => ({file: section, text, followed: cases}));
const key = ({file, text}: {file: string; text: string}) => `${file}: ${text.trim()}`;

test('every remedy of the source stands in the document, and no other', t => {
	const remedies = readRemedies('source').map(remedy => key(remedy));
	t.true(remedies.length > 200);
	const written = rows.map(row => key(row));
	t.deepEqual(remedies.filter(remedy => !written.includes(remedy)), [], 'not in docs/remedies.md');
	t.deepEqual(written.filter(remedy => !remedies.includes(remedy)), [], 'no longer in the source');
});

test('each names a case with this title, or says what is needed to follow it', t => {
	for (const {text, followed} of rows) {
		t.true(isNamedTest(followed) ?? /^not followed: ./u.test(followed), `${text}: ${followed}`);
	}
});
