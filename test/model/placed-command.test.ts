/** Commands on what lies in folders that others may exchange: run with a real shell, on real files. */
import {execFile} from 'node:child_process';
import {
	mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import test, {type ExecutionContext} from 'ava';
import {formatCommand} from '../../source/model/format-command.ts';
import {inPlace, placedArgv, wordsOfProgram} from '../../source/model/placed-command.ts';
import type {Place, ProgramCommand} from '../../source/model/plan.ts';

const run = promisify(execFile);
const hostile = '-x $(touch y) \'q\'';
const remove = (file: string): ProgramCommand => ({tool: 'file', argv: ['rm', '--', file], files: []});

async function inodeOf(file: string): Promise<string> {
	const {stdout} = await run('stat', ['-c', '%d:%i', '--', file]);
	return stdout.trim();
}

async function scene(t: ExecutionContext) {
	const base = await mkdtemp(path.join(os.tmpdir(), 'placed-'));
	t.teardown(async () => rm(base, {recursive: true, force: true}));
	const [folder, other] = [path.join(base, 'folder'), path.join(base, 'other')];
	for (const place of [folder, other]) {
		await mkdir(place);
		await writeFile(path.join(place, hostile), place);
	}

	const file = path.join(folder, hostile);
	const place: Place = {folder, inode: await inodeOf(folder), entry: {name: hostile, is: await inodeOf(file)}};
	return {base, folder, other, file, place};
}

/** As the program runs it, and as a person would from the preview or a script. */
const ways: Array<[string, (command: ProgramCommand) => [string, string[]]]> = [
	['run', command => ['sh', placedArgv(command).slice(1)]],
	['shown', command => ['sh', ['-c', formatCommand(command)]]],
];

for (const [name, way] of ways) {
	const attempt = async (command: ProgramCommand) => run(...way(command)).then(() => 'done', () => 'failed');

	test(`${name}: the entry of the folder that was seen`, async t => {
		const {folder, other, file, place} = await scene(t);
		t.is(await attempt(inPlace(place, remove(file))), 'done');
		t.deepEqual([await readdir(folder), await readdir(other)], [[], [hostile]]);
	});

	test(`${name}: nothing where the folder is another one, or a link leads to another`, async t => {
		const {base, folder, other, file, place} = await scene(t);
		await rename(folder, path.join(base, 'aside'));
		await symlink(other, folder);
		t.is(await attempt(inPlace(place, remove(file))), 'failed');
		await rm(folder);
		await rename(other, folder);
		t.is(await attempt(inPlace(place, remove(file))), 'failed');
		t.deepEqual(await readdir(folder), [hostile]);
	});

	test(`${name}: nothing where another file, or a link to the same, has its name, or none`, async t => {
		const {folder, file, place} = await scene(t);
		const aside = path.join(folder, 'aside');
		await rename(file, aside);
		t.is(await attempt(inPlace(place, remove(file))), 'failed');
		await writeFile(file, 'theirs');
		t.is(await attempt(inPlace(place, remove(file))), 'failed');
		await rm(file);
		await symlink(aside, file);
		t.is(await attempt(inPlace(place, remove(file))), 'failed');
		t.deepEqual((await readdir(folder)).sort(), [hostile, 'aside'].sort());
		const named = {...place, entry: {name: hostile, is: path.join(folder, 'gone')}};
		t.is(await attempt(inPlace(named, remove(path.join(folder, 'gone')))), 'failed');
	});

	test(`${name}: the other name of a file tells which it is`, async t => {
		const {base, folder, file, place} = await scene(t);
		const other = path.join(base, 'private');
		await run('ln', ['-T', '--', file, other]);
		t.is(await attempt(inPlace({...place, entry: {name: hostile, is: other}}, remove(file))), 'done');
		t.deepEqual(await readdir(folder), []);
		t.is((await stat(other)).nlink, 1);
	});
}

test('only entries of the folder itself are named from inside, dd\'s operands too, and their paths can be had again', t => {
	const place = {folder: '/a', inode: '1:2'};
	const command = inPlace(place, {tool: 'file', argv: ['dd', 'if=/a/x', 'of=/b/x', '/a/b/c', '/a', '-a/x'], files: []});
	t.deepEqual(command.argv, ['dd', 'if=./x', 'of=/b/x', '/a/b/c', '/a', '-a/x']);
	t.deepEqual(wordsOfProgram(command), ['dd', 'if=/a/x', 'of=/b/x', '/a/b/c', '/a', '-a/x']);
	t.is(inPlace(undefined, command), command);
});
