import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {sha256Of} from '../../../source/tools/backups/sha256.ts';
import {createLocalRunner, type RunRequest} from '../../../source/tools/run/run.ts';
import {createSshRunner} from '../../../source/tools/run/ssh.ts';

const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('the sum of a file is that of sha256sum, with a program and without', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-sum-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const file = path.join(folder, 'a\\b\nc');
	await writeFile(file, 'abc');
	const local = createLocalRunner();
	t.deepEqual(await sha256Of(local, file), {ok: true, value: ofAbc});
	t.deepEqual(await sha256Of(async request => local({...request, inProcess: undefined}), file), {ok: true, value: ofAbc});
});

test('where it cannot be read the program says why', async t => {
	t.like(await sha256Of(createLocalRunner(), '/nowhere/file'), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 1, stderr: 'sha256sum: /nowhere/file: No such file or directory\n'}}});
});

test('on another machine its own file is read', async t => {
	const controlFolder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-ssh-'));
	t.teardown(async () => rm(controlFolder, {recursive: true, force: true}));
	const requests: RunRequest[] = [];
	const target = {user: undefined, host: 'there', port: undefined, keyfile: undefined, isUnverified: false, uri: 'qemu+ssh://there/system'};
	const runner = createSshRunner(target, async request => {
		requests.push(request);
		return {ok: true, value: {stdout: `${ofAbc} */etc/hostname\n`, stderr: '', durationMs: 1}};
	}, {controlFolder});
	t.deepEqual(await sha256Of(runner, '/etc/hostname'), {ok: true, value: ofAbc});
	t.is(requests[0]!.inProcess, undefined);
	t.true(requests[0]!.argv.at(-1)!.endsWith('sha256sum -b -- /etc/hostname'));
});
