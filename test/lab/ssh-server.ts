/**
A host at the other end of ssh: an sshd of our own on a port of the loopback interface, with keys made for one test.
*/
import {spawn} from 'node:child_process';
import {
	chmod, copyFile, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import {connect, createServer, type AddressInfo} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {run, waitFor} from './run.ts';
import {labEnvironment, labUri} from './settings.ts';

export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const {port} = server.address() as AddressInfo;
	await new Promise(resolve => {
		server.close(resolve);
	});
	return port;
}

async function answers(port: number): Promise<boolean> {
	return new Promise(resolve => {
		const socket = connect(port, '127.0.0.1');
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => {
			resolve(false);
		});
	});
}

/** Gives the URI by which the lab's libvirt is reached through it; with `inside`, which begins its command line, another one. Ends with the test. */
export async function startSshServer(t: ExecutionContext, inside: string[] = []): Promise<string> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-ssh-'));
	for (const name of ['host', 'user']) {
		await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, name)]);
	}

	await copyFile(path.join(folder, 'user.pub'), path.join(folder, 'authorized'));
	await run('env', [...inside, 'mkdir', '-p', '-m', '755', '/run/sshd']);
	const port = await freePort();
	const options = {
		Port: port, ListenAddress: '127.0.0.1', AuthorizedKeysFile: path.join(folder, 'authorized'), StrictModes: 'no', PidFile: 'none',
		PermitRootLogin: 'yes', UsePAM: 'no', PasswordAuthentication: 'no',
	};
	const server = spawn('env', [
		...inside, '/usr/sbin/sshd', '-D', '-f', '/dev/null', '-h', path.join(folder, 'host'), ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
	], {stdio: 'ignore'});
	t.teardown(async () => {
		server.kill();
		await rm(folder, {recursive: true, force: true});
	});
	await waitFor('sshd', async () => answers(port));
	const uri = `qemu+ssh://root@127.0.0.1:${port}/system?keyfile=${path.join(folder, 'user')}&no_verify=1`;
	const socket = new URLSearchParams(labUri.split('?')[1]).get('socket');
	if (socket === null || inside.length > 0) {
		return uri;
	}

	// libvirt's own helper at the other end knows its usual socket only: for another one libvirt needs a netcat there.
	const netcat = path.join(folder, 'nc');
	const relay = 'const socket = require("net").connect(process.argv.at(-1)); process.stdin.pipe(socket).pipe(process.stdout)';
	await writeFile(netcat, `#!/bin/sh\nexec '${process.execPath}' -e '${relay}' -- "$@"\n`, {mode: 0o755});
	return `${uri}&socket=${socket}&netcat=${netcat}`;
}

/** On this end every tool that touches images fails, so whatever works was run on the other. */
export async function withoutImageTools(t: ExecutionContext): Promise<Record<string, string>> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-bin-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	for (const name of ['qemu-img', 'qemu-storage-daemon', 'dd', 'chown', 'sync', 'rm', 'stat', 'find']) {
		await writeFile(path.join(folder, name), '#!/bin/sh\necho "ran on the wrong end" >&2\nexit 99\n');
		await chmod(path.join(folder, name), 0o755);
	}

	return {PATH: `${folder}:${labEnvironment().PATH}`};
}
