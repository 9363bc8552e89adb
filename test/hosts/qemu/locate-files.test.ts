import {
	mkdir, mkdtemp, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {findStartFolder, locateFor, type OpenFiles} from '../../../source/hosts/qemu/locate-files.ts';

async function makeFolders(t: ExecutionContext): Promise<string> {
	const root = await mkdtemp(path.join(os.tmpdir(), 'vsnap-locate-'));
	t.teardown(async () => rm(root, {recursive: true}));
	for (const folder of ['a', 'b']) {
		await mkdir(path.join(root, folder));
		await writeFile(path.join(root, folder, 'disk'), folder);
	}

	return root;
}

async function opened(files: string[], folders: string[], shellFolder?: string): Promise<OpenFiles> {
	const facts = await Promise.all(files.map(async file => stat(file)));
	return {identities: new Set(facts.map(({dev, ino}) => `${dev}:${ino}`)), folders: [...shellFolder === undefined ? [] : [shellFolder], ...folders], shellFolder};
}

const qemu = (...args: string[]) => ['/usr/bin/qemu-system-x86_64', ...args, '-daemonize'];

test('the folder of the start is the one from which the relative images are open, whatever the shell\'s was', async t => {
	const root = await makeFolders(t);
	const [a, b] = [path.join(root, 'a'), path.join(root, 'b')];
	t.is(await findStartFolder(qemu('-hda', 'disk'), await opened([`${a}/disk`], [a, root], b)), a);
	t.is(await findStartFolder(qemu('-hda', 'a/disk'), await opened([`${a}/disk`], [a, root])), root);
	// By a link that no open file shows, only the shell's folder leads there.
	await symlink(`${a}/disk`, `${b}/link`);
	t.is(await findStartFolder(qemu('-hda', 'link'), await opened([`${a}/disk`], [a, root], b)), b);
});

test('where nothing tells the folder, none is guessed', async t => {
	const root = await makeFolders(t);
	const [a, b] = [path.join(root, 'a'), path.join(root, 'b')];
	t.is(await findStartFolder(qemu('-hda', 'disk'), await opened([`${a}/disk`, `${b}/disk`], [a, b])), undefined);
	t.is(await findStartFolder(qemu('-hda', 'gone'), await opened([`${a}/disk`], [a], a)), undefined);
	t.is(await findStartFolder(qemu('-hda', '/elsewhere'), await opened([`${a}/disk`], [a], b)), b);
	t.is(await findStartFolder(qemu('-hda', '/elsewhere'), await opened([`${a}/disk`], [a])), undefined);
});

test('a name is where it leads to an open file, and unknown where it leads to none', async t => {
	const root = await makeFolders(t);
	const [a, b] = [path.join(root, 'a'), path.join(root, 'b')];
	await rm(`${a}/disk`);
	const locate = locateFor({folders: [a, b], open: await opened([`${b}/disk`], [])});
	t.is(await locate('disk'), `${b}/disk`);
	t.is(await locate('other'), undefined);
	t.is(await locate('/any/where'), '/any/where');
	t.is(await locate('nbd://host:10809/disk'), 'nbd://host:10809/disk');
	t.is(await locateFor(undefined)('disk'), undefined);
	t.is(await locateFor(undefined)('/any/where'), '/any/where');
	t.is(await locateFor({folders: [a], open: await opened([], [])})('disk'), `${a}/disk`);
});
