/**
A libvirtd of its own beside the lab's, in a mount namespace with private folders, for settings of qemu.conf that the lab's other tests must not see. Images lie
where the lab's do. It goes away with the test.
*/
import {spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {
	chmod, mkdir, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {domainXml} from './domains.ts';
import {attempt, run, waitFor, type Ran} from './run.ts';
import {
	domainPrefix, imagesPath, labEnvironment, programPath,
} from './settings.ts';

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
cat "$1/libvirtd.conf" >> /etc/libvirt/libvirtd.conf
if [ -e "$1/polkit" ]; then
	mkdir -p /run/dbus; mount -t tmpfs tmpfs /run/dbus
	dbus-daemon --system --nofork --nopidfile & echo $! > "$1/dbus.pid"
	until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
	/usr/lib/polkit-1/polkitd --no-debug & echo $! > "$1/polkit.pid"
fi
if [ -e "$1/hook" ]; then mkdir -p /etc/libvirt/hooks; cp "$1/hook" /etc/libvirt/hooks/qemu; chmod 755 /etc/libvirt/hooks/qemu; fi
libvirtd -d -p "$1/libvirtd.pid"
sleep infinity
`;

export type SecondLibvirt = {
	/** Runs a program where this libvirtd is `qemu:///system`; throws when it does not end with 0. */
	run(program: string, ...args: string[]): Promise<string>;
	/** The same, and gives what happened, whatever happened. */
	attempt(program: string, ...args: string[]): Promise<Ran>;
};

type SecondOptions = {
	/** More lines for qemu.conf. */
	conf?: string;
	/** More lines for libvirtd.conf. */
	daemonConf?: string;
	/** With a polkit of its own. */
	hasPolkit?: boolean;
	/** The script of hooks/qemu, which libvirtd looks for when it starts. */
	hook?: string;
};

export async function startSecondLibvirt(t: ExecutionContext, {conf = '', daemonConf = '', hasPolkit = false, hook}: SecondOptions): Promise<SecondLibvirt> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}second-`));
	await writeFile(path.join(folder, 'qemu.conf'), `\nstdio_handler = "file"\n${conf}\n`);
	await writeFile(path.join(folder, 'libvirtd.conf'), `\n${daemonConf}\n`);
	if (hasPolkit) {
		await writeFile(path.join(folder, 'polkit'), '');
	}

	if (hook !== undefined) {
		await writeFile(path.join(folder, 'hook'), hook);
	}

	const holder = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', folder], {stdio: 'ignore', env: labEnvironment()});
	const inside = (program: string, args: string[]) => ['-m', '-t', String(holder.pid), '--', program, ...args];
	const second: SecondLibvirt = {
		run: async (program, ...args) => run('nsenter', inside(program, args)),
		attempt: async (program, ...args) => attempt('nsenter', inside(program, args)),
	};
	t.teardown(async () => {
		await second.attempt('sh', '-c', 'for domain in $(virsh -q list --name); do virsh destroy $domain; done; kill $(cat "$1"/*.pid)', 'sh', folder);
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

export type SecondDomain = {
	name: string;
	folder: string;
	image: string;
	virsh: (...args: string[]) => Promise<string>;
	/** Runs the built program there. */
	act: (...args: string[]) => Promise<Ran>;
};

/** A domain with one disk in that libvirt; its image belongs to the user that QEMU runs as. */
export async function makeSecondDomain(t: ExecutionContext, second: SecondLibvirt): Promise<SecondDomain> {
	const name = `${domainPrefix}second-${randomUUID().slice(0, 8)}`;
	const folder = path.join(imagesPath, name);
	const image = path.join(folder, 'vda.qcow2');
	const statePath = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}state-`));
	t.teardown(async () => {
		await rm(folder, {recursive: true, force: true});
		await rm(statePath, {recursive: true, force: true});
	});
	await mkdir(folder);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '16M']);
	await run('chown', ['--reference=/var/lib/libvirt/qemu', image]);
	await chmod(image, 0o600);
	const xmlPath = path.join(folder, 'domain.xml');
	await writeFile(xmlPath, domainXml({
		name, uuid: randomUUID(), folder, disks: [{target: 'vda', path: image, format: 'qcow2'}],
	}));
	const virsh = async (...args: string[]) => second.run('virsh', '-q', '-c', 'qemu:///system', ...args);
	await virsh('define', xmlPath);
	return {
		name, folder, image, virsh, act: async (...args) => second.attempt('env', `VSNAP_TUI_STATE=${statePath}`, process.execPath, programPath, '-c', 'qemu:///system', ...args),
	};
}
