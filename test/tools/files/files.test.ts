import {chmod, link, mkdir, mkdtemp, open, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {
	parseFileFacts, readFileFacts, readOpenProcesses, readTest,
} from '../../../source/tools/files/files.ts';
import {readFolder, readFolders, readNames} from '../../../source/tools/files/folders.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {fakeRunner, fixture} from '../../hosts/libvirt/fixture.ts';

const run = createLocalRunner();
const hostile = '-x $(touch pwn) \'q\' "d" ; *[1]? \\ 😀\nline';

async function temporaryFolder(): Promise<string> {
	return mkdtemp(path.join(tmpdir(), 'vsnap-files-'));
}

test('facts of files are read at once, also of one with a hostile name and of a link; missing ones are left out', async t => {
	const folder = await temporaryFolder();
	const [file, other, alias] = [hostile, 'other', 'alias'].map(name => path.join(folder, name)) as [string, string, string];
	await writeFile(file, 'abc');
	await chmod(file, 0o640);
	await link(file, other);
	await symlink(file, alias);
	const facts = unwrap(await readFileFacts(run, [file, path.join(folder, 'missing'), other, alias, 'json:{}']));
	const expected = await stat(file, {bigint: true});
	t.deepEqual([...facts.keys()], [file, other, alias]);
	t.like(facts.get(file), {sizeBytes: 3, mode: 0o640, isRegular: true, uid: Number(expected.uid)});
	t.is(facts.get(file)!.modifiedAt.replace('.', ''), String(expected.mtimeNs));
	t.is(facts.get(other)!.inode, facts.get(file)!.inode);
	t.is(facts.get(alias)!.inode, facts.get(file)!.inode);
	await rm(folder, {recursive: true});
});

test('a runner that gives nothing for a failed stat is asked file by file', async t => {
	const runner = fakeRunner(argv => {
		const paths = argv.slice(argv.indexOf('--') + 1);
		return paths.includes('/b') ? {exitCode: 2} : {stdout: `${paths[0]}\0${'5\0'.repeat(7)}`};
	});
	t.deepEqual([...unwrap(await readFileFacts(runner, ['/a', '/b', '/c'])).keys()], ['/a', '/c']);
});

test('a folder tells its names, its space, its file system and whether it may be written', async t => {
	const folder = await temporaryFolder();
	await writeFile(path.join(folder, hostile), '');
	await mkdir(path.join(folder, 'sub'));
	await writeFile(path.join(folder, 'sub', 'below'), '');
	await symlink(folder, `${folder}.link`);
	for (const name of [folder, `${folder}.link`]) {
		const facts = unwrap(await readFolder(run, name));
		t.deepEqual([...facts.names].sort(), [hostile, 'sub'].sort());
		t.is(facts.device, String((await stat(folder)).dev));
		t.true(facts.isWritable);
		t.true(facts.freeBytes > 0);
	}

	await rm(`${folder}.link`);
	await rm(folder, {recursive: true});
	t.false((await readFolder(run, folder)).ok);
});

test('a link that leads to itself, one that leads nowhere and one to another folder are names like others', async t => {
	const folder = await temporaryFolder();
	await symlink('loop', path.join(folder, 'loop'));
	await symlink('/nowhere', path.join(folder, 'nowhere'));
	await symlink('/', path.join(folder, 'root'));
	t.deepEqual([...unwrap(await readFolder(run, folder)).names].sort(), ['loop', 'nowhere', 'root']);
	await rm(folder, {recursive: true});
});

test('a folder is read although one entry cannot be, and not where none can be', async t => {
	const runner = fakeRunner(argv => argv[0] === 'find'
		? {
			stdout: ['0', '/f', '9', 'f', '1', '/f', '9', 'a', 'w0', '/none', '9', 'none', 'w0', '/empty', '9', 'empty', ''].join('\0'),
			stderr: 'find: \'/f/b\': Stale file handle\nfind: \'/none\': Permission denied\nfind: \'/gone\': No such file or directory\n',
			exitCode: 1,
		}
		: {stdout: ['/f', '2 3', '/none', '1 1', '/empty', '1 1', ''].join('\0'), exitCode: 1});
	const folders = await readFolders(runner, ['/f', '/none', '/empty', '/gone']);
	t.deepEqual(unwrap(folders.get('/f')!), {path: '/f', isWritable: false, freeBytes: 6, device: '9', names: new Set(['a'])});
	t.like(unwrap(folders.get('/empty')!), {isWritable: true, names: new Set()});
	for (const [path, reason] of [['/none', 'Permission denied'], ['/gone', 'there is no such folder']] as const) {
		t.like(folders.get(path), {ok: false, failure: {kind: 'unreadable', what: path, reason}});
	}

	t.false((await readNames(runner, '/none')).ok);
	t.deepEqual([...unwrap(await readNames(runner, '/f'))], ['a']);
});

test('many folders cost two programs, and each has its own names', async t => {
	const base = await temporaryFolder();
	const [one, other] = [path.join(base, '-one'), path.join(base, hostile)];
	for (const [folder, names] of [[one, ['a', 'b']], [other, [hostile]]] as const) {
		await mkdir(folder);
		await Promise.all(names.map(async name => writeFile(path.join(folder, name), '')));
	}

	const asked: string[] = [];
	const folders = await readFolders(async request => {
		asked.push(request.argv[0]!);
		return run(request);
	}, [one, other, path.join(base, 'missing')]);
	t.deepEqual(asked.sort(), ['find', 'stat']);
	const names = [...folders].map(([folder, found]) => [folder, found.ok ? [...found.value.names].sort() : undefined]);
	t.deepEqual(names, [[one, ['a', 'b']], [other, [hostile]], [path.join(base, 'missing'), undefined]]);
	await rm(base, {recursive: true});
});

test('tests of a file say yes, no, or that nobody can say', async t => {
	t.deepEqual(await readTest(run, '-e', '/'), {ok: true, value: true});
	t.deepEqual(await readTest(run, '-e', '/nowhere'), {ok: true, value: false});
	t.false((await readTest(fakeRunner(() => ({exitCode: 255})), '-e', '/')).ok);
});

test('the processes that have a file open are seen, by its exact name', async t => {
	const folder = await temporaryFolder();
	const filePath = path.join(folder, 'a*[1]? \\ \'');
	await writeFile(filePath, '');
	await writeFile(path.join(folder, 'axx1y'), '');
	const file = await open(filePath);
	const found = await readOpenProcesses(run, filePath);
	await file.close();
	t.deepEqual(found.map(entry => entry.split(' ')[1]), [String(process.pid)]);
	t.deepEqual(await readOpenProcesses(run, filePath), []);
	await rm(folder, {recursive: true});
});

test('a block device is told from a regular file', t => {
	const facts = parseFileFacts(fixture('qemu-img/device-stat.bin'));
	t.like(facts.get('/dev/loop0'), {sizeBytes: 0, isRegular: false});
	t.like(facts.get('vdc.s1'), {sizeBytes: 196_616, isRegular: true});
});

test('of a file with two names both say so', t => {
	const line = (names: string) => parseFileFacts(`/a\u0000120\u00001.5\u00001:2\u00000\u00000\u0000644\u0000regular file\u0000${names}\u0000`).get('/a');
	t.true(line('2')!.hasOtherNames);
	t.false('hasOtherNames' in line('1')!);
});
