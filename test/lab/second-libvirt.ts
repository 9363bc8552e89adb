/**
A libvirtd of its own beside the lab's, in a mount namespace with private folders, for settings of qemu.conf that the lab's other tests must not see. Images lie
where the lab's do. It goes away with the test.
*/
import {spawn} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {attempt, run, waitFor, type Ran} from './run.ts';
import {domainPrefix, labEnvironment} from './settings.ts';

const script = `
set -eu
mount --make-rprivate /
for folder in /run/libvirt /var/cache/libvirt /var/log/libvirt; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done
owner=$(stat -c %u:%g /var/lib/libvirt/qemu)
mount -t tmpfs -o mode=755 tmpfs /var/lib/libvirt/qemu
chown $owner /var/lib/libvirt/qemu
mkdir "$1/etc"; cp -a /etc/libvirt/. "$1/etc/"; rm -rf "$1"/etc/qemu/*.xml "$1"/etc/qemu/autostart
mount --bind "$1/etc" /etc/libvirt
cat "$1/qemu.conf" >> /etc/libvirt/qemu.conf
libvirtd -d -p "$1/libvirtd.pid"
sleep infinity
`;

export type SecondLibvirt = {
	/** Runs a program where this libvirtd is `qemu:///system`; throws when it does not end with 0. */
	run(program: string, ...args: string[]): Promise<string>;
	/** The same, and gives what happened, whatever happened. */
	attempt(program: string, ...args: string[]): Promise<Ran>;
};

/** `conf`: more lines for qemu.conf. */
export async function startSecondLibvirt(t: ExecutionContext, conf: string): Promise<SecondLibvirt> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}second-`));
	await writeFile(path.join(folder, 'qemu.conf'), `\nstdio_handler = "file"\n${conf}\n`);
	const holder = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', folder], {stdio: 'ignore', env: labEnvironment()});
	const inside = (program: string, args: string[]) => ['-m', '-t', String(holder.pid), '--', program, ...args];
	const second: SecondLibvirt = {
		run: async (program, ...args) => run('nsenter', inside(program, args)),
		attempt: async (program, ...args) => attempt('nsenter', inside(program, args)),
	};
	t.teardown(async () => {
		await second.attempt('sh', '-c', 'for domain in $(virsh -q list --name); do virsh destroy $domain; done; kill $(cat "$1")', 'sh', path.join(folder, 'libvirtd.pid'));
		holder.kill('SIGKILL');
		await rm(folder, {recursive: true, force: true}).catch(() => undefined);
	});
	await waitFor('the second libvirtd answers', async () => {
		const pid = await attempt('test', ['-s', path.join(folder, 'libvirtd.pid')]);
		const answer = pid.exitCode === 0 ? await second.attempt('virsh', '-q', '-c', 'qemu:///system', 'uri') : pid;
		return answer.exitCode === 0;
	}, 60_000);
	return second;
}
