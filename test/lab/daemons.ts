/**
Brings up the libvirt that the lab uses: installs what is missing, and starts virtlogd and libvirtd by hand where no libvirt answers, as on a
machine without systemd.
*/
import {spawn} from 'node:child_process';
import {
	chmod, mkdir, readFile, writeFile,
} from 'node:fs/promises';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {
	imagesPath, isOwnLibvirt, labEnvironment, labFolderPath, labUri,
} from './settings.ts';
import {attempt, attemptVirsh, waitFor} from './run.ts';

/**
A parent for the daemons that collects dead processes at once. libvirt waits for a stopped QEMU until it is collected, and the first process of a
container may let that take seconds. 157 and 36: prctl and PR_SET_CHILD_SUBREAPER on x86-64.
*/
const reaper = `
syscall(157, 36, 1, 0, 0, 0);
for my $daemon (@ARGV) { if (fork() == 0) { exec(split(' ', $daemon)) or exit 1 } }
1 while wait() > 0;
`;

const configPath = '/run/libvirt/vsnaplab-libvirtd.conf';

/** Members of the group may do everything, as on a machine with systemd or polkit, neither of which is needed for it. */
const forMembers = `unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_rw = "none"
auth_unix_ro = "none"
`;

async function isAnswering(): Promise<boolean> {
	const answer = await attemptVirsh('uri');
	return answer.exitCode === 0;
}

async function startDaemons(): Promise<void> {
	await mkdir('/run/libvirt', {recursive: true});
	const config = await readFile('/etc/libvirt/libvirtd.conf', 'utf8');
	await writeFile(configPath, `${config}\n${forMembers}`);
	const child = spawn('perl', ['-e', reaper, 'virtlogd -d', `libvirtd -d -f ${configPath}`], {detached: true, stdio: 'ignore', env: labEnvironment()});
	child.unref();
	await waitFor(`libvirtd answers at ${labUri}`, isAnswering);
}

/** To be called before anything else of the lab. Quick when all is there. */
export async function startLab(): Promise<void> {
	if (isOwnLibvirt) {
		const installed = await attempt(path.join(labFolderPath, 'install.sh'), [], {timeoutMs: 600_000});
		if (installed.exitCode !== 0) {
			throw new Error(installed.stderr);
		}

		// With a KVM that root may open and QEMU's user may not, libvirt asks QEMU for its abilities again at each definition: 40 s each.
		if (existsSync('/dev/kvm')) {
			await chmod('/dev/kvm', 0o666);
		}
	}

	if (!await isAnswering()) {
		if (!isOwnLibvirt) {
			throw new Error(`No libvirt answers at ${labUri}`);
		}

		await startDaemons();
	}

	await mkdir(imagesPath, {recursive: true});
	await chmod(imagesPath, 0o755);
}
