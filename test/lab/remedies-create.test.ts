/** What a refused `create` advises is done, and the snapshot is then taken. */
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop,
} from './domains.ts';
import {
	createArgs, documentFile, followAll, refused, succeeds,
} from './remedies.ts';
import {run, virsh} from './run.ts';
import {takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('what may be typed for a snapshot: each refusal says it, and that is taken', async t => {
	const domain = await makeDomain(t);
	const create = (name: string, ...options: string[]) => createArgs(domain, name, ...options);
	const file = path.join(domain.folder, 'named.qcow2');
	const modes = 'It is DISK= and one of: internal, external, external:FILE, no, manual.';
	await followAll(t, domain, [
		{asked: create('a1', '--memory', 'file'), remedy: 'It is one of: no, internal, external, external:FILE.', followed: create('a1', '--memory', 'no')},
		{asked: create('a2', '--disk', 'vda=yes'), remedy: modes, followed: create('a2', '--disk', 'vda=external', '--disk', 'vdb=no')},
		{asked: create('a3', '--disk', 'vda=external', '--disk', 'vda=external'), remedy: 'Name each disk once.', followed: create('a3', '--disk', 'vda=external', '--disk', 'vdb=external')},
		{asked: create('a4', '--reuse', 'vda=all'), remedy: 'It is DISK= and one of: absolute-paths, existing, existing-with-data, no-backing-file.', followed: create('a4', '--disk-only', '--reuse', 'vda=absolute-paths')},
		{asked: create('a5', '--disk-only', '--disk', 'vda=no', '--reuse', 'vda=absolute-paths'), remedy: 'Leave --reuse out for it, or ask for an external disk.', followed: create('a5', '--disk-only', '--disk', 'vda=external', '--reuse', 'vda=absolute-paths')},
		{asked: create('a6', '--disk-only', '--disk', 'vda=external:named.qcow2'), remedy: 'Give absolute paths, without "." and "..".', followed: create('a6', '--disk-only', '--disk', `vda=external:${file}`)},
		{asked: create('a7', '--disk-only', '--disk', 'vdz=external'), remedy: 'Its disks are: vda, vdb.', followed: create('a7', '--disk-only', '--disk', 'vdb=external')},
	]);
});

test.serial('what a document may say: each refusal says it, and that is taken', async t => {
	const domain = await makeDomain(t);
	const wish = (inner: string, name: string) => `<domainsnapshot><name>${name}</name>${inner}</domainsnapshot>`;
	const disk = (attributes: string, inner = '') => `<disks><disk ${attributes}>${inner}</disk></disks>`;
	const cases: Array<[refusedXml: string, remedy: string, followedXml: string]> = [
		['<memory snapshot="file"/>', 'It is one of: no, internal, external.', '<memory snapshot="no"/>'],
		['<memory snapshot="no" file="/nowhere"/>', 'A file needs snapshot=\'external\'.', '<memory snapshot="no"/>'],
		[disk('snapshot="external"'), 'Its name is the target of the disk, or the file that it is on.', disk('name="vda" snapshot="external"')],
		[disk('name="vda" snapshot="yes"'), 'It is one of: no, internal, external, manual.', disk('name="vda" snapshot="external"')],
		[disk('name="vda" snapshot="external"', '<driver type="qcow2" cache="none"/>'), 'Leave it out, or use virsh snapshot-create with the document.', disk('name="vda" snapshot="external"', '<driver type="qcow2"/>')],
		[disk('name="vda" type="network"'), 'Overlays are made on files and block devices, for the driver qemu.', disk('name="vda" type="file" snapshot="external"', '<driver name="qemu"/>')],
		[disk('name="vda"', '<driver type="raw"/>'), 'Overlays are always qcow2.', disk('name="vda"', '<driver type="qcow2"/>')],
		[disk('name="vda" snapshot="external" type="block"'), 'Overlays are files, or devices that are named: <source file=\'…\'/>, <source dev=\'…\'/>.', disk('name="vda" snapshot="external"', `<source file="${domain.folder}/by-document"/>`)],
		[disk('name="vda" snapshot="no"', '<source file="/nowhere"/>'), 'Leave the file out, or ask for an external disk.', disk('name="vda" snapshot="no"')],
		['<branch/>', 'It names the snapshot from which the branch begins.', '<branch>d1</branch>'],
	];
	for (const [index, [asked, remedy, followed]] of cases.entries()) {
		const name = `d${index}`;
		const options = ['--disk-only', '--xml'];
		await refused(t, domain, createArgs(domain, '', ...options, await documentFile(domain, wish(asked, name))), remedy);
		await succeeds(t, domain, createArgs(domain, '', ...options, await documentFile(domain, wish(followed, name))));
	}

	const whole = async (xml: string) => createArgs(domain, '', '--disk-only', '--xml', await documentFile(domain, xml));
	await refused(t, domain, await whole('<v:domainsnapshot xmlns:v="urn:v"/>'), 'Write them without it: <domainsnapshot>.');
	await succeeds(t, domain, await whole('<domainsnapshot/>'));
	await refused(t, domain, await whole('<name>x</name>'), 'It must be a whole <domainsnapshot>, as for virsh snapshot-create.');
	await succeeds(t, domain, await whole('<domainsnapshot><name>x</name></domainsnapshot>'));
});

test.serial('the way of a domain that is off: what is advised makes the snapshot', async t => {
	const domain = await makeDomain(t, {formats: {vdb: 'raw'}});
	const create = (name: string, ...options: string[]) => createArgs(domain, name, ...options);
	const nothing = 'Include at least one disk, or leave --disk out.';
	await refused(t, domain, create('b0'), 'Ask for external disks: --disk-only.');
	await succeeds(t, domain, create('b0', '--disk-only'));
	const twice = ['--disk', 'vda=internal', '--disk', 'vdb=internal'];
	await followAll(t, domain, [
		{asked: create('b1', '--disk', 'vda=no', '--disk', 'vdb=no'), remedy: nothing, followed: create('b1', '--disk', 'vda=external', '--disk', 'vdb=no')},
		{asked: create('b2', '--memory', 'internal', ...twice), remedy: 'Leave --memory out, or start the domain first.', followed: create('b2', ...twice)},
		{asked: create('b3', '--live', '--disk-only'), remedy: 'Leave --live out, or ask for --memory external.', followed: create('b3', '--disk-only')},
	]);
});

test.serial('the rules of internal snapshots: what is advised makes the snapshot', async t => {
	const domain = await makeDomain(t);
	const create = (name: string, ...options: string[]) => createArgs(domain, name, ...options);
	const [vda] = domain.disks as [typeof domain.disks[0]];
	await run('qemu-img', ['snapshot', '-c', 'i1', vda.path]);
	await followAll(t, domain, [
		{
			asked: create('i1'), remedy: 'Choose another name, or remove that one (qemu-img snapshot -d, while the domain is off).',
			follow: async () => run('qemu-img', ['snapshot', '-d', 'i1', vda.path]),
		},
		{asked: create('i2', '--disk', 'vda=internal', '--disk', 'vdb=no'), remedy: 'Include it. Or: Ask for external disks: --disk-only.', followed: create('i2', '--disk', 'vda=internal', '--disk', 'vdb=internal')},
		{asked: create('42'), remedy: 'Choose a name that is not a short number.', followed: create('forty-two')},
		{asked: create('i3', '--disk', 'vda=internal', '--disk', 'vdb=external'), remedy: 'Ask for the same mode for all disks that take part.', followed: create('i3', '--disk', 'vda=external', '--disk', 'vdb=external')},
		{asked: create('i3'), remedy: 'Choose another name for the snapshot.', followed: create('i4', '--disk-only')},
		{asked: create('a/b\u0007'), remedy: 'Choose another name.', followed: create('i5', '--disk-only')},
	]);
});

test.serial('a head that a snapshot has frozen: reverting to it, and deleting its record, both let the next snapshot be taken', async t => {
	for (const way of ['revert', 'delete']) {
		const domain = await makeDomain(t, {diskCount: 1});
		await takeDiskSnapshot(domain, 's1');
		await defineXml(domainXml(domain));
		const asked = createArgs(domain, 's2', '--disk-only');
		await refused(t, domain, asked, 'Revert to that snapshot, which puts the domain on an overlay of its own, or delete its record; then try again.');
		await succeeds(t, domain, way === 'revert'
			? ['revert', '--discard', '--yes', '--json', '--', domain.name, 's1']
			: ['delete', '--metadata', '--yes', '--json', '--', domain.name, 's1']);
		await succeeds(t, domain, asked);
	}
});

test.serial('a drive that cannot take part is left out as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1, devicesXml: '<disk type="file" device="cdrom"><target dev="sda" bus="sata"/><readonly/></disk>'});
	await followAll(t, domain, [
		{asked: createArgs(domain, 's1', '--disk-only', '--disk', 'sda=external'), remedy: 'Leave it out: --disk sda=no.', followed: createArgs(domain, 's1', '--disk-only', '--disk', 'sda=no')},
	]);
});

test.serial('a guest agent that does not answer, and a transient disk beside memory: what is advised makes the snapshot', async t => {
	const channel = '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>';
	const domain = await makeDomain(t, {diskCount: 1, devicesXml: channel});
	await start(domain);
	await followAll(t, domain, [{
		asked: createArgs(domain, 's1', '--disk-only', '--quiesce'), remedy: 'Start the agent in the guest (qemu-guest-agent), or leave --quiesce out: the disks are then crash-consistent.', followed: createArgs(domain, 's1', '--disk-only'),
	}]);
	await stop(domain);
	const other = await makeDomain(t);
	await defineXml(domainXml(other).replace('<target dev=\'vdb\' bus=\'virtio\'/>', '$&<transient/>'));
	await start(other);
	await followAll(t, other, [{asked: createArgs(other, 's1', '--memory', 'external'), remedy: 'Ask for the disks alone (--disk-only).', followed: createArgs(other, 's1', '--disk-only')}]);
	await stop(other);
});

test.serial('the ways of a running guest: what is advised makes the snapshot', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const create = (name: string, ...options: string[]) => createArgs(domain, name, ...options);
	const memory = (name: string) => path.join(domain.folder, name);
	const out = ['--disk', 'vda=no', '--disk', 'vdb=no'];
	const inside = ['--disk', 'vda=internal', '--disk', 'vdb=internal'];
	await writeFile(memory('taken.mem'), 'x');
	await followAll(t, domain, [
		{asked: create('r1', ...inside, '--disk-only'), remedy: 'Ask for --memory internal (without --disk-only), or for external disks.', followed: create('r1', ...inside, '--memory', 'internal')},
		{asked: create('r2', ...inside, '--memory', 'external'), remedy: 'Ask for external disks, or for --memory internal.', followed: create('r2', ...inside, '--memory', 'internal')},
		{asked: create('r3', '--disk', 'vda=external'), remedy: 'Ask for the disks alone (--disk-only), or for memory in a file (--memory external).', followed: create('r3', '--disk', 'vda=external', '--disk-only')},
		{asked: create('r4', ...out, '--disk-only'), remedy: 'Include at least one disk, or leave --disk out.', followed: create('r4', '--disk-only')},
		{asked: create('r5', '--memory', 'external', '--disk-only'), remedy: 'Leave one of the two out.', followed: create('r5', '--memory', 'external')},
		{asked: create('r6', '--memory', 'internal', '--disk', 'vda=external'), remedy: 'Ask for internal disks, or for memory in a file (--memory external).', followed: create('r6', '--memory', 'external', '--disk', 'vda=external')},
		{asked: create('r7', '--live', '--disk-only'), remedy: 'Leave --live out, or ask for --memory external.', followed: create('r7', '--live', '--memory', 'external')},
		{asked: create('r8', '--memory', 'external:a.mem'), remedy: 'Give the absolute path of the memory file, without "." and "..".', followed: create('r8', '--memory', `external:${memory('a.mem')}`)},
		{asked: create('r9', '--memory', `external:${memory('taken.mem')}`), remedy: 'Choose another name for the memory file.', followed: create('r9', '--memory', `external:${memory('b.mem')}`)},
		{asked: create('r10', '--quiesce', '--memory', 'external'), remedy: 'Leave --quiesce out, or ask for the disks alone (--disk-only).', followed: create('r10', '--memory', 'external')},
		{asked: create('r11', '--quiesce', '--disk-only'), remedy: 'or leave --quiesce out: the disks are then crash-consistent.', followed: create('r11', '--disk-only')},
		{asked: create('r12', '--disk-only', '--disk', `vda=external:${memory('free')}`, '--reuse', 'vda=no-backing-file'), remedy: 'Shut the domain down first, or leave that option out.', followed: create('r12', '--disk-only', '--disk', `vda=external:${memory('free')}`)},
	]);
	await stop(domain);
	t.regex(await virsh('snapshot-list', '--domain', domain.uuid, '--name'), /r12/);
});
