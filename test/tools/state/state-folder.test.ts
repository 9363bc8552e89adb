import {
	chmod, chown, mkdir, mkdtemp, rm,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import {exitCodeOf} from '../../../source/model/text/exit-codes.ts';
import {checkStateFolder, stateFolder} from '../../../source/tools/state/state-folder.ts';

const root = {uid: 0, homes: ['/root']};
const alice = {uid: 1000, homes: ['/home/a']};

test('the folder is where the environment, root or the user have it', t => {
	t.is(stateFolder({VSNAP_TUI_STATE: '/x'}, root), '/x');
	t.is(stateFolder({}, root), '/var/lib/vsnap-tui');
	t.is(stateFolder({}, alice), '/home/a/.local/state/vsnap-tui');
	t.is(stateFolder({XDG_STATE_HOME: '/s'}, alice), '/s/vsnap-tui');
});

test('values that are empty or relative count as missing, so nothing lands in the current folder', t => {
	for (const value of ['', '.', 'state', './state', '~/state']) {
		t.is(stateFolder({VSNAP_TUI_STATE: value}, root), '/var/lib/vsnap-tui', value);
		t.is(stateFolder({VSNAP_TUI_STATE: value, XDG_STATE_HOME: value}, alice), '/home/a/.local/state/vsnap-tui', value);
		t.is(stateFolder({}, {uid: 1000, homes: [value, '/home/recorded']}), '/home/recorded/.local/state/vsnap-tui', value);
	}
});

async function makeFolder(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-folder-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	return folder;
}

const uid = process.getuid!();

async function reasonFor(folder: string, user = uid): Promise<string | undefined> {
	const checked = await checkStateFolder(folder, user);
	if (checked.ok) {
		return undefined;
	}

	const {message, hint} = describeFailure(checked.failure);
	return `${exitCodeOf(checked.failure)} ${message} ${hint}`;
}

test('a folder of our own, or none yet, below a sticky one is fine', async t => {
	const folder = await makeFolder(t);
	t.is(await reasonFor(folder), undefined);
	t.is(await reasonFor(path.join(folder, 'new', 'state')), undefined);
});

test('a folder that others may write to is refused, and the remedy helps', async t => {
	const folder = await makeFolder(t);
	for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
		await chmod(folder, mode);
		t.regex(await reasonFor(folder) ?? '', /^3 .*not safe: other users may write to it.*chmod go-w -- /, mode.toString(8));
	}

	await chmod(folder, 0o755);
	t.is(await reasonFor(folder), undefined);
});

test('a folder that others can put in its place is refused', async t => {
	const parent = await makeFolder(t);
	const folder = path.join(parent, 'between', 'state');
	await mkdir(folder, {recursive: true});
	await chmod(parent, 0o777);
	t.regex(await reasonFor(folder) ?? '', /everyone may rename files in .*chmod o-w -- /);
	await chmod(parent, 0o1777);
	t.is(await reasonFor(folder), undefined);
});

test('a folder of somebody else, or in one of somebody else, is refused', async t => {
	const parent = await makeFolder(t);
	const folder = path.join(parent, 'state');
	await mkdir(folder, {mode: 0o700});
	// Only root can give folders away, and is trusted by everybody; any other user is the somebody else.
	const [other, user] = uid === 0 ? [1234, 0] : [uid, uid + 1];
	const giveAway = async (path: string) => uid === 0 ? chown(path, other, other) : undefined;
	await giveAway(folder);
	t.regex(await reasonFor(folder, user) ?? '', new RegExp(`belongs to another user \\(${other}\\).*chown -R ${user} -- `));
	t.is(await reasonFor(folder, other), undefined);
	await rm(folder, {recursive: true});
	await giveAway(parent);
	t.regex(await reasonFor(folder, user) ?? '', /who may replace it/);
	t.is(await reasonFor(folder, other), undefined);
	t.is(await reasonFor('/vsnap-is-not-there', other), undefined, 'in one of root\'s');
});
