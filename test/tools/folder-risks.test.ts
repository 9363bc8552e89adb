import test from 'ava';
import {succeed} from '../../source/model/result.ts';
import {readFolderRisks} from '../../source/tools/folder-risks.ts';
import type {RunRequest} from '../../source/tools/run.ts';

/** Answers `stat` from this table, and `readlink`. `user`: who asks. */
function runnerOn(user: string, entries: Record<string, string>, links: Record<string, string> = {}) {
	const known: Record<string, string> = {...entries, '/proc/self/.': `directory ${user} ${user} 555 9:9`};
	const asked: string[][] = [];
	const runner = async ({argv}: RunRequest) => {
		asked.push(argv);
		const names = argv.slice(argv.indexOf('--') + 1);
		const answers: Record<string, string> = {
			stat: names.filter(name => known[name] !== undefined).map(name => `${name}\0${known[name]!.replaceAll(' ', '\0').replace('symlink', 'symbolic link')}\0`).join(''),
			readlink: links[names[0]!] ?? '',
		};
		return succeed({stdout: answers[argv[0]!]!, stderr: '', durationMs: 1});
	};

	return {runner, asked};
}

const mine = 'directory 0 0 755 1:2';

test('only root is told, by one look at all folders', async t => {
	const {runner, asked} = runnerOn('0', {'/': mine, '/a': mine, '/a/b': 'directory 1000 1000 755 1:2', '/c': mine});
	t.deepEqual([...await readFolderRisks(runner, ['/a/b', '/c'])], [['/a/b', {folder: '/a/b', who: 'user 1000', buildIn: '/a', inode: '1:2'}]]);
	t.deepEqual(asked.map(([program]) => program), ['stat']);
	const person = runnerOn('1000', {});
	t.is((await readFolderRisks(person.runner, ['/a/b'])).size, 0);
	t.is(person.asked.length, 1);
});

test('a link of root\'s leads to a folder that is judged like any other, and one of somebody else\'s is never safe by its path', async t => {
	const entries = {
		'/': mine, '/a': mine, '/a/link': 'symlink 0 0 777 1:2', '/x': 'directory 1000 1000 755 1:2', '/x/link': 'symlink 1000 1000 777 1:2', '/data': mine, '/data/b': 'directory 1000 1000 755 1:2',
	};
	const {runner} = runnerOn('0', entries, {'/a/link': '/data/b', '/x/link': '/data'});
	const risks = await readFolderRisks(runner, ['/a/link', '/x/link']);
	t.deepEqual(risks.get('/a/link'), {folder: '/data/b', who: 'user 1000', buildIn: '/data', inode: '1:2'});
	t.deepEqual(risks.get('/x/link'), {folder: '/x', who: 'user 1000', buildIn: '/', inode: '1:2'});
});
