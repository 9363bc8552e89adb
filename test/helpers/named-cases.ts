/** Tables of documents (docs/remedies.md, docs/cases.md) whose right column names tests: ``lab `kill`: title`` is in test/lab/, `` `actions/merge/plan`: title`` in test/. */
import {existsSync, readFileSync} from 'node:fs';

export type CaseRow = {section: string; text: string; cases: string};

/** The rows of all tables with two columns, by the section that they stand in. */
export function readCaseRows(document: string): CaseRow[] {
	return document.split('\n## ').slice(1).flatMap(part => {
		const [section, ...lines] = part.split('\n');
		// The first two are the head of the table.
		return lines.filter(line => line.startsWith('| ')).slice(2).map(line => {
			const [text, cases] = line.slice(2, -2).split(/ (?<!\\)\| /u);
			return {section: section!, text: text!.replaceAll('&lt;', '<').replaceAll('\\|', '|'), cases: cases ?? ''};
		});
	});
}

/** The titles of the tests in a file, as they stand in the source. */
const titlesIn = (source: string) => [...source.matchAll(/\btest(?:\.serial)?\(\s*(['`])(?<title>(?:\\.|(?!\1).)+)\1/gsu)].map(match => match.groups!.title!.replaceAll(String.raw`\'`, '\''));

/** Whether it names a test by words of its title; undefined: it does not name any. */
export function isNamedTest(text: string): boolean | undefined {
	const [, isLab, name, words] = /^(lab )?`([a-z/-]+)`: (.+)$/u.exec(text) ?? [];
	if (words === undefined) {
		return undefined;
	}

	const file = `test/${isLab ? 'lab/' : ''}${name}.test.ts`;
	return existsSync(file) && titlesIn(readFileSync(file, 'utf8')).some(title => title.includes(words));
}
