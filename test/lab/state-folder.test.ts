/** Where the private folder lands, and one that others may write to, with the built program as an ordinary user. */
import {
	chmod, chown, mkdir, readdir, rename, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {makeOtherUser} from './other-user.ts';
import {run} from './run.ts';

test.serial('an empty or relative folder of the environment never puts state into the current folder', async t => {
	const user = await makeOtherUser(t);
	const image = path.join(user.home, 'vda.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1M']);
	await chown(image, user.uid, -1);
	const here = path.join(user.home, 'here');
	await mkdir(here);
	await chown(here, user.uid, -1);
	const values: Array<Record<string, string>> = [{XDG_STATE_HOME: ''}, {XDG_STATE_HOME: 'state'}, {VSNAP_TUI_STATE: ''}, {VSNAP_TUI_STATE: './state', XDG_STATE_HOME: '', XDG_CONFIG_HOME: 'conf'}];
	for (const [index, env] of values.entries()) {
		const made = await user.runProgram(['--image', image, 'create', 'vda', `s${index}`, '--yes'], {env, folder: here});
		t.is(made.exitCode, 0, `${JSON.stringify(env)}\n${made.stderr}`);
	}

	t.deepEqual(await readdir(here), []);
	const state = path.join(user.home, '.local/state/vsnap-tui');
	t.true((await readdir(state)).includes('bare'));
	t.is((await stat(state)).mode % 0o1000, 0o700);
});

test.serial('a journal that this user may not read is named, and stops no action of another domain', async t => {
	const user = await makeOtherUser(t);
	const image = path.join(user.home, 'vda.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1M']);
	await chown(image, user.uid, -1);
	const act = async (...args: string[]) => user.runProgram(['--image', image, ...args]);
	const first = await act('create', 'vda', 's1', '--yes');
	t.is(first.exitCode, 0, first.stderr);
	const journals = path.join(user.home, '.local/state/vsnap-tui/journal');
	await mkdir(journals, {recursive: true, mode: 0o700});
	await chown(journals, user.uid, -1);
	const closed = path.join(journals, 'of-root.jsonl');
	await writeFile(closed, '{"kind":"plan"}\n', {mode: 0o600});
	const made = await act('create', 'vda', 's2', '--yes');
	t.is(made.exitCode, 0, made.stderr);
	const told = await user.runProgram(['recover']);
	t.is(told.exitCode, 0, told.stdout + told.stderr);
	t.regex(told.stderr, /of-root\.jsonl is not a journal: it cannot be read/);
	t.deepEqual(await readdir(journals), ['of-root.jsonl']);
});

test.serial('a private folder that others may write to is refused, also for looking, and its remedy helps', async t => {
	const user = await makeOtherUser(t);
	const state = path.join(user.home, 'state');
	await mkdir(state);
	await chown(state, user.uid, -1);
	await chmod(state, 0o777);
	const env = {VSNAP_TUI_STATE: state};
	const refused = await user.runProgram(['log', '--json'], {env});
	t.is(refused.exitCode, 3, refused.stderr);
	t.regex(refused.stderr, /"kind":"state-folder-unsafe"/);
	const [remedy] = /chmod go-w -- \S+(?=,)/.exec(refused.stderr) ?? [];
	await run('sh', ['-c', remedy!]);
	const shown = await user.runProgram(['log', '--json'], {env});
	t.is(shown.exitCode, 0, shown.stderr);
	await chown(state, 0, 0);
	const foreign = await user.runProgram(['log'], {env});
	t.is(foreign.exitCode, 3);
	t.regex(foreign.stderr, /belongs to another user \(0\)/);
});

test.serial('each remedy for a private folder that is not safe helps: taken over, the right of others removed, in a folder of one\'s own', async t => {
	const user = await makeOtherUser(t);
	const shared = path.join(user.home, 'shared');
	const state = path.join(shared, 'state');
	await mkdir(state, {recursive: true, mode: 0o700});
	await run('chown', ['-R', String(user.uid), shared]);
	await chown(state, 0, 0);
	const look = async (folder = state) => user.runProgram(['log'], {env: {VSNAP_TUI_STATE: folder}});
	const refused = async (remedy: RegExp) => {
		const {exitCode, stderr} = await look();
		t.is(exitCode, 3);
		const [command] = remedy.exec(stderr.replaceAll(/\s+/g, ' ')) ?? [];
		t.truthy(command, stderr);
		return command!;
	};

	await run('sh', ['-c', await refused(/chown -R \d+ -- \S+(?=,)/)]);
	t.is((await look()).exitCode, 0);

	await chmod(shared, 0o777);
	await run('sh', ['-c', await refused(/chmod o-w -- \S+(?=,)/)]);
	t.is((await look()).exitCode, 0);

	await chown(shared, 1, -1);
	await refused(/Move it to a folder of your own(?=,)/);
	const own = path.join(user.home, 'own');
	await rename(state, own);
	const moved = await look(own);
	t.is(moved.exitCode, 0, moved.stderr);
});
