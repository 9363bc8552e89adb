import {execFile, spawn} from 'node:child_process';
import {mkdtemp, open, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import test, {type ExecutionContext} from 'ava';
import {createChangingShells} from '../../../source/tools/run/changing-shell.ts';
import {questionFor} from '../../../source/tools/run/kept-shell.ts';
import type {RunRequest} from '../../../source/tools/run/run.ts';
import {takeKernelLock} from '../../../source/tools/state/lock.ts';

const runProgram = promisify(execFile);

async function openLock(t: ExecutionContext) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-changing-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const lockPath = path.join(folder, 'lock');
	const file = await open(lockPath, 'w+');
	t.true(await takeKernelLock(file.fd));
	return {folder, lockPath, file};
}

async function isFree(lockPath: string): Promise<boolean> {
	return runProgram('flock', ['--nonblock', lockPath, 'true']).then(() => true, () => false);
}

const change = (argv: string[], more: Partial<RunRequest> = {}): RunRequest => ({argv, where: 'host', isMutating: true, ...more});

/** As ssh leads to a shell. */
const ssh = ['sh', '-c', 'exec "$0"'];

async function openShell(t: ExecutionContext, words: string[] = []) {
	const lock = await openLock(t);
	const shells = createChangingShells({inheritFds: () => [lock.file.fd]});
	t.teardown(async () => {
		await shells.end(lock.file.fd);
		await lock.file.close().catch(() => undefined);
	});
	return {...lock, shells, shell: shells.at(words)};
}

test('commands of an action are run one after the other by one shell, each with its output, its errors and its exit code', async t => {
	const {shell, folder} = await openShell(t);
	const parents = [];
	for (const name of ['a', 'b']) {
		const ran = await shell.ask(change(['sh', '-c', 'umask; echo $PPID > "$0"', path.join(folder, name)]));
		t.like(ran, {ok: true, value: {stdout: '0077\n', stderr: ''}});
		parents.push(await readFile(path.join(folder, name), 'utf8'));
	}

	t.is(parents[0], parents[1]);
	t.like(await shell.ask(change(['sh', '-c', 'echo err >&2; exit 3'])), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 3, stderr: 'err\n', timedOut: false}}});
	t.like(await shell.ask(change(['sh', '-c', 'exit 255'])), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 255}}});
});

test('what a command reads is written before, for us alone; where it cannot be, the command is not run', async t => {
	const {shell, folder} = await openShell(t);
	const file = {path: path.join(folder, 'private', 'd.xml'), text: '<domain/>'};
	t.like(await shell.ask(change(['stat', '-c', '%a', file.path], {files: [file]})), {ok: true, value: {stdout: '600\n'}});
	const unwritable = {path: path.join(folder, 'lock', 'd.xml'), text: ''};
	t.like(await shell.ask(change(['touch', path.join(folder, 'ran')], {files: [unwritable]})), {ok: false, failure: {kind: 'tool-failed'}});
	await t.throwsAsync(readFile(path.join(folder, 'ran')));
});

test('what a command reads may be piped to it, and half of it is not run', async t => {
	const {shell, folder} = await openShell(t, ssh);
	t.like(await shell.ask(change(['cat', '/dev/stdin']), 'it\'s\n$(x)'), {ok: true, value: {stdout: 'it\'s\n$(x)'}});
	const {question: {text}} = questionFor(['tee', path.join(folder, 'half')], 'one\ntwo\n');
	await new Promise(resolve => {
		spawn('sh', {stdio: ['pipe', 'ignore', 'ignore']}).once('exit', resolve).stdin.end(text.slice(0, text.indexOf('two')));
	});
	await t.throwsAsync(readFile(path.join(folder, 'half')));
});

test('over ssh the shell is opened when the action begins, and one that was not needed is ended with it', async t => {
	const {shells, file} = await openShell(t);
	const started = path.join(await mkdtemp(path.join(os.tmpdir(), 'vsnap-changing-')), 'started');
	t.teardown(async () => rm(path.dirname(started), {recursive: true, force: true}));
	// Like an ssh that does not get there, it does not see the end of its input.
	const far = shells.at(['sh', '-c', `echo x >> ${started}; exec sleep 60`]);
	shells.begin();
	while (await readFile(started, 'utf8').catch(() => '') === '') {
		await sleep(20);
	}

	await shells.end(file.fd);
	t.truthy(far);
	t.is(await readFile(started, 'utf8'), 'x\n');
});

test('what a signal has ended did perhaps its work: it has no exit code', async t => {
	const {shell} = await openShell(t);
	const ran = await shell.ask(change(['sh', '-c', 'kill -9 $$']));
	t.true(ran?.ok === false && ran.failure.kind === 'tool-failed' && ran.failure.cause.exitCode === undefined);
});

test('questions, what has a limit of time, reads what we write or can be cancelled, and what is run without a lock, are left to processes of their own', async t => {
	const {shell} = await openShell(t);
	const {signal} = new AbortController();
	for (const more of [{isMutating: false}, {input: 'x'}, {isDaemon: true}, {timeoutMs: 1000}, {signal}]) {
		t.is(await shell.ask(change(['echo', 'x'], more as Partial<RunRequest>)), undefined, JSON.stringify(more));
	}

	t.is(await createChangingShells({inheritFds: () => []}).at([]).ask(change(['echo', 'x'])), undefined);
});

test('beside a command that is at work another is not held up', async t => {
	const {shell} = await openShell(t);
	const long = shell.ask(change(['sleep', '0.3']));
	t.is(await shell.ask(change(['true'])), undefined);
	t.like(await long, {ok: true});
	t.like(await shell.ask(change(['true'])), {ok: true});
});

test('a program that is not there is left to who can say so', async t => {
	const {shell} = await openShell(t);
	t.is(await shell.ask(change(['vsnap-no-such-program'])), undefined);
	t.like(await shell.ask(change(['sh', '-c', 'exit 127'])), {ok: false, failure: {cause: {exitCode: 127}}});
});

test('a shell that has gone in the midst leaves open what became of the command, and the next command has another', async t => {
	const {shell} = await openShell(t, ssh);
	t.like(await shell.ask(change(['true'])), {ok: true});
	const ran = await shell.ask(change(['sh', '-c', 'kill -9 $PPID; sleep 0.2']));
	t.true(ran?.ok === false && ran.failure.kind === 'tool-failed' && ran.failure.cause.exitCode === undefined);
	t.like(await shell.ask(change(['true'])), {ok: true});
});

test('an ssh that does not get there says so', async t => {
	const {shells} = await openShell(t);
	const told: unknown[] = [];
	const shell = shells.at(['sh', '-c', 'echo "ssh: connection refused" >&2; exit 255'], {unreached(result) {
		told.push(result);
		return result;
	}});
	t.like(await shell.ask(change(['true'])), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 255, stderr: 'ssh: connection refused\n'}}});
	t.is(told.length, 1);
});

test('the lock is free once the shell has let go of it', async t => {
	const {shell, shells, file, lockPath} = await openShell(t);
	t.like(await shell.ask(change(['true'])), {ok: true});
	await shells.end(file.fd);
	await file.close();
	t.true(await isFree(lockPath));
});

test('killed in the midst of a command, that is done to its end, the lock lasts as long, and nothing after it is begun', async t => {
	const {folder, lockPath, file} = await openLock(t);
	await file.close();
	const script = path.join(folder, 'act.mts');
	const source = path.resolve('source/tools');
	await writeFile(script, `
import {open} from 'node:fs/promises';
import {createChangingShells} from '${source}/run/changing-shell.ts';
import {takeKernelLock} from '${source}/state/lock.ts';
const file = await open('${lockPath}', 'r+');
await takeKernelLock(file.fd);
const shell = createChangingShells({inheritFds: () => [file.fd]}).at([]);
const change = async (argv: string[]) => shell.ask({argv, where: 'host', isMutating: true});
await change(['sh', '-c', 'echo begun > ${folder}/begun; sleep 1; echo done > ${folder}/done']);
await change(['touch', '${folder}/next']);
`);
	const child = spawn(process.execPath, ['--import=tsx', script], {stdio: 'inherit'});
	const has = async (name: string) => readFile(path.join(folder, name)).then(() => true, () => false);
	while (!await has('begun')) {
		t.is(child.exitCode, null, 'it goes on until it has begun');
		await sleep(20);
	}

	child.kill('SIGKILL');
	await new Promise(resolve => {
		child.once('exit', resolve);
	});
	t.false(await has('done'));
	t.false(await isFree(lockPath));
	while (!await isFree(lockPath)) {
		await sleep(20);
	}

	t.true(await has('done'));
	t.false(await has('next'));
});
