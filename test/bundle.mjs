/**
Compiles the fast tests once into `build/test`, and puts the files of a folder into one. Ava runs each file in a process of its own, and a process that loads Ava
and the sources costs more than most files of tests: 220 of them took three minutes of CPU time. The tests of a group run one after the other, and their titles
begin with the path of their file, as if it had been run alone. A file that uses Ava's hooks or `serial` stays alone: it counts on a process of its own.
*/
import {readFile, readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import {build} from 'esbuild';

const outdir = 'build/test';
const files = (await readdir('test', {recursive: true})).filter(file => /\.test\.tsx?$/.test(file) && !/^(lab|pty)\//.test(file)).sort();

/** One for each folder in test/, and one for the files in none; the hosts, which take longest, have one each. */
function groupOf(file) {
	const folders = file.split('/').slice(0, -1);
	return folders.length === 0 ? 'program' : folders.slice(0, folders[0] === 'hosts' ? 2 : 1).join('/');
}

const usesHooks = async file => /\btest\.(after|before|serial)/.test(await readFile(path.join('test', file), 'utf8'));

const alone = [];
const groups = new Map();
for (const file of files) {
	if (await usesHooks(file)) {
		alone.push(file);
	} else {
		groups.set(groupOf(file), [...groups.get(groupOf(file)) ?? [], file]);
	}
}

/** What Ava puts before the titles of a file that it runs alone; the name of the group it puts there itself. */
const prefixOf = file => [...file.replace(/\.test\.tsx?$/, '').replace(new RegExp(`^${groupOf(file)}/`), '').split('/'), ''].join(' › ');

const grouped = {
	name: 'grouped tests',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^group:/}, ({path: name}) => ({path: name.slice('group:'.length), namespace: 'group'}));
		onLoad({filter: /.*/, namespace: 'group'}, ({path: group}) => ({
			contents: groups.get(group).map(file => `import './test/${file}';`).join('\n'),
			resolveDir: '.',
		}));
		onResolve({filter: /^ava$/, namespace: 'file'}, ({importer}) => {
			const file = path.relative('test', importer);
			return groups.get(groupOf(file))?.includes(file) ? {path: file, namespace: 'titled'} : undefined;
		});
		onLoad({filter: /.*/, namespace: 'titled'}, ({path: file}) => ({
			contents: `import test from 'ava';\nexport default (title, ...rest) => test.serial(${JSON.stringify(prefixOf(file))} + title, ...rest);`,
			resolveDir: '.',
		}));
	},
};

await rm(outdir, {recursive: true, force: true});
await build({
	entryPoints: [
		...alone.map(file => ({in: path.join('test', file), out: file.replace(/\.tsx?$/, '')})),
		...[...groups.keys()].map(group => ({in: `group:${group}`, out: `${group}.test`})),
	],
	outdir,
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node18.19',
	jsx: 'automatic',
	packages: 'external',
	sourcemap: 'inline',
	chunkNames: 'shared/[hash]',
	logLevel: 'warning',
	plugins: [grouped],
});
