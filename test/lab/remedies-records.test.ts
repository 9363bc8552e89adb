/** Records that tell less than a revert or a merge needs, or something else than the images: what is advised is done, and the action then works. */
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, start, stop,
} from './domains.ts';
import {makeBlockDevice} from './file-systems.ts';
import {report, revert} from './program.ts';
import {
	createArgs, findings, refused, runAsTold, succeeds, type FindingLine,
} from './remedies.ts';
import {readLibvirtVersion, run, virsh} from './run.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {markOffline, takeDiskSnapshot, takeInternalSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a snapshot of memory alone: a branch begins at one with the disks', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'memory', '--memspec', `file=${path.join(domain.folder, 'm.mem')}`, '--diskspec', 'vda,snapshot=no');
	await stop(domain);
	const branch = (from: string) => ['branch', '--discard', '--shutoff', '--yes', '--json', '--', domain.name, from, 'b1'];
	await refused(t, domain, branch('memory'), 'Take a snapshot with the disks, and branch from that one.');
	const held = await markOffline(domain, 1);
	await succeeds(t, domain, createArgs(domain, 's1', '--disk-only'));
	await markOffline(domain, 2);
	await succeeds(t, domain, branch('s1'));
	t.deepEqual(await digestHeads(domain), held);
});

test.serial('what virsh snapshot-delete would merge into a branch vsnap-tui does not (libvirt before 9.9)', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 1);
	t.is((await revert(domain, 's1', {flags: ['--keep', 'b1']})).exitCode, 0);
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	const before = await digestSnapshots(domain);
	const version = await readLibvirtVersion();
	const told = (await findings(domain, 'native-delete')).map(({remedy}) => remedy);
	if (version >= 9_009_000) {
		t.log(`libvirt ${version} does not merge into what another branch needs`);
		t.deepEqual(told, []);
	} else {
		t.deepEqual(told, ['Delete only with vsnap-tui.']);
	}

	const result = await change(domain, 'delete', ['s1']);
	t.is(result.exitCode, 0, report(result));
	const after = await digestSnapshots(domain);
	t.deepEqual([after.b1, after.s2, after['']], [before.b1, before.s2, before['']]);
	t.deepEqual(await findings(domain, 'native-delete'), []);
});

test.serial('the mark of a delete by virsh of which nothing is left is taken out of the record as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const edit = async (script: string, command: string) => runAsTold(`EDITOR='sed -i ${script}' ${command}`);
	await edit('"/<disks>/,/<.disks>/s#</disk>#<snapshotDeleteInProgress/></disk>#"', `virsh snapshot-edit ${domain.name} s1`);
	const [{remedy}] = await findings(domain, 'delete-in-progress') as [FindingLine, ...FindingLine[]];
	await edit('"/<snapshotDeleteInProgress/d"', /virsh snapshot-edit .*/.exec(remedy!)![0]);
	t.deepEqual(await findings(domain, 'delete-in-progress'), []);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's1');
});

test.serial('an image that somebody put on another than its record names is put back on that as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's0');
	const [frozen, other] = ['vda.s0', 'other.qcow2'].map(name => path.join(domain.folder, name)) as [string, string];
	const plain = (await virsh('dumpxml', '--domain', domain.uuid, '--inactive')).replaceAll(/\s*<backingStore.*<\/backingStore>|\s*<backingStore\/>/gs, '');
	await defineXml(plain.replace(`<source file='${frozen}'/>`, `$&<backingStore type='file'><format type='qcow2'/><source file='${domain.disks[0]!.path}'/><backingStore/></backingStore>`));
	const held = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await defineXml(plain.replace(frozen, (await readHeads(domain)).get('vda')!));
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M']);
	await writeOffline(other, 0x66, 3);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', other, frozen]);
	const back = ['revert', '--discard', '--yes', '--json', '--', domain.name, 's1'];
	const advice = await refused(t, domain, back, 'If the record is right: qemu-img rebase -u -f qcow2 -F qcow2 -b ');
	await runAsTold(/qemu-img .*/.exec(advice)![0]);
	await succeeds(t, domain, back);
	t.deepEqual(await digestHeads(domain), held);
});

test.serial('an end of the chain that only the definition knows is written into the header as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	const [{path: base}] = domain.disks as [typeof domain.disks[0]];
	const head = path.join(domain.folder, 'alone.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, head]);
	await writeOffline(head, 0x55, 2);
	await defineXml((await virsh('dumpxml', '--domain', domain.uuid, '--inactive')).replace(`<source file='${base}'/>`, `<source file='${head}'/><backingStore/>`));
	const seen = path.join(domain.folder, 'seen.raw');
	await run('qemu-img', ['convert', '-O', 'raw', `json:${JSON.stringify({driver: 'qcow2', file: {driver: 'file', filename: head}, backing: null})}`, seen]);
	const create = createArgs(domain, 's1', '--disk-only');
	const advice = await refused(t, domain, create, 'With the domain off: if the XML is right, qemu-img rebase -u -f qcow2 -b \'\' ');
	await runAsTold(/qemu-img [^;]*/.exec(advice)![0]);
	await succeeds(t, domain, create);
	t.deepEqual(await digestHeads(domain), {vda: await digestImage(seen)}, 'what the guest read before');
});

test.serial('a current state that an image of single references cannot keep is given up by a revert by hand, as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const [{path: image}] = domain.disks as [typeof domain.disks[0]];
	await rm(image);
	// A state without data shares no cluster, and is taken.
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'refcount_bits=1', image, '16M']);
	await takeInternalSnapshot(domain, 'i1');
	const held = await digestHeads(domain);
	await markOffline(domain, 1);
	await refused(t, domain, ['revert', '--discard', '--yes', '--json', '--', domain.name, 'i1'], 'Revert yourself while the domain is off, which loses the current state: qemu-img snapshot -a.');
	await run('qemu-img', ['snapshot', '-a', 'i1', image]);
	t.deepEqual(await digestHeads(domain), held);
});

test.serial('an image that could outgrow its block device: merged once the device is larger', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-grow-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const store = path.join(folder, 'store');
	const device = await makeBlockDevice(t, store, 8);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', device, '16M']);
	const domain = await makeDomain(t, {diskCount: 0, devicesXml: `<disk type='block' device='disk'><driver name='qemu' type='qcow2'/><source dev='${device}'/><target dev='vda' bus='virtio'/></disk>`});
	await succeeds(t, domain, createArgs(domain, 's1', '--disk-only', '--overlay-folder', domain.folder));
	const head = (await readHeads(domain)).get('vda')!;
	await writeOffline(head, 0x44, 2);
	const held = await digestImage(head, 'qcow2');
	const merge = ['merge', '--yes', '--json', '--', domain.name, 's1'];
	await refused(t, domain, merge, 'Make the device larger (lvextend, for a logical volume), then try again.');
	await run('truncate', ['-s', '24M', store]);
	await run('losetup', ['-c', device]);
	await succeeds(t, domain, merge);
	t.is((await readHeads(domain)).get('vda'), device);
	t.is(await digestImage(device, 'qcow2'), held);
});

test.serial('a domain whose disks are on no file: the state is copied, and then discarded, as advised', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-nbd-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const [store, socket] = ['store.raw', 'socket'].map(name => path.join(folder, name)) as [string, string];
	await run('truncate', ['-s', '16M', store]);
	await run('chmod', ['755', folder]);
	const serve = async () => run('qemu-nbd', ['--fork', '--persistent', '--shared=5', '-f', 'raw', '-k', socket, '--pid-file', `${socket}.pid`, store]);
	await serve();
	t.teardown(async () => run('sh', ['-c', `kill $(cat '${socket}.pid')`]));
	await run('chmod', ['666', socket]);
	const nbd = `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd'><host transport='unix' socket='${socket}'/></source><target dev='vda' bus='virtio'/></disk>`;
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const held = await digestImage(domain.disks[0]!.path);
	await defineXml((await virsh('dumpxml', '--domain', domain.uuid, '--inactive')).replace(/<disk .*<\/disk>/s, nbd));
	const back = (...options: string[]) => ['revert', ...options, '--yes', '--json', '--', domain.name, 's1'];
	await refused(t, domain, back('--keep', 'k'), 'Copy what is on it (virsh blockcopy, qemu-img convert), and use --discard.');
	await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', `nbd+unix:///?socket=${socket}`, path.join(folder, 'copy')]);
	await succeeds(t, domain, back('--discard'));
	t.deepEqual(await digestHeads(domain), {vda: held});
});
