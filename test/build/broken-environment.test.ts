/** The built program where something is wrong that nobody foresaw, and with settings of wrong shapes: always an end with the right code and words, never a stack of another. */
import {execFile} from 'node:child_process';
import {
	mkdir, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';

type Ended = {exitCode: number; stdout: string; stderr: string};

async function runBuilt(env: Record<string, string>, ...args: string[]): Promise<Ended> {
	return new Promise(resolve => {
		const child = execFile(process.execPath, ['dist/vsnap-tui.mjs', ...args], {env: {PATH: process.env.PATH, ...env}, timeout: 30_000}, (_error, stdout, stderr) => {
			resolve({exitCode: child.exitCode ?? -1, stdout, stderr});
		});
	});
}

/** A module that is loaded first and breaks what the program calls at its beginning. */
const broken = (body: string) => `--import=data:text/javascript,${encodeURIComponent(`import process from 'node:process'; process.umask = () => { ${body} };`)}`;

for (const [title, body] of [
	['is thrown', 'throw new TypeError("unforeseen")'],
	['is thrown later, where nobody waits', 'setImmediate(() => { throw new TypeError("unforeseen") })'],
	['is a promise that nobody awaits', 'void Promise.reject(new TypeError("unforeseen"))'],
	['is no error at all', 'throw "unforeseen"'],
	['holds what a terminal would obey', String.raw`throw new TypeError("unforeseen \u001b[2J")`],
] as const) {
	test(`a mistake that ${title} ends the program with code 70, and says how to go on`, async t => {
		for (const args of [['list', '--demo'], ['list', '--demo', '--json'], ['recover']]) {
			const {exitCode, stderr} = await runBuilt({NODE_OPTIONS: broken(body)}, ...args);
			t.is(exitCode, 70, stderr);
			t.regex(stderr, /^Internal error \(please report\): .*unforeseen/m);
			t.regex(stderr, /vsnap-tui recover/);
			t.false(stderr.includes('\u001B'));
		}
	});
}

async function makeSettings(t: ExecutionContext, text: string | undefined): Promise<{XDG_CONFIG_HOME: string; HOME: string; VSNAP_TUI_STATE: string}> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-settings-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(text === undefined ? file : path.dirname(file), {recursive: true});
	if (text !== undefined) {
		await writeFile(file, text);
	}

	return {XDG_CONFIG_HOME: folder, HOME: folder, VSNAP_TUI_STATE: path.join(folder, 'state')};
}

for (const text of [undefined, '', '{', 'null', '[]', '7', '"qemu:///system"', '{"connect": 7}', '{"connect": null}', '{"connect": ["qemu:///system"]}', '{"connect": {"uri": "x"}}', '{"connect": "http://h/"}', '\u0000']) {
	test(`settings that are ${text === undefined ? 'a folder' : JSON.stringify(text)} are told with their file, and never a crash`, async t => {
		const settings = await makeSettings(t, text);
		const {exitCode, stderr} = await runBuilt(settings, 'list');
		t.is(exitCode, 2, stderr);
		t.regex(stderr, text?.includes('http') ? /http:\/\/h\// : /vsnap-tui\/config\.json is not understood: .*\n *Correct it or remove it\./s, stderr);
		t.notRegex(stderr, /Internal error|\bat .*:\d+:\d+/);
		// Who names the host needs no settings.
		t.is((await runBuilt(settings, 'list', '--demo')).exitCode, 0);
	});
}

test('a user without an entry, as in a container, is no mistake', async t => {
	const settings = await makeSettings(t, '{"connect": 7}');
	const body = 'throw Object.assign(new Error("no such user"), {code: "ERR_SYSTEM_ERROR"})';
	const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(`import os from 'node:os'; import {syncBuiltinESMExports} from 'node:module'; os.userInfo = () => { ${body} }; syncBuiltinESMExports();`)}`;
	const {exitCode, stderr} = await runBuilt({...settings, NODE_OPTIONS}, 'list');
	t.is(exitCode, 2, stderr);
});
