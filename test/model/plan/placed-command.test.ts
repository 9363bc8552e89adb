/** Commands on what lies in folders that others may exchange: run with a real shell, on real files. */
import {execFile} from 'node:child_process';
import {
	chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import test, {type ExecutionContext} from 'ava';
import {formatCommand} from '../../../source/model/text/format-command.ts';
import {
	heldEntry, inPlace, placedArgv, wordsOfProgram,
} from '../../../source/model/plan/placed-command.ts';
import type {Place, ProgramCommand} from '../../../source/model/plan/plan.ts';

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

const read = (file: string): ProgramCommand => ({tool: 'file', argv: ['cat', file], files: []});

for (const [name, way] of ways) {
	const attempt = async (command: ProgramCommand) => run(...way(command)).then(({stdout}) => stdout, () => 'failed');

	test(`${name}: an entry that is held open is the one that was proven, and no link to it`, async t => {
		const {folder, other, file, place} = await scene(t);
		const held: Place = {...place, entry: {...place.entry!, isHeld: true}};
		t.is(await attempt({...read(heldEntry), place: held}), folder);
		await rename(file, path.join(folder, 'aside'));
		await symlink(path.join(folder, 'aside'), file);
		t.is(await attempt({...read(heldEntry), place: held}), 'failed');
		await rm(file);
		await symlink(path.join(other, hostile), file);
		t.is(await attempt({...read(heldEntry), place: held}), 'failed');
	});

	test(`${name}: nothing where a folder is still not root's alone`, async t => {
		const {folder, file, place} = await scene(t);
		const isRoot = process.getuid?.() === 0;
		for (const [mode, isAlone] of [[0o755, true], [0o700, true], [0o775, false], [0o757, false], [0o720, false], [0o1777, false], [0o2755, true]] as const) {
			await chmod(folder, mode);
			t.is(await attempt(inPlace({...place, unshared: folder}, read(file))), isRoot && isAlone ? folder : 'failed', mode.toString(8));
		}
	});
}

test('with the rights of another user', t => {
	const command: ProgramCommand = {...remove('/a/b'), runAs: {uid: 1000, gid: 100, isNamed: true}};
	t.deepEqual(placedArgv(command).slice(4), ['setpriv', '--reuid', '1000', '--regid', '100', '--init-groups', 'rm', '--', '/a/b']);
	t.is(formatCommand({...command, runAs: {uid: 1000, gid: 65_534, isNamed: false}}), 'setpriv --reuid 1000 --regid 65534 --clear-groups rm -- /a/b');
});

test('only entries of the folder itself are named from inside, dd\'s operands too, and their paths can be had again', t => {
	const place = {folder: '/a', inode: '1:2'};
	const command = inPlace(place, {tool: 'file', argv: ['dd', 'if=/a/x', 'of=/b/x', '/a/b/c', '/a', '-a/x'], files: []});
	t.deepEqual(command.argv, ['dd', 'if=./x', 'of=/b/x', '/a/b/c', '/a', '-a/x']);
	t.deepEqual(wordsOfProgram(command), ['dd', 'if=/a/x', 'of=/b/x', '/a/b/c', '/a', '-a/x']);
	t.is(inPlace(undefined, command), command);
});
