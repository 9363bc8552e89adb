import {setImmediate} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {createConversations} from '../../../source/tools/run/conversation.ts';
import {createKeptShell, withKeptShell} from '../../../source/tools/run/kept-shell.ts';
import {createLocalRunner, type RunRequest} from '../../../source/tools/run/run.ts';

/** Where ssh would lead to: `env` starts the shell here, after words as a login shell may say them. */
function openShell(t: ExecutionContext, ssh = ['sh', '-c', 'echo Welcome; echo Hm >&2; exec "$0"']) {
	const conversations = createConversations();
	t.teardown(() => {
		conversations.end();
	});
	const shell = createKeptShell(conversations.start, ssh);
	return async (argv: string[], more: Partial<RunRequest> = {}) => shell.ask({argv, where: 'host', timeoutMs: 10_000, ...more});
}

test('commands are answered one after the other, each with its output, its errors and its exit code', async t => {
	const ask = openShell(t);
	t.like(await ask(['printf', String.raw`a\0b\n`]), {ok: true, value: {stdout: 'a\0b\n', stderr: ''}});
	t.like(await ask(['sh', '-c', 'echo out; echo err >&2; exit 3']), {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 3, stderr: 'err\n', timedOut: false}}});
	t.like(await ask(['sh', '-c', 'echo out; echo err >&2; exit 3'], {acceptedExitCodes: [3]}), {ok: true, value: {stdout: 'out\n', stderr: 'err\n'}});
	t.like(await ask(['true']), {ok: true, value: {stdout: '', stderr: ''}});
});

test('words arrive as they are, whatever they hold', async t => {
	const ask = openShell(t);
	for (const word of ['a\nb', '$(touch pwn) `x` \'q\' "d" ; # \\', 'é😀', '', '-n', 'a\tb\u0001']) {
		t.like(await ask(['printf', '%s.', word]), {ok: true, value: {stdout: `${word}.`, stderr: ''}}, word);
	}
});

test('a command does not read the lines of the next one', async t => {
	const ask = openShell(t);
	t.like(await ask(['cat']), {ok: true, value: {stdout: ''}});
	t.like(await ask(['echo', 'next']), {ok: true, value: {stdout: 'next\n'}});
});

test('what is asked at once is answered by a shell each on this machine, and by one over ssh', async t => {
	const shellsOf = async (ssh: string[]) => {
		const ask = openShell(t, ssh);
		const answers = await Promise.all([1, 2].map(async () => ask(['sh', '-c', 'echo $PPID'])));
		return new Set(answers.map(answer => answer?.ok && answer.value.stdout)).size;
	};

	t.is(await shellsOf([]), 2);
	t.is(await shellsOf(['sh', '-c', 'exec "$0"']), 1);
});

test('over ssh, what is asked at the same moment goes there together, and each has its own answer', async t => {
	const ask = openShell(t, ['sh', '-c', 'exec "$0"']);
	t.like(await ask(['true']), {ok: true});
	const answers = await Promise.all(Array.from({length: 12}, async (_, index) => ask(['sh', '-c', `echo out${index} $PPID; echo err${index} >&2; exit ${index % 3}`], {acceptedExitCodes: [1]})));
	const shells = new Set(answers.map(answer => answer?.ok && answer.value.stdout.split(' ')[1]).filter(Boolean));
	t.is(shells.size, 1);
	for (const [index, answer] of answers.entries()) {
		if (index % 3 === 2) {
			t.like(answer, {ok: false, failure: {cause: {exitCode: 2, stderr: `err${index}\n`}}});
		} else {
			t.true(answer?.ok && answer.value.stdout.startsWith(`out${index} `) && answer.value.stderr === `err${index}\n`);
		}
	}
});

test('where it ends over there in the midst, each that went with it is left to be asked by itself', async t => {
	const ask = openShell(t, ['sh', '-c', 'exec "$0"']);
	t.like(await ask(['true']), {ok: true});
	const answers = await Promise.all([['echo', 'a'], ['sh', '-c', 'sleep 0.2; kill -9 $PPID; sleep 0.1'], ['echo', 'c']].map(async argv => ask(argv)));
	t.like(answers[0], {ok: true, value: {stdout: 'a\n'}});
	t.deepEqual(answers.slice(1), [undefined, undefined]);
});

test('programs speak English, and what the shell has a command of its own for is the program all the same', async t => {
	const ask = openShell(t, []);
	t.like(await ask(['printenv', 'LC_ALL']), {ok: true, value: {stdout: 'C\n'}});
	t.like(await ask(['echo', '--version']), {ok: true});
	t.regex(JSON.stringify(await ask(['printf', '--version'])), /coreutils/);
});

test('what a command reads is piped to it, and stands nowhere else', async t => {
	const ask = openShell(t);
	t.like(await ask(['cat', '/dev/stdin'], {input: 'it\'s $(x) %s \\\n'}), {ok: true, value: {stdout: 'it\'s $(x) %s \\\n'}});
	t.like(await ask(['sh', '-c', 'cat /proc/$PPID/cmdline'], {input: 'hidden'}), {ok: true, value: {stdout: 'sh\0'}});
	t.like(await ask(['sh', '-c', 'cat >&2; exit 3'], {input: 'a'}), {ok: false, failure: {cause: {exitCode: 3, stderr: 'a'}}});
});

test('what changes something or may take long has a process of its own', async t => {
	const ask = openShell(t);
	const {signal} = new AbortController();
	for (const more of [{isMutating: true}, {files: [{path: '/nowhere', text: ''}]}, {isDaemon: true}, {timeoutMs: 3_600_000}, {timeoutMs: undefined}, {signal}]) {
		t.is(await ask(['echo', 'x'], more as Partial<RunRequest>), undefined, JSON.stringify(more));
	}
});

test('where there is no answer, or none in time, an ssh of its own is asked', async t => {
	t.is(await openShell(t, ['false'])(['echo', 'x']), undefined);
	t.is(await openShell(t)(['sleep', '60'], {timeoutMs: 200}), undefined);
	const ask = openShell(t);
	t.like(await ask(['echo', 'x']), {ok: true});
	t.is(await ask(['sh', '-c', 'kill -9 $PPID']), undefined);
	t.like(await ask(['echo', 'again']), {ok: true, value: {stdout: 'again\n'}});
});

test('a program that is not there is said to be missing as ever', async t => {
	t.is(await openShell(t)(['nowhere-at-all']), undefined);
	const conversations = createConversations();
	t.teardown(() => {
		conversations.end();
	});
	const runner = withKeptShell(createKeptShell(conversations.start, []), createLocalRunner());
	t.like(await runner({argv: ['nowhere-at-all'], where: 'host', timeoutMs: 10_000}), {ok: false, failure: {cause: {stderr: 'nowhere-at-all is not installed here.'}}});
	t.like(await runner({argv: ['test', '-e', '/nowhere'], where: 'host', timeoutMs: 10_000}), {ok: false, failure: {cause: {argv: ['test', '-e', '/nowhere'], exitCode: 1}}});
});

test('once all conversations have ended, what is being asked is not answered, and nothing is started for what is asked then', async t => {
	const conversations = createConversations();
	const shell = createKeptShell(conversations.start, []);
	const ask = async (...argv: string[]) => shell.ask({argv, where: 'host', timeoutMs: 60_000});
	t.like(await ask('true'), {ok: true});
	const hung = ask('sleep', '60');
	await setImmediate();
	conversations.end();
	t.is(await hung, undefined);
	t.is(await ask('true'), undefined);
});
