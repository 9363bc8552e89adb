/** Where the private folder lands, and one that others may write to, with the built program as an ordinary user. */
import {chmod, chown, mkdir, readdir, stat} from 'node:fs/promises';
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
