import test from 'ava';
import {readAbsentFolders, readMissingFiles} from '../../../source/tools/files/missing-files.ts';
import type {Runner} from '../../../source/tools/run/run.ts';
import {fail, succeed} from '../../../source/model/result.ts';

/** A host with these folders and files; `closed` may not be searched by us. */
function host(there: string[], closed: string[] = []): {runner: Runner; asked: string[][]} {
	const asked: string[][] = [];
	const isHidden = (path: string) => closed.some(folder => path.startsWith(`${folder}/`));
	const runner: Runner = async ({argv}) => {
		asked.push(argv);
		if (argv[0] === 'test') {
			return closed.includes(argv[2]!)
				? fail({kind: 'tool-failed', cause: {argv, exitCode: 1, timedOut: false, stderr: '', durationMs: 1}})
				: succeed({stdout: '', stderr: '', durationMs: 1});
		}

		const found = argv.slice(argv.indexOf('--') + 1).filter(path => there.includes(path) && !isHidden(path));
		return succeed({stdout: found.map(path => [path, '1', '1.0', '1:1', '0', '0', '644', 'regular file', '1', ''].join('\0')).join(''), stderr: '', durationMs: 1});
	};

	return {runner, asked};
}

test('what exists costs one question', async t => {
	const {runner, asked} = host(['/', '/iso', '/iso/a', '/iso/b']);
	t.deepEqual(await readMissingFiles(runner, ['/iso/a', '/iso/b']), succeed(new Set<string>()));
	t.is(asked.length, 1);
});

test('a file is missing where the nearest folder that is there may be searched', async t => {
	const {runner} = host(['/', '/iso', '/iso/a']);
	t.deepEqual(await readMissingFiles(runner, ['/iso/a', '/iso/b', '/gone/deep/c']), succeed(new Set(['/iso/b', '/gone/deep/c'])));
});

test('what lies in a folder that we may not search is not called missing', async t => {
	const {runner} = host(['/', '/private', '/private/a'], ['/private']);
	t.deepEqual(await readMissingFiles(runner, ['/private/a', '/private/b/c']), succeed(new Set<string>()));
});

test('the highest folder that is not there is named, and none where the folder is there or cannot be looked at', async t => {
	const {runner} = host(['/', '/iso', '/iso/a', '/private'], ['/private']);
	t.deepEqual(await readAbsentFolders(runner, ['/iso/b', '/gone/deep/c', '/private/x/y']), succeed(new Map([['/gone/deep/c', '/gone']])));
});
