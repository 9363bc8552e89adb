import {exec, execFile} from 'node:child_process';
import {
	access, mkdtemp, readdir, readFile, rm, stat,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
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

/** The text of each file that was built, by its name. */
async function readBuilt(): Promise<Map<string, string>> {
	const names = await readdir('dist', {recursive: true});
	const files = names.filter(name => name.endsWith('.mjs'));
	return new Map(await Promise.all(files.map(async name => [name, await readFile(path.join('dist', name), 'utf8')] as const)));
}

test('the demo host is in a file of its own, which no other loads at the start', async t => {
	const built = await readBuilt();
	const demo = [...built].filter(([, text]) => text.includes('kvm-demo')).map(([name]) => path.basename(name));
	t.is(demo.length, 1, demo.join(', '));
	const loading = [...built].flatMap(([name, text]) => [...text.matchAll(/\b(import\(|from|import)\s*"[^"]*\/([^"/]+)"/g)].map(([, how, loaded]) => ({name, how, loaded})));
	t.deepEqual(loading.filter(({loaded}) => loaded === demo[0]), [{name: 'vsnap-tui-main.mjs', how: 'import(', loaded: demo[0]}]);
});

test('a place in what is built is told as a place in the sources', async t => {
	const built = [...await readBuilt()].filter(([, text]) => text.includes('kvm-demo'));
	t.true(built.length > 0);
	for (const [name, text] of built) {
		const lines = text.slice(0, text.indexOf('kvm-demo')).split('\n');
		const {stdout} = await promisify(exec)(`echo "at f (file:///usr/dist/${name}:${lines.length}:${lines.at(-1)!.length + 1})" | node trace.mjs`);
		const [, file, line] = /^at f \((source\/.*):(\d+):\d+\)$/m.exec(stdout) ?? [];
		t.regex((await readFile(file!, 'utf8')).split('\n')[Number(line) - 1]!, /kvm-demo/);
	}
});

test('what is built uses nothing that Node 18.19 lacks', async t => {
	const bundle = [...(await readBuilt()).values()].join('\n');
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

test('the program in one file runs with nothing beside it on Node 18.19, and is packed with its checksum', async t => {
	await run('node', ['build.mjs', '--one-file']);
	const {version} = JSON.parse(await readFile('package.json', 'utf8')) as {version: string};
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-one-file-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	await run('sha256sum', ['--check', '--quiet', 'vsnap-tui.mjs.sha256', `vsnap-tui-${version}.tar.gz.sha256`], {cwd: 'bundle'});
	await run('tar', ['--extract', `--file=bundle/vsnap-tui-${version}.tar.gz`, `--directory=${folder}`]);
	t.deepEqual((await readdir(folder)).sort(), ['LICENSE', 'THIRD-PARTY-LICENSES.txt', 'vsnap-tui.1', 'vsnap-tui.bash', 'vsnap-tui.fish', 'vsnap-tui.mjs', 'vsnap-tui.zsh']);
	await Promise.all((await readdir(folder)).filter(name => name !== 'vsnap-tui.mjs').map(async name => rm(path.join(folder, name))));
	const {stdout} = await run(node18, [path.join(folder, 'vsnap-tui.mjs'), '--demo', 'list', '--json']);
	t.true(stdout.includes('"web"'));
});
