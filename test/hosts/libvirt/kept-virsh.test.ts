import {chmod, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {createKeptVirsh} from '../../../source/hosts/libvirt/kept-virsh.ts';
import {createVirsh, isMissingDomain, quoteForVirsh} from '../../../source/hosts/libvirt/virsh.ts';
import {createConversations, type StartConversation} from '../../../source/tools/run/conversation.ts';
import {createLocalRunner, type RunRequest} from '../../../source/tools/run/run.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const domain = '6695eb01-f6a4-8304-79aa-97f2502e193f';

async function temporaryFolder(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-kept-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	return folder;
}

/** The real virsh with libvirt's test driver; counts the processes that questions get for themselves. */
function realVirsh(t: ExecutionContext, environment: Record<string, string> = {}) {
	const conversations = createConversations({moreEnvironment: async () => environment});
	t.teardown(() => {
		conversations.end();
	});
	const alone: string[][] = [];
	const local = createLocalRunner();
	const runner = async (request: RunRequest) => {
		alone.push(request.argv.slice(4));
		return local(request);
	};

	const virsh = createVirsh({runner, uri: 'test:///default', isReadOnly: false, keep: prefix => createKeptVirsh(conversations.start, prefix)});
	return {virsh, alone, conversations};
}

/**
A virsh that does as its questions say: `answer`, `complain`, `hang`, `die`. Reads lines as the real one does, prints them again, and notes its starts.
*/
async function fakeVirsh(t: ExecutionContext) {
	const folder = await temporaryFolder(t);
	const program = path.join(folder, 'virsh');
	await writeFile(program, `#!/bin/sh
echo "$$ $XDG_CACHE_HOME" >> '${folder}/starts'
while IFS= read -r line; do
	printf 'virsh # %s\\n' "$line"
	while [ -n "$line" ]; do
		command=\${line%%"; "*}
		case $line in *"; "*) line=\${line#*"; "} ;; *) line= ;; esac
		case $command in
		vsnap-*-begun|vsnap-*-over) echo "error: unknown command: '$command'" >&2 ;;
		answer*) command=\${command#"answer '"}; printf '%s\\n' "\${command%"'"}" ;;
		echo*) printf %s "\${command#"echo "}" | tr -d "'" ;;
		complain*) echo 'error: no such thing' >&2 ;;
		hang*) sleep 60 ;;
		die*) exit 1 ;;
		esac
	done
done
`);
	await chmod(program, 0o755);
	const conversations = createConversations();
	t.teardown(() => {
		conversations.end();
	});
	const readStarts = async () => (await readFile(path.join(folder, 'starts'), 'utf8')).split('\n').slice(0, -1).map(line => line.split(' '));
	return {kept: createKeptVirsh(conversations.start, [program]), readStarts, conversations};
}

const answering = (text: string) => `answer ${quoteForVirsh(text)}`;

test('many questions are answered by one virsh, each by itself', async t => {
	const {virsh, alone} = realVirsh(t);
	const answers = unwrap(await virsh.ask([['uri'], ['list', '--all', '--uuid', '--name'], ['snapshot-list', '--domain', domain, '--name']]));
	t.deepEqual(answers.map(answer => answer.ok && answer.value), ['test:///default\n', `${domain} test\n`, '']);
	t.deepEqual(await virsh.askOne(['uri']), {ok: true, value: 'test:///default\n'});
	t.deepEqual(alone, []);
});

test('what virsh complains of is asked once more in a process of its own, and fails as it does there', async t => {
	const {virsh, alone} = realVirsh(t);
	const answers = unwrap(await virsh.ask([['uri'], ['dumpxml', '--domain', 'nope'], ['dumpxml', '--bogus'], ['uri']]));
	t.deepEqual(answers.map(answer => answer.ok), [true, false, false, true]);
	t.true(!answers[1]!.ok && isMissingDomain(answers[1]!.failure));
	t.false(alone.flat().some(word => word.startsWith('uri')));
});

/** An ssh that leads to a shell of this machine, which looks for programs in the folder; virsh's own URI would lead nowhere. */
function virshOverThere(t: ExecutionContext, searchPath: string) {
	const conversations = createConversations();
	t.teardown(() => {
		conversations.end();
	});
	const started: string[][] = [];
	const start: StartConversation = (argv, environment) => {
		started.push([...argv]);
		return conversations.start(argv, environment);
	};

	const there = {ssh: ['env', `PATH=${searchPath}`, '/bin/sh', '-c'], uri: 'test:///default'};
	return {started, kept: createKeptVirsh(start, ['virsh', '-q', '-c', 'test:///default?here'], there)};
}

test('on another machine questions are asked of a virsh there, and what reads files of this one is told to one here', async t => {
	const {started, kept} = virshOverThere(t, process.env.PATH!);
	t.deepEqual(await kept.ask(['list --all --name']), ['test\n']);
	t.deepEqual(await kept.ask(['hostname', 'uri', 'list --all --name']), [`${os.hostname()}\n`, 'test:///default?here\n', 'test\n']);
	t.deepEqual(started.map(([program]) => program), ['env']);
	t.regex(started[0]!.at(-1)!, /^env LC_ALL=C LANGUAGE= .*XDG_CACHE_HOME=\/dev\/null.* virsh -q -c test:\/\/\/default$/);
	t.is(await kept.tell('uri'), 'test:///default?here\n');
	t.deepEqual(started.map(([program]) => program), ['env', 'virsh']);
});

test('where there is no virsh over there, the one here is asked, and nobody looks again', async t => {
	const {started, kept} = virshOverThere(t, await temporaryFolder(t));
	t.deepEqual(await kept.ask(['list --all --name']), ['test\n']);
	t.deepEqual(await kept.ask(['list --all --name']), ['test\n']);
	t.deepEqual(started.map(([program]) => program), ['env', 'virsh']);
});

test('many questions share lines, and each has its own answer', async t => {
	const {virsh, alone} = realVirsh(t);
	const names = Array.from({length: 60}, (_, index) => `s${index}`);
	for (const name of names) {
		unwrap(await virsh.askOne(['snapshot-create-as', '--domain', 'test', '--name', name]));
	}

	const answers = unwrap(await virsh.ask([...names.map(name => ['snapshot-info', '--domain', 'test', '--snapshotname', name]), ['snapshot-info', '--domain', 'test', '--snapshotname', 's0']]));
	t.deepEqual(answers.map(answer => answer.ok && /Name: +(\w+)/.exec(answer.value)?.[1]), [...names, 's0']);
	t.deepEqual(alone, []);
});

test('names come through a line as they are; those with other letters, tabs and line ends are nothing for one', async t => {
	const {virsh, alone} = realVirsh(t);
	// The test driver keeps what it is told as long as its virsh lives.
	for (const name of ['-x $(touch pwn) \'q\' "d" ; # \\ !! `x`', 'two  blanks']) {
		await virsh.askOne(['snapshot-create-as', '--domain', 'test', '--name', name]);
		t.deepEqual(await virsh.askOne(['snapshot-current', '--domain', 'test', '--name']), {ok: true, value: name});
	}

	t.deepEqual(alone, []);
	for (const name of ['é', 'a\tb', 'a\nb', '\u001B[A']) {
		await virsh.askOne(['snapshot-dumpxml', '--domain', 'test', '--snapshotname', name]);
	}

	t.deepEqual(alone.map(words => words.at(-1)), ['é', 'a\tb', 'a\nb', '\u001B[A']);
});

test('an answer counts when all that virsh had to complain of has come in', async t => {
	const questions: Array<{text: string; complaintEnd?: string}> = [];
	const startSaying = (complaint: string, noise = ''): StartConversation => () => ({
		async ask(question) {
			questions.push(question);
			const [mark] = /[\da-f]{16}/.exec(question.text)!;
			return {output: `vs${mark}-0b.it isvs${mark}-0.vsnap-${mark}-end`, complaint: `${noise}error: unknown command: 'vsnap-${mark}-begun'\n${complaint}error: unknown command: 'vsnap-${mark}-over'\n\n`};
		},
		end: () => undefined,
	});
	t.deepEqual(await createKeptVirsh(startSaying(''), []).ask(['uri']), ['it is']);
	t.deepEqual(await createKeptVirsh(startSaying('error: no such thing\n'), []).ask(['uri']), [undefined]);
	// What is said while it connects is about no question.
	t.deepEqual(await createKeptVirsh(startSaying('', 'Authorization not available.\n'), []).ask(['uri']), ['it is']);
	t.true(questions.every(({text, complaintEnd}) => complaintEnd !== undefined && text.includes(complaintEnd.replaceAll('\'', ''))));
});

test('nobody\'s history of virsh is touched', async t => {
	const home = await temporaryFolder(t);
	const {virsh, conversations} = realVirsh(t, {HOME: home, XDG_CACHE_HOME: path.join(home, 'cache')});
	unwrap(await virsh.askOne(['uri']));
	const kept = createKeptVirsh(conversations.start, ['virsh', '-q', '-c', 'test:///default']);
	// It ends by itself, and writes what it writes.
	t.deepEqual(await kept.ask(['uri', 'quit']), [undefined, undefined]);
	t.deepEqual(await readdir(home), []);
});

test('one virsh answers until it dies; then another does', async t => {
	const {kept, readStarts} = await fakeVirsh(t);
	t.deepEqual(await kept.ask([answering('one'), answering('two')]), ['one\n', 'two\n']);
	t.deepEqual(await kept.ask([answering('three')]), ['three\n']);
	t.deepEqual(await kept.ask(['die ']), [undefined]);
	t.deepEqual(await kept.ask([answering('four')]), ['four\n']);
	const starts = await readStarts();
	t.deepEqual(starts.map(([, cache]) => cache), ['/dev/null', '/dev/null']);
});

test('where one of several is complained of, the others have their answers', async t => {
	const {kept} = await fakeVirsh(t);
	t.deepEqual(await kept.ask([answering('one'), 'complain ', answering('error: not ours')]), ['one\n', undefined, 'error: not ours\n']);
	t.deepEqual(await kept.ask([answering('é'), answering('a\tb'), answering('b')]), [undefined, undefined, 'b\n']);
});

test('a question that takes long holds up no other', async t => {
	const {kept, readStarts, conversations} = await fakeVirsh(t);
	t.deepEqual(await kept.ask([answering('one')]), ['one\n']);
	const hanging = kept.ask(['hang ']);
	t.deepEqual(await kept.ask([answering('two')]), ['two\n']);
	t.is((await readStarts()).length, 2);
	conversations.end();
	t.deepEqual(await hanging, [undefined]);
});

test('a virsh that is not there is not looked for at each question', async t => {
	const conversations = createConversations();
	const kept = createKeptVirsh(conversations.start, ['/nowhere/virsh']);
	t.deepEqual(await kept.ask(['uri']), [undefined]);
	t.deepEqual(await kept.ask(['uri', 'list']), [undefined, undefined]);
});

test('it ends with the host', async t => {
	const {kept, readStarts, conversations} = await fakeVirsh(t);
	t.deepEqual(await kept.ask([answering('one')]), ['one\n']);
	const [[pid] = []] = await readStarts();
	conversations.end();
	const isAlive = () => {
		try {
			return process.kill(Number(pid), 0);
		} catch {
			return false;
		}
	};

	for (let tries = 0; tries < 200 && isAlive(); tries++) {
		await setTimeout(20);
	}

	t.false(isAlive());
});
