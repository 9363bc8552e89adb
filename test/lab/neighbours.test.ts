/** What another domain of the host has that is out of the ordinary stays its own: it stops nobody, and what it needs is still seen. */
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {defineXml, domainXml, makeDomain, withFile} from './domains.ts';
import {report, runProgram} from './program.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {imagesPath} from './settings.ts';
import {digestHeads, digestImage, writeOffline} from './slots.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
import {escapeXml} from './xml-text.ts';

test.before(startLab);

const oddName = 'x\ny';

/** A record of an offline external snapshot, as it is written by hand for a name that virsh's own command line takes, too. */
async function record(domain: {uuid: string}, name: string, overlay: string): Promise<void> {
	const definition = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await withFile(`<domainsnapshot><name>${escapeXml(name)}</name><creationTime>1700000000</creationTime><state>shutoff</state><memory snapshot='no'/>
<disks><disk name='vda' snapshot='external' type='file'><driver type='qcow2'/><source file='${overlay}'/></disk></disks>${definition}</domainsnapshot>`, async filePath =>
		virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', filePath, '--redefine', '--current'));
}

test.serial('a disk behind a socket and a snapshot whose name holds a line end stop no other domain, and what that snapshot needs is not written to', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	const digests = await digestHeads(domain);

	const neighbour = await makeDomain(t, {diskCount: 1});
	const elsewhere = await mkdtemp(path.join(imagesPath, 'elsewhere-'));
	t.teardown(async () => rm(elsewhere, {recursive: true, force: true}));
	await mkdir(elsewhere, {recursive: true});
	// Only the record with the odd name tells of this overlay on what "s1" froze: it lies in a folder of its own, and no definition names it.
	const clone = path.join(elsewhere, 'clone.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, clone]);
	await writeOffline(clone, 0x77, 7);
	const cloneDigest = await digestImage(clone);
	const socketDisk = `<disk type='vhostuser' device='disk'><driver name='qemu' type='raw'/><source type='unix' path='${elsewhere}/disk.sock'/><target dev='vdb' bus='virtio'/></disk>`;
	const shared = (xml: string) => xml.replace('<vcpu>', '<memoryBacking><source type="memfd"/><access mode="shared"/></memoryBacking><vcpu>');
	await defineXml(shared(domainXml({...neighbour, disks: [{target: 'vda', path: clone, format: 'qcow2'}]}, {devicesXml: socketDisk})));
	await record(neighbour, oddName, neighbour.disks[0]!.path);
	await defineXml(shared(domainXml(neighbour, {devicesXml: socketDisk})));

	const refused = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(refused.exitCode, 0, report(refused));
	t.deepEqual(Object.keys(await readParents(domain)), ['s2']);
	t.deepEqual(await digestHeads(domain), digests);
	t.is(await digestImage(clone), cloneDigest);

	const tree = await runProgram(neighbour, ['tree', '--json', '--', neighbour.name]);
	t.deepEqual((JSON.parse(tree.stdout) as {snapshots: Array<{name: string}>}).snapshots.map(({name}) => name), [oddName]);
	const removed = await runProgram(neighbour, ['delete', '--metadata', '--yes', '--', neighbour.name, oddName]);
	t.is(removed.exitCode, 0, report(removed));
	t.deepEqual(await readParents(neighbour), {});
});

test.serial('a volume of a pool that is off is known by the folder of the pool; without one its domain is named, with what leads on', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await takeDiskSnapshot(domain, 's2');
	const neighbour = await makeDomain(t, {diskCount: 1});
	const pool = `${neighbour.name}-pool`;
	const disk = `<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='${pool}' volume='vda.qcow2'/><target dev='vdc' bus='virtio'/></disk>`;
	await defineXml(domainXml({...neighbour, disks: []}, {devicesXml: disk}));
	const blocked = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(blocked.exitCode, 3, report(blocked));
	const remedy = new RegExp(`virsh pool-start ${pool}`);
	t.regex(blocked.stderr, remedy);
	const discarding = await runProgram(domain, ['revert', '--discard', '--yes', '--', domain.name, 's1']);
	t.regex(discarding.stderr.replaceAll(/\s+/g, ' '), /Or keep the current state \(--keep NAME\): then no image is removed\./, report(discarding));
	const keeping = await runProgram(domain, ['revert', '--keep', 'k', '--yes', '--', domain.name, 's1']);
	t.is(keeping.exitCode, 0, report(keeping));

	await virsh('pool-define-as', '--name', pool, '--type', 'dir', '--target', neighbour.folder);
	t.teardown(async () => {
		await attemptVirsh('pool-destroy', pool);
		await attemptVirsh('pool-undefine', pool);
	});
	const deleted = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(deleted.exitCode, 0, report(deleted));
});
