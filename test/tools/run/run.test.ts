import {mkdtemp, open, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createLineWatcher, createLocalRunner} from '../../../source/tools/run/run.ts';
import {takeKernelLock} from '../../../source/tools/state/lock.ts';
import {createSshRunner, parseSshTarget, sshArgv} from '../../../source/tools/run/ssh.ts';
import {fakeRunner} from '../../hosts/libvirt/fixture.ts';

const run = createLocalRunner();

async function temporaryFolder(): Promise<string> {
	return mkdtemp(path.join(tmpdir(), 'vsnap-run-'));
}

test('arguments reach the program as they are, and no shell sees them', async t => {
	const words = ['$(touch /tmp/vsnap-pwned)', '; echo x', '-n', '*', 'a\nb', '😀'];
	t.is(unwrap(await run({argv: ['printf', '%s|', ...words], where: 'here'})).stdout, words.map(word => `${word}|`).join(''));
});

test('programs speak English', async t => {
	t.is(unwrap(await run({argv: ['printenv', 'LC_ALL'], where: 'here'})).stdout, 'C\n');
});

test('a program that fails gives its code and what it said', async t => {
	t.like(await run({argv: ['stat', '/nowhere'], where: 'here'}), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 1, timedOut: false, argv: ['stat', '/nowhere']}}});
	t.true((await run({argv: ['stat', '/nowhere', '/'], where: 'here', acceptedExitCodes: [1]})).ok);
});

test('a program that is missing is named with the package that holds it', async t => {
	const result = await createLocalRunner()({argv: ['vsnap-no-such-program'], where: 'here'});
	t.true(!result.ok && result.failure.kind === 'tool-failed' && result.failure.cause.stderr.includes('vsnap-no-such-program is not installed'));
});

test('a program that takes too long is ended, and the failure says so', async t => {
	t.like(await run({argv: ['sleep', '30'], where: 'here', timeoutMs: 100}), {ok: false, failure: {kind: 'tool-failed', cause: {timedOut: true}}});
});

test('once nobody waits for answers, what only reads is ended, and what changes something is not', async t => {
	const ending = new AbortController();
	const closing = createLocalRunner({ending: ending.signal});
	const reading = closing({argv: ['sleep', '60'], where: 'here'});
	const changing = closing({argv: ['sh', '-c', 'sleep 1; echo done'], where: 'here', isMutating: true});
	ending.abort();
	t.false((await reading).ok);
	t.false((await closing({argv: ['sleep', '60'], where: 'here'})).ok);
	t.is(unwrap(await changing).stdout, 'done\n');
});

/** Says its own process id and that of a program which it has started and waits for, as a wrapper for virsh may: that one outlives it. */
function wrapper(t: ExecutionContext): {argv: string[]; take: (line: string) => void; isKept: () => boolean} {
	let inner = 0;
	t.teardown(() => process.kill(inner));
	return {
		argv: ['sh', '-c', 'sleep 600 & echo $$ $!; wait'],
		take(line) {
			const [own, started] = line.split(' ').map(Number) as [number, number];
			inner = started;
			process.kill(own);
		},
		isKept: () => process.kill(inner, 0),
	};
}

test('what a program that is ended has started itself keeps nobody waiting', async t => {
	const {argv, take, isKept} = wrapper(t);
	const folder = await temporaryFolder();
	const fifo = path.join(folder, 'ids');
	unwrap(await run({argv: ['mkfifo', fifo], where: 'here'}));
	const answer = run({argv: [...argv.slice(0, 2), argv[2]!.replace(';', ` > ${fifo};`)], where: 'here'});
	take(await readFile(fifo, 'utf8'));
	t.like(await answer, {ok: false, failure: {kind: 'tool-failed', cause: {signal: 'SIGTERM'}}});
	t.true(isKept());
	await rm(folder, {recursive: true});

	const watched = wrapper(t);
	await new Promise<void>(resolve => {
		createLineWatcher()({argv: watched.argv, onLine: watched.take, onEnd: resolve});
	});
	t.true(watched.isKept());
});

test('files for a command are private and written before it starts', async t => {
	const folder = await temporaryFolder();
	const filePath = path.join(folder, 'new', 'a.xml');
	t.is(unwrap(await run({argv: ['cat', filePath], where: 'here', files: [{path: filePath, text: '<a/>'}]})).stdout, '<a/>');
	t.is((await stat(filePath)).mode & 0o777, 0o600);
	await rm(folder, {recursive: true});
});

test('a link where a file is to be written is not followed, and the command is not run', async t => {
	const folder = await temporaryFolder();
	const precious = path.join(folder, 'precious');
	await writeFile(precious, 'mine');
	await symlink(precious, path.join(folder, 'a.xml'));
	const marker = path.join(folder, 'ran');
	t.false((await run({argv: ['touch', marker], where: 'here', files: [{path: path.join(folder, 'a.xml'), text: 'yours'}]})).ok);
	t.is(await readFile(precious, 'utf8'), 'mine');
	await t.throwsAsync(stat(marker));
	await rm(folder, {recursive: true});
});

test('a changing command keeps the lock of a file that we have let go', async t => {
	const folder = await temporaryFolder();
	const lockPath = path.join(folder, 'lock');
	const held = await open(lockPath, 'w');
	t.true(await takeKernelLock(held.fd));
	const changing = createLocalRunner({inheritFds: () => [held.fd]});
	const marker = path.join(folder, 'go-on');
	const done = changing({argv: ['sh', '-c', `until [ -e '${marker}' ]; do sleep 0.05; done`], where: 'here', isMutating: true});
	// Lets the runner start its child before the file is closed here.
	await run({argv: ['sh', '-c', 'until pgrep -f "$0" >/dev/null; do sleep 0.05; done', `-e .${marker}`], where: 'here', timeoutMs: 10_000});
	await held.close();
	const other = await open(lockPath, 'w');
	t.false(await takeKernelLock(other.fd));
	await writeFile(marker, '');
	t.true((await done).ok);
	t.true(await takeKernelLock(other.fd));
	await other.close();
	await rm(folder, {recursive: true});
});

test('a watcher gives lines as they come, and tells when its program has ended', async t => {
	const lines: string[] = [];
	await new Promise<void>(resolve => {
		createLineWatcher()({
			argv: ['printf', 'a\\nb c\\n'],
			onLine(line) {
				lines.push(line);
			},
			onEnd: resolve,
		});
	});
	t.deepEqual(lines, ['a', 'b c']);
});

test('URIs over ssh lead to user, host, port and key', t => {
	t.like(parseSshTarget('qemu+ssh://root@kvm1.example.org:2222/system?keyfile=%2Froot%2F.ssh%2Fk%20y&no_verify=1'), {
		user: 'root', host: 'kvm1.example.org', port: 2222, keyfile: '/root/.ssh/k y', isUnverified: true,
	});
	t.like(parseSshTarget('qemu+libssh2://[fe80::1%25eth0]:22/system'), {user: undefined, host: 'fe80::1%eth0', port: 22});
	t.like(parseSshTarget('qemu+ssh://a%40b@host/system'), {user: 'a@b', host: 'host', port: undefined});
	for (const uri of ['qemu:///system', 'qemu+tls://host/system', 'qemu+ssh:///system', 'alias']) {
		t.is(parseSshTarget(uri), undefined);
	}
});

test('what runs on the host goes through ssh in one quoted word, what runs here does not', async t => {
	const local = fakeRunner(() => ({stdout: 'x'}));
	const target = parseSshTarget('qemu+ssh://me@-oProxyCommand=evil/system')!;
	const folder = await temporaryFolder();
	const remote = createSshRunner(target, local, {controlFolder: folder});
	await remote({argv: ['stat', '--', '/i/a b$(x)\'"'], where: 'host', timeoutMs: 5});
	await remote({argv: ['virsh', 'list'], where: 'here'});
	t.deepEqual(local.requests.map(request => request.argv), [
		[...sshArgv(target, folder), 'umask 077; env LC_ALL=C stat -- \'/i/a b$(x)\'\\\'\'"\''],
		['virsh', 'list'],
	]);
	t.deepEqual(local.requests[0]!.argv.slice(-3, -1), ['--', 'me@-oProxyCommand=evil']);
	await rm(folder, {recursive: true});
});

test('a host that ssh does not reach is unreachable; a command that fails there has failed', async t => {
	const target = parseSshTarget('qemu+ssh://host/system')!;
	const folder = await temporaryFolder();
	const at = (exitCode: number) => createSshRunner(target, fakeRunner(() => ({stderr: 'no', exitCode})), {controlFolder: folder});
	t.like(await at(255)({argv: ['true'], where: 'host'}), {ok: false, failure: {kind: 'host-unreachable', uri: 'qemu+ssh://host/system'}});
	t.like(await at(1)({argv: ['true'], where: 'host'}), {ok: false, failure: {kind: 'tool-failed'}});
	await rm(folder, {recursive: true});
});
