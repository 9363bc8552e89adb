/**
The words for people: phrases that are not plain English, or not the nouns of libvirt and QEMU, do not come back. String literals of source/ and the prose of
README and docs/ are read; comments are not.
*/
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import ts from 'typescript';

/** What is not written, and what is written in its place. */
const better: Array<[banned: RegExp, words: string]> = [
	[/\bshall\b/i, 'should, or the imperative'],
	[/\bstands? (?:itself )?on (?!end\b)/i, 'is backed by, is based on'],
	[/\bpresent (?:state|disks?|content|image|variables)\b/i, 'current'],
	[/\bnobody (?:knows|can|could|sees)\b/i, 'is not known; you can no longer'],
	[/\bany ?more\b/i, 'no longer'],
	[/\bfor ever\b/i, 'for good'],
	[/\bpower cut\b|\bpulling the plug\b/i, 'crash-consistent; cut off without a shutdown'],
	[/\bby hand\b/i, 'standalone (of a QEMU); manually, yourself'],
	[/\bmake-believe\b/i, 'simulated'],
	[/\bbare qemu\b|\bbare domain\b/i, 'standalone QEMU'],
	[/\bmends?\b/i, 'fix, repair'],
	[/\bthe guest goes on\b|\bgoes on meanwhile\b|\bgo on in (?:new )?overlays\b/i, 'keeps running, continues on'],
	[/\bgoes (?:up|down) into\b/i, 'is pulled into, is committed into'],
	[/\bread the same at every moment\b/i, 'the guest\'s data is safe'],
	[/\bas it has to be\b|\bthat can be set\b|\bby itself leads to\b/i, 'a plain verb'],
	[/\bmade by us\b/i, 'created for you'],
	[/\blook for troubles\b|\bread again from\b/i, 'Check, Refresh'],
	[/\bwill be lost\b|\bas you have read\b/i, 'You will lose'],
	[/\bdone, and proven\b|\bleft before the start\b/i, 'Done and verified; Cancelled'],
	[/\bbecome one with\b/i, 'be merged with'],
	[/\blies inside\b/i, 'is inside'],
	[/\bexclude each other\b/i, 'cannot be combined'],
];

/** Said by others: the story that the simulated host tells, and names of former versions. */
const exempt = 'source/hosts/demo/';
const allowed = new Set(['mend', '--mend <kind>', 'mend-records']);

for (const [root, read] of [['source', literalsOf], ['docs', linesOf], ['README.md', linesOf]] as const) {
	test(`${root} speaks plainly, in the words of libvirt and QEMU`, async t => {
		const files = root.endsWith('.md') ? [root] : (await readdir(root, {recursive: true})).map(name => path.join(root, name)).filter(name => /\.(?:tsx?|md)$/.test(name));
		t.true(files.length > 0);
		const texts = await Promise.all(files.filter(file => !file.startsWith(exempt)).map(async file => ({file, texts: read(file, await readFile(file, 'utf8'))})));
		t.deepEqual(texts.flatMap(({file, texts}) => texts.flatMap(text => problemsOf(text).map(problem => `${file}: ${problem}`))), []);
	});
}

test('a banned phrase is found in a literal, a template and a heading, and named with its better words', t => {
	const text = ['const a = \'What shall be saved?\';', 'const b = `$', '{a} stands on $', '{a}`; // Nobody can see this.'].join('');
	t.deepEqual(literalsOf('a.ts', text).flatMap(found => problemsOf(found)), [
		'"shall" in "What shall be saved?": should, or the imperative',
		'"stands on " in "… stands on …": is backed by, is based on',
	]);
	t.deepEqual(linesOf('a.md', '# Snapshots\nThe present state.').flatMap(found => problemsOf(found)), ['"present state" in "The present state.": current']);
});

function problemsOf(text: string): string[] {
	if (allowed.has(text)) {
		return [];
	}

	return better.flatMap(([banned, words]) => {
		const found = banned.exec(text)?.[0];
		return found === undefined ? [] : [`"${found}" in "${text}": ${words}`];
	});
}

function linesOf(_file: string, text: string): string[] {
	return text.split('\n');
}

/** The text of each string, template and piece of JSX, with … for what is filled in. */
function literalsOf(file: string, text: string): string[] {
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isStringLiteralLike(node) || ts.isJsxText(node)) {
			found.push(node.text);
		} else if (ts.isTemplateExpression(node)) {
			found.push([node.head.text, ...node.templateSpans.map(({literal}) => literal.text)].join('…'));
		}

		ts.forEachChild(node, visit);
	};

	visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS));
	return found;
}
