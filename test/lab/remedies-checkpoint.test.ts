/** What a refused checkpoint advises is done, and the checkpoint is then made, deleted or recorded. */
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {documentFile, followAll, refused, succeeds} from './remedies.ts';
import {run, virsh, waitFor} from './run.ts';

test.before(startLab);

const checkpoint = (domain: LabDomain, verb: string, name: string, ...options: string[]) => ['checkpoint', verb, ...options, '--yes', '--json', '--', domain.name, name];

test.serial('a disk that cannot have a bitmap is left out; where none can, an image of qcow2 makes it possible', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, formats: {vdb: 'raw'}});
	await followAll(t, domain, [
		{asked: checkpoint(domain, 'create', 'c1', '--disk=vda', '--disk=vdb'), remedy: 'Leave it out: --disk vdb=no.', followed: checkpoint(domain, 'create', 'c1', '--disk=vda', '--disk=vdb=no')},
		{asked: checkpoint(domain, 'create', 'c1'), remedy: 'Choose another name.', followed: checkpoint(domain, 'create', 'c2')},
		{asked: checkpoint(domain, 'create', 'c3', '--disk=vda', '--bitmap=vda=other'), remedy: 'Leave --bitmap out.', followed: checkpoint(domain, 'create', 'c3', '--disk=vda')},
	]);
	const raw = await makeDomain(t, {sizeMiB: 8, diskCount: 1, formats: {vda: 'raw'}});
	const [image] = raw.disks;
	await refused(t, raw, checkpoint(raw, 'create', 'c1'), 'A checkpoint needs a disk on a qcow2 image');
	const made = path.join(raw.folder, 'made.qcow2');
	await run('qemu-img', ['convert', '-O', 'qcow2', image!.path, made]);
	await defineXml(domainXml({...raw, disks: [{target: 'vda', path: made, format: 'qcow2'}]}));
	await succeeds(t, raw, checkpoint(raw, 'create', 'c1'));
});

test.serial('children that are not there', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	await succeeds(t, domain, checkpoint(domain, 'create', 'c1'));
	await followAll(t, domain, [
		{asked: checkpoint(domain, 'delete', 'c1', '--children-only'), remedy: 'Leave --children-only out to delete the checkpoint itself.', followed: checkpoint(domain, 'delete', 'c1')},
	]);
	t.is((await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).trim(), '');
});

test.serial('broken bitmaps of a paused guest: resumed, and the records alone', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	await succeeds(t, domain, checkpoint(domain, 'create', 'c1'));
	await succeeds(t, domain, checkpoint(domain, 'create', 'c2'));
	await start(domain);
	await run('sh', ['-c', `kill -9 $(cat /run/libvirt/qemu/${domain.name}.pid)`]);
	await waitFor('it is off', async () => (await virsh('domstate', domain.uuid)).includes('shut off'));
	await virsh('start', '--paused', domain.uuid);
	const advice = 'Resume the guest, and try again while it runs; or delete the record alone: --metadata.';
	await followAll(t, domain, [
		{asked: checkpoint(domain, 'delete', 'c2'), remedy: advice, followed: checkpoint(domain, 'delete', 'c2', '--metadata')},
		{asked: checkpoint(domain, 'delete', 'c1'), remedy: advice, follow: async () => virsh('resume', domain.uuid)},
	]);
	await stop(domain);
});

test.serial('documents of records: each part that is wrong is changed as advised', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, formats: {vdb: 'qcow2'}});
	await succeeds(t, domain, checkpoint(domain, 'create', 'c1'));
	await succeeds(t, domain, checkpoint(domain, 'create', 'c2', '--disk=vda'));
	const [first, second] = await Promise.all(['c1', 'c2'].map(async name => virsh('checkpoint-dumpxml', domain.uuid, name)));
	const redefine = async (xml: string) => ['checkpoint', 'redefine', '--xml', await documentFile(domain, xml), '--yes', '--json', '--', domain.name];
	const follow = async (wrong: string, remedy: string | RegExp, right: string) => {
		await refused(t, domain, await redefine(wrong), remedy);
		await succeeds(t, domain, await redefine(right));
	};

	const plain = second!.replace(/<domain type.*<\/domain>\n/s, '');
	await follow(plain.replace('<name>c2', '<name>c/2'), 'Change its <name>.', plain);
	for (const name of ['c1', 'c2']) {
		await virsh('checkpoint-delete', domain.uuid, name, '--metadata');
	}

	await refused(t, domain, await redefine(plain), 'Redefine that one first, or take <parent> out of the document.');
	await succeeds(t, domain, await redefine(first!));
	await succeeds(t, domain, await redefine(plain));
	await virsh('checkpoint-delete', domain.uuid, 'c2', '--metadata');
	await follow(plain.replace('<name>c1</name>', '<name>c0</name>'), 'take <parent> out of the document.', plain.replace(/ *<parent>.*<\/parent>\n/s, ''));
	await follow(plain.replace(/ *<creationTime>.*<\/creationTime>\n/, ''), 'Add <creationTime>SECONDS</creationTime>, since 1970.', plain);
	const disk = '<disk name=\'vda\' checkpoint=\'bitmap\' bitmap=\'c2\'/>';
	t.true(plain.includes(disk), plain);
	const withDisks = (...disks: string[]) => plain.replace(/<disks>.*<\/disks>/s, disks.length === 0 ? '' : `<disks>${disks.join('')}</disks>`);
	await follow(withDisks(), 'Add <disks> with <disk name=\'…\' checkpoint=\'bitmap\'/>.', withDisks('<disk name=\'vda\' checkpoint=\'bitmap\'/>'));
	await follow(withDisks(disk, '<disk name=\'vdz\' checkpoint=\'bitmap\'/>'), 'Take that disk out of the document.', withDisks(disk));
	await follow(withDisks(disk, '<disk name=\'vdb\' checkpoint=\'bitmap\'/>'), 'Take vdb out of the document (checkpoint=\'no\'): a backup then copies that disk whole.', withDisks(disk, '<disk name=\'vdb\' checkpoint=\'no\'/>'));
	await start(domain);
	await run('sh', ['-c', `kill -9 $(cat /run/libvirt/qemu/${domain.name}.pid)`]);
	await waitFor('it is off', async () => (await virsh('domstate', domain.uuid)).includes('shut off'));
	await refused(t, domain, await redefine(withDisks(disk)), 'Take vda out of the document (checkpoint=\'no\')');
	await refused(t, domain, await redefine(withDisks('<disk name=\'vda\' checkpoint=\'no\'/>')), 'Add <disks>');
});
