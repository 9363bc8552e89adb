/** docs/remedies.md names every remedy of the source with the case that follows it, and no other. */
import {readFile} from 'node:fs/promises';
import {existsSync} from 'node:fs';
import test from 'ava';
import {readRemedies} from '../helpers/remedies.ts';

const document = await readFile('docs/remedies.md', 'utf8');
const rows = document.split('\n## ').slice(1).flatMap(section => {
	const [file, ...lines] = section.split('\n');
	return lines.filter(line => line.startsWith('| ') && !line.startsWith('| Remedy |') && !line.startsWith('| --- ')).map(line => {
		const [text, followed] = line.slice(2, -2).split(/ (?<!\\)\| /u);
		return {file: file!, text: text!.replaceAll('&lt;', '<').replaceAll('\\|', '|'), followed: followed ?? ''};
	});
});
const key = ({file, text}: {file: string; text: string}) => `${file}: ${text.trim()}`;

test('every remedy of the source stands in the document, and no other', t => {
	const remedies = readRemedies('source').map(remedy => key(remedy));
	t.true(remedies.length > 200);
	const written = rows.map(row => key(row));
	t.deepEqual(remedies.filter(remedy => !written.includes(remedy)), [], 'not in docs/remedies.md');
	t.deepEqual(written.filter(remedy => !remedies.includes(remedy)), [], 'no longer in the source');
});

test('each says which case follows it, and that case is there', t => {
	for (const {text, followed} of rows) {
		const [, lab] = /^lab `([a-z-]+)`: ./u.exec(followed) ?? [];
		t.true(lab === undefined ? followed.startsWith('not followed') : existsSync(`test/lab/${lab}.test.ts`), `${text}: ${followed}`);
	}
});
