import test from 'ava';
import {succeed} from '../../../source/model/result.ts';
import {readFolderRisks} from '../../../source/tools/files/folder-risks.ts';
import type {RunRequest} from '../../../source/tools/run/run.ts';

/** Answers `stat` from this table, `readlink`, and `getent`. `user`: who asks. */
function runnerOn(user: string, entries: Record<string, string>, {links = {}, getent = {}}: {links?: Record<string, string>; getent?: Record<string, string>} = {}) {
	const known: Record<string, string> = {...entries, '/proc/self/.': `directory ${user} ${user} 555 9:9`};
	const asked: string[][] = [];
	const runner = async ({argv}: RunRequest) => {
		asked.push(argv);
		const names = argv.slice(argv.indexOf('--') + 1);
		const answers: Record<string, string> = {
			stat: names.filter(name => known[name] !== undefined).map(name => `${name}\0${known[name]!.replaceAll(' ', '\0').replace('symlink', 'symbolic link')}\0`).join(''),
			readlink: links[names[0]!] ?? '',
			getent: argv.slice(2).map(id => getent[`${argv[1]} ${id}`]).filter(line => line !== undefined).map(line => `${line}\n`).join(''),
		};
		return succeed({stdout: answers[argv[0]!]!, stderr: '', durationMs: 1});
	};

	return {runner, asked};
}

const mine = 'directory 0 0 755 1:2';
/** A user whom the host does not know. */
const stranger = {uid: 1000, gid: 65_534, isNamed: false};

test('only root is told, by one look at all folders', async t => {
	const {runner, asked} = runnerOn('0', {'/': mine, '/a': mine, '/a/b': 'directory 1000 1000 755 1:2', '/c': mine});
	t.deepEqual([...(await readFolderRisks(runner, ['/a/b', '/c'])).folders], [['/a/b', {folder: '/a/b', who: 'user 1000', buildIn: '/a', inode: '1:2', sole: stranger}]]);
	t.deepEqual(asked.map(([program]) => program), ['stat', 'getent']);
	const safe = runnerOn('0', {'/': mine, '/a': mine});
	t.is((await readFolderRisks(safe.runner, ['/a'])).folders.size, 0);
	t.is(safe.asked.length, 1);
	const person = runnerOn('1000', {});
	t.is((await readFolderRisks(person.runner, ['/a/b'])).folders.size, 0);
	t.is(person.asked.length, 1);
});

test('a link of root\'s leads to a folder that is judged like any other, and one of somebody else\'s is never safe by its path', async t => {
	const entries = {
		'/': mine, '/a': mine, '/a/link': 'symlink 0 0 777 1:2', '/x': 'directory 1000 1000 755 1:2', '/x/link': 'symlink 1000 1000 777 1:2', '/data': mine, '/data/b': 'directory 1000 1000 755 1:2',
	};
	const {runner} = runnerOn('0', entries, {links: {'/a/link': '/data/b', '/x/link': '/data'}});
	const {folders: risks} = await readFolderRisks(runner, ['/a/link', '/x/link']);
	t.deepEqual(risks.get('/a/link'), {folder: '/data/b', who: 'user 1000', buildIn: '/data', inode: '1:2', sole: stranger});
	t.deepEqual(risks.get('/x/link'), {folder: '/x', who: 'user 1000', buildIn: '/', inode: '1:2', sole: stranger});
});

test('a group that is its user\'s own lets nobody else in; one with members, or of another name, does', async t => {
	const soleOf = async (group: string, folder = 'directory 1000 1000 775 1:2') => {
		const {runner} = runnerOn('0', {'/': mine, '/a': folder}, {getent: {'passwd 1000': 'ann:x:1000:1000::/home/ann:/bin/sh', 'group 1000': group, 'group 36': 'ann:x:36:'}});
		return (await readFolderRisks(runner, ['/a'])).folders.get('/a')?.sole;
	};

	const ann = {uid: 1000, gid: 1000, isNamed: true};
	t.deepEqual(await soleOf('ann:x:1000:'), ann);
	t.deepEqual(await soleOf('ann:x:1000:ann'), ann);
	t.is(await soleOf('ann:x:1000:bob'), undefined);
	t.is(await soleOf('staff:x:1000:'), undefined);
	t.is(await soleOf('ann:x:1000:', 'directory 1000 36 775 1:2'), undefined);
	t.deepEqual(await soleOf('staff:x:1000:bob', 'directory 1000 1000 755 1:2'), ann);
});

test('behind a link it is one user alone only if the link and what it leads to are that user\'s', async t => {
	const soleVia = async (owner: number) => {
		const {runner} = runnerOn('0', {
			'/': mine, '/x': 'directory 1000 1000 755 1:2', '/x/link': 'symlink 1000 1000 777 1:2', '/data': `directory ${owner} 0 755 1:2`,
		}, {links: {'/x/link': '/data'}});
		return (await readFolderRisks(runner, ['/x/link'])).folders.get('/x/link')?.sole?.uid;
	};

	t.deepEqual([await soleVia(0), await soleVia(1000), await soleVia(1001)], [1000, 1000, undefined]);
});

test('a file that is a link is judged by the folder that it leads to, with nothing more to be asked where none is', async t => {
	const entries = {
		'/': mine, '/a': mine, '/a/file': 'regular 0 0 600 1:5', '/a/link': 'symlink 0 0 777 1:6', '/a/own': 'symlink 0 0 777 1:7', '/x': 'directory 1000 1000 755 1:8',
	};
	const {runner, asked} = runnerOn('0', entries, {links: {'/a/link': '/x/file', '/a/own': '/a/file'}});
	const {folders, linked} = await readFolderRisks(runner, ['/a'], ['/a/file', '/a/link', '/a/own', '/a/gone']);
	t.is(folders.size, 0);
	t.deepEqual([...linked], [['/a/link', {folder: '/x', risk: {folder: '/x', who: 'user 1000', buildIn: '/', inode: '1:8', sole: stranger}}]]);
	asked.length = 0;
	await readFolderRisks(runner, ['/a'], ['/a/file']);
	t.is(asked.length, 1);
});

test('a link that is reached through another link is not judged by that one\'s own mode', async t => {
	const link = 'symlink 0 0 777 1:2';
	const entries = {
		'/': mine, '/a': mine, '/a/d': link, '/a/d/..': mine, '/a/d/../c': link, '/a/x': mine, '/a/x/d': mine, '/a/y': mine,
	};
	const {runner} = runnerOn('0', entries, {links: {'/a/d': '/a/x/d', '/a/d/..': '/a/x', '/a/d/../c': '/a/y'}});
	t.is((await readFolderRisks(runner, ['/a/d/../c'])).folders.size, 0);
});
