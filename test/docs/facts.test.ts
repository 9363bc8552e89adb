/**
Comments name facts about libvirt and QEMU by ids (R1, L15) or point into docs/. Each of them leads somewhere, and so does each link of the documents.
*/
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';

type Entry = {id: string; file: string; text: string};

const folders = ['source', 'test', 'bench', 'docs'];
const texts = readTexts();
const documents = new Map([...texts].filter(([file]) => file.endsWith('.md')));
const code = new Map([...texts].filter(([file]) => /\.(?:tsx?|mjs|sh)$/.test(file) && file !== 'test/docs/facts.test.ts'));
const entries = [...documents].flatMap(([file, text]) => parseEntries(file, text));

test('each id in source and tests has exactly one entry', t => {
	const ids = [...new Set([...code.values()].flatMap(text => text.match(/\b[RL]\d{1,2}\b/g) ?? []))];
	t.true(ids.length > 25);
	t.deepEqual(ids.filter(id => entries.filter(entry => entry.id === id).length !== 1), []);
});

test('each entry says what happens, where that was seen, what the program does, and which test holds it', t => {
	t.true(entries.length > 35);
	const fields = ['Behaviour', 'Seen on', 'vsnap-tui', 'Held by'];
	t.deepEqual(entries.flatMap(({id, text}) => fields.filter(field => !text.includes(`\n- ${field}: `)).map(field => `${id}: ${field}`)), []);
});

test('the tests that hold an entry name it', t => {
	const silent = entries.flatMap(({id, file, text}) => linksOf(text.slice(text.indexOf('\n- Held by: ')))
		.map(link => path.posix.join(path.posix.dirname(file), link))
		.filter(held => !new RegExp(`\\b${id}\\b`).test(texts.get(held) ?? ''))
		.map(held => `${held} does not name ${id}`));
	t.deepEqual(silent, []);
});

test('every link of a document leads to a file, and to a heading where it names one', t => {
	const links = [...documents].flatMap(([file, text]) => linksOf(text).map(link => ({file, link})));
	t.true(links.length > 40);
	t.deepEqual(links.filter(({file, link}) => !leadsSomewhere(file, link)), []);
});

test('every path that a document names exists', t => {
	const paths = [...documents].filter(([file]) => file !== 'CHANGELOG.md').flatMap(([file, text]) =>
		[...text.matchAll(/`((?:source|test|docs|bench|fixtures|findings)\/[\w./-]*)`/g)].map(match => `${file}: ${match[1]!}`));
	t.true(paths.length > 10);
	t.deepEqual(paths.filter(named => !existsSync(named.split(': ')[1]!)), []);
});

test('the contract of a step tells of each of its members', t => {
	const plan = readFileSync('source/model/plan/plan.ts', 'utf8');
	const step = /export type Step = {\n([\s\S]*?)\n};/.exec(plan)![1]!;
	const members = [...step.matchAll(/^\t(\w+)\??:/gm)].map(([, name]) => name!);
	t.true(members.length > 15);
	t.deepEqual(members.filter(name => name !== 'phase' && !documents.get('docs/planning.md')!.includes(`\`${name}\``)), []);
});

test('comments point into docs/, and to no document that is not here', t => {
	const pointers = [...code].flatMap(([file, text]) => [...text.matchAll(/\bdocs\/[\w./-]+\.md(?:#[\w-]+)?/g)].map(([link]) => ({file, link})));
	t.true(pointers.length > 5);
	t.deepEqual(pointers.filter(({link}) => !leadsSomewhere('README.md', link)), []);
	const elsewhere = [...code].filter(([, text]) => /\bdesign(?:\.md)?,? (?:section )?\d|\blab[- ]facts\b|\blibvirt-semantics\b|\bhouse-style\b|\bseed rule\b/.test(text));
	t.deepEqual(elsewhere.map(([file]) => file), []);
});

function readTexts(): Map<string, string> {
	const inFolders = folders.flatMap(folder => readdirSync(folder, {recursive: true, encoding: 'utf8'}).map(name => path.posix.join(folder, name)));
	const files = [...inFolders, ...readdirSync('.')].filter(name => /\.(?:tsx?|mjs|sh|md)$/.test(name)).sort();
	return new Map(files.map(file => [file, readFileSync(file, 'utf8')]));
}

/** An entry is a heading "### R1: …" and all up to the next heading. */
function parseEntries(file: string, text: string): Entry[] {
	return text.split(/^(?=#)/m).flatMap(part => {
		const id = /^### ([RL]\d{1,2}): /.exec(part)?.[1];
		return id === undefined ? [] : [{id, file, text: part}];
	});
}

/** The targets of links within the repository. */
function linksOf(markdown: string): string[] {
	const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
	return [...prose.matchAll(/]\(([^)\s]+)\)/g)].map(match => match[1]!).filter(link => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(from: string, link: string): boolean {
	const [name, anchor] = link.split('#') as [string, string?];
	const file = name === '' ? from : path.posix.join(path.posix.dirname(from), name);
	return existsSync(file) && (anchor === undefined || headingsOf(texts.get(file) ?? '').includes(anchor));
}

/** Anchors as GitHub makes them from headings. */
function headingsOf(markdown: string): string[] {
	return [...markdown.matchAll(/^#+ (.*)$/gm)].map(match => match[1]!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}
