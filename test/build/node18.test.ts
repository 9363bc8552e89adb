import {execFile} from 'node:child_process';
import {access, readFile, stat} from 'node:fs/promises';
import {promisify} from 'node:util';
import test from 'ava';
import {readNode18Path} from './node18.ts';

const run = promisify(execFile);
const program = 'dist/vsnap-tui.mjs';

let node18 = '';

test.before('the program is built, and a Node 18.19 is there', async () => {
	await access(program);
	node18 = await readNode18Path();
});

test('the built program tells its version on Node 18.19', async t => {
	const {version} = JSON.parse(await readFile('package.json', 'utf8')) as {version: string};
	const {stdout} = await run(node18, [program, '--version']);
	t.is(stdout.trim(), version);
});

test('the built program lists the demo host on Node 18.19', async t => {
	const {stdout} = await run(node18, [program, '--demo', 'list', '--json']);
	t.true(stdout.includes('"web"'));
});

test('an older Node gets a plain sentence and exit code 2', async t => {
	const source = await readFile(program, 'utf8');
	const old = source.replace(/^#!.*\n/, '').replaceAll('process.versions.node', '"16.20.2"');
	const failure = await t.throwsAsync<Error & {code: number; stderr: string}>(run('node', ['--input-type=module', '--eval', old]));
	t.is(failure.code, 2);
	t.regex(failure.stderr, /^vsnap-tui needs Node 18\.19 or newer; this is Node 16\.20\.2 \(.*\)\.\n$/);
});

test('the built program can be started by its name', async t => {
	const {mode} = await stat(program);
	t.is(mode & 0o111, 0o111);
	t.true((await readFile(program, 'utf8')).startsWith('#!/usr/bin/env node\n'));
});

test('the bundle uses nothing that Node 18.19 lacks', async t => {
	const bundle = await readFile('dist/vsnap-tui-main.mjs', 'utf8');
	const tooNew = [
		/\.(?:toSorted|toReversed|toSpliced|isWellFormed|toWellFormed)\(/,
		/\b(?:Object|Map)\.groupBy\(/,
		/\bPromise\.(?:withResolvers|try)\(/,
		/\bArray\.fromAsync\(/,
		/\bnew RegExp\([^\n;]*,\s*["'`][a-z]*v[a-z]*["'`]\)/,
		/\bimport\.meta\.(?:dirname|filename)\b/,
		/\bwith\s*{\s*type:\s*["']json["']/,
	];
	for (const pattern of tooNew) {
		t.is(pattern.exec(bundle)?.[0], undefined, `${pattern.source}`);
	}
});
