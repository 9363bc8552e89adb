/**
A second libvirtd beside the lab's own, on TCP and on a socket, in a mount namespace with other files under the same paths. What it has is a copy of the
lab's own, made with the domains that were there.
*/
import {spawn} from 'node:child_process';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {attempt, waitFor} from './run.ts';
import {labEnvironment} from './settings.ts';
import {freePort} from './ssh-server.ts';

export type SecondHost = {
	tcpUri: string;
	/** The same daemon by its socket, as a forwarded one is given. */
	socketUri: string;
	/** Runs a program beside it. */
	inside: string[];
};

/** Its folders, by what stands there for everybody else. The images are copied, so that every path is there twice. */
const folders = {etc: '/etc/libvirt', lib: '/var/lib/libvirt', cache: '/var/cache/libvirt', log: '/var/log/libvirt'};

const daemon = `
set -e
mount --make-rprivate /
for name in ${Object.keys(folders).join(' ')}; do eval target=\\$$name; mount --bind "$folder/$name" "$target"; done
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt "$folder/run"
mount --bind "$folder/run" /run/libvirt
[ -z "$hostname" ] || hostname "$hostname"
exec libvirtd -l -p "$folder/pid"
`;

/** `hostname`: its own; without it, it bears this machine's. Ends with the test. */
export async function startSecondHost(t: ExecutionContext, options: {hostname?: string} = {}): Promise<SecondHost> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-second-'));
	const port = await freePort();
	for (const [name, original] of Object.entries(folders)) {
		await mkdir(original, {recursive: true});
		// Other tests make and remove files there meanwhile: what has gone by then is not copied.
		const copied = await attempt('cp', ['-a', '--sparse=always', original, path.join(folder, name)]);
		const failed = copied.stderr.split('\n').filter(line => line !== '' && !line.includes('No such file or directory'));
		if (failed.length > 0) {
			throw new Error(failed.join('\n'));
		}
	}

	await writeFile(path.join(folder, 'etc/libvirtd.conf'), `listen_tls = 0\nlisten_tcp = 1\nauth_tcp = "none"\nlisten_addr = "127.0.0.1"\ntcp_port = "${port}"\n`);
	const child = spawn('unshare', ['-m', '-u', 'sh', '-c', daemon], {
		stdio: 'ignore', env: labEnvironment({...folders, folder, hostname: options.hostname ?? ''}),
	});
	t.teardown(async () => {
		child.kill();
		await rm(folder, {recursive: true, force: true});
	});
	const tcpUri = `qemu+tcp://127.0.0.1:${port}/system`;
	await waitFor('the second libvirtd', async () => {
		const answer = await attempt('virsh', ['-q', '-c', tcpUri, 'uri']);
		return answer.exitCode === 0;
	});
	return {
		tcpUri,
		socketUri: `qemu+unix:///system?socket=${path.join(folder, 'run/libvirt-sock')}`,
		inside: ['nsenter', '-t', String(child.pid), '-m', '-u', '--'],
	};
}
