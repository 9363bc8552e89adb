import {execFile} from 'node:child_process';
import {
	mkdir, mkdtemp, readFile, rm, stat, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import {parseSshTarget, sayThere, sharedSshEnvironment, virshThere} from '../../../source/tools/run/ssh.ts';

const run = promisify(execFile);

test('virsh finds an ssh that shares the connection, and that one finds the real one', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-ssh-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const real = path.join(folder, 'it\'s real');
	await mkdir(real);
	await writeFile(path.join(real, 'ssh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', {mode: 0o755});
	const {PATH} = await sharedSshEnvironment(path.join(folder, 'control'), `${real}:/usr/bin:/bin`);
	const {stdout} = await run('ssh', ['-T', '--', 'host', 'two words'], {env: {PATH}});
	t.deepEqual(stdout.trim().split('\n'), ['-o', 'ControlMaster=auto', '-o', `ControlPath=${folder}/control/%C`, '-o', 'ControlPersist=60', '-T', '--', 'host', 'two words']);
	t.is((await stat(path.join(folder, 'control', 'bin'))).mode % 0o1000, 0o700);
	// Made anew each time.
	await sharedSshEnvironment(path.join(folder, 'control'), '/usr/bin');
	t.regex(await readFile(path.join(folder, 'control/bin/ssh'), 'utf8'), /^PATH=\/usr\/bin$/m);
});

test('a virsh over there is asked only where the URI says no more than the way', t => {
	t.like(virshThere('qemu+ssh://root@[::1]:2222/system?keyfile=/k&no_verify=1', '/c'), {uri: 'qemu:///system'});
	t.like(virshThere('test+ssh://host/default', '/c'), {uri: 'test:///default'});
	t.true(virshThere('qemu+ssh://host/session', '/c')!.ssh.includes('ControlPath=/c/%C'));
	for (const uri of ['qemu:///system', 'qemu+ssh://host/system?socket=/run/other.sock', 'qemu+ssh://host/system?netcat=/bin/way', 'qemu+ssh://host/system?mode=direct', 'qemu+libssh2://host/system', 'qemu+tls://host/system', 'qemu+ssh:///system']) {
		t.is(virshThere(uri, '/c'), undefined, uri);
	}
});

test('a change that is one call is said to a virsh over there, which reads its document from a pipe', t => {
	const uri = 'qemu+ssh://root@host/system?keyfile=/k';
	const target = parseSshTarget(uri)!;
	const virsh = (...words: string[]) => ['virsh', '-q', '-c', uri, ...words];
	const there = (...words: string[]) => ['virsh', '-q', '-c', 'qemu:///system', ...words];
	const file = {path: '/p/d.xml', text: '<domain/>'};
	t.deepEqual(sayThere(virsh('define', '--file', '/p/d.xml'), [file], target), {argv: there('define', '--file', '/dev/stdin'), piped: '<domain/>'});
	t.deepEqual(sayThere(virsh('start', '--domain', 'u'), [], target), {argv: there('start', '--domain', 'u')});
	// What takes virsh several calls, two documents, another URI, one that says more than the way, another program.
	t.is(sayThere(virsh('blockcommit', '--wait'), [], target), undefined);
	t.is(sayThere(virsh('checkpoint-create', '/p/d.xml', '/p/e.xml'), [file, {...file, path: '/p/e.xml'}], target), undefined);
	t.is(sayThere(['virsh', '-q', '-c', 'other', 'start'], [], target), undefined);
	t.is(sayThere(virsh('start'), [], parseSshTarget('qemu+ssh://root@host/system?socket=/s')!), undefined);
	t.is(sayThere(['qemu-img', 'info'], [], target), undefined);
});
