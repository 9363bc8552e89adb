/** docs/remedies.md names every remedy of the source with the case that follows it, and no other. */
import {readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {readRemedies} from '../helpers/remedies.ts';

const document = readFileSync('docs/remedies.md', 'utf8');
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

/** ``lab `kill`: title`` is in test/lab/, `` `actions/merge/plan`: title`` in test/. */
async function holdsTitle([, isLab, name, title]: RegExpExecArray): Promise<boolean> {
	const text = await readFile(`test/${isLab ? 'lab/' : ''}${name}.test.ts`, 'utf8').catch(() => '');
	return text.replaceAll(String.raw`\'`, '\'').includes(title!);
}

test('each names a case with this title, or says what is needed to follow it', async t => {
	for (const {text, followed} of rows) {
		const named = /^(lab )?`([a-z/-]+)`: (.+)$/u.exec(followed);
		t.true(named === null ? /^not followed: ./u.test(followed) : await holdsTitle(named), `${text}: ${followed}`);
	}
});
