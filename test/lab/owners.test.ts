/** Who may open the new images, on real libvirt: the owner that an overlay gets where libvirt leaves files alone, and once a running domain is off. */
import {chmod, chown, stat} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {expectRefused} from './expect.ts';
import {
	report, revert, runProgram,
} from './program.ts';
import {run, virsh} from './run.ts';
import {makeSecondDomain, startSecondLibvirt} from './second-libvirt.ts';
import {isOwnLibvirt} from './settings.ts';
import {digestHeads, readHeads} from './slots.ts';
import {markLive, markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const ownerOf = async (filePath: string) => {
	const {uid, gid, mode} = await stat(filePath);
	return `${uid}:${gid} ${(mode % 0o1000).toString(8)}`;
};

const headOf = async (domain: LabDomain) => [...await readHeads(domain, {inactive: true})].map(([, headPath]) => headPath)[0]!;

/** The user that this libvirt runs QEMU as: the owner of an image while it is in use. */
async function readQemuUser(domain: LabDomain): Promise<number> {
	const xml = await virsh('dumpxml', '--domain', domain.uuid);
	return Number(/<label>\+(\d+):/.exec(xml)![1]);
}

test.serial('a disk that libvirt leaves alone gets the owner of the frozen image, and one of a running domain that of its image once it is off', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const [{path: image}] = domain.disks as [LabDomain['disks'][0]];
	// Remembered by libvirt while the domain runs.
	await chown(image, 1234, 1234);
	await chmod(image, 0o600);
	await start(domain);
	const qemuUser = await readQemuUser(domain);
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	const kept = await revert(domain, 's1', {flags: ['--keep', 'k', '--running']});
	t.is(kept.exitCode, 0, report(kept));
	await stop(domain);
	t.is(await ownerOf(await headOf(domain)), '1234:1234 600');
	t.deepEqual(await digestHeads(domain), digests);

	// The same disk, left alone by libvirt from here on.
	await chown(await headOf(domain), qemuUser, qemuUser);
	const definition = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(definition.replace(/(<source file='[^']*')\/>/, '$1><seclabel model=\'dac\' relabel=\'no\'/></source>'));
	await start(domain);
	await takeDiskSnapshot(domain, 's2');
	await stop(domain);
	t.is(await ownerOf(await headOf(domain)), '0:0 600', 'libvirt made it, and gave it back to root');
	const reverted = await revert(domain, 's2');
	t.is(reverted.exitCode, 0, report(reverted));
	t.is(await ownerOf(await headOf(domain)), `${qemuUser}:${qemuUser} 600`);
	await start(domain);
	t.deepEqual(await digestHeads(domain), digests);
	await stop(domain);

	await chown(await headOf(domain), 0, 0);
	const found = await runProgram(domain, ['doctor', domain.name]);
	t.is(found.exitCode, 10, report(found));
	t.regex(found.stdout, /may not open.*libvirt leaves/s);
	await t.throwsAsync(start(domain), {message: /Permission denied/});
});

test.serial('an image whose clusters cannot be shared takes no internal snapshot, and is told beforehand', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const [{path: image}] = domain.disks as [LabDomain['disks'][0]];
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'refcount_bits=1', image, '16M']);
	await markOffline(domain, 1);
	const create = async (...flags: string[]) => runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, 's1']);
	await expectRefused(t, domain, create, /refcount_bits=1.*--disk-only/s);
	const made = await create('--disk-only');
	t.is(made.exitCode, 0, report(made));
});

test.serial('where libvirt gives no file to QEMU (dynamic_ownership = 0), a running domain goes on in an overlay that we made for its user', async t => {
	t.is(typeof isOwnLibvirt, 'boolean');
	if (!isOwnLibvirt) {
		t.log('Not run: this needs the settings of the libvirt on this machine.');
		return;
	}

	const second = await startSecondLibvirt(t, {conf: 'dynamic_ownership = 0'});
	const {name, folder, image, virsh: ask, act} = await makeSecondDomain(t, second);
	await ask('start', name);
	const made = await act('create', name, 's1', '--disk-only', '--yes');
	t.is(made.exitCode, 0, made.stdout + made.stderr);
	const overlay = path.join(folder, 'vda.s1');
	t.is(await ownerOf(overlay), await ownerOf(image));
	t.regex(await ask('domblklist', name), /vda\.s1/);
	await ask('destroy', name);
	const [top, below] = JSON.parse(await run('qemu-img', ['info', '--backing-chain', '--output=json', overlay])) as Array<Record<string, string>>;
	t.like(top, {'backing-filename': image, 'backing-filename-format': 'qcow2'});
	t.is(top!['virtual-size'], below!['virtual-size']);
	await ask('start', name);
});
