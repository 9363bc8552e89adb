/** What a refused `backup create` advises is done, and the backup then is what the disks held. */
import {chmod, mkdir} from 'node:fs/promises';
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	digestPoint, makeTarget, readBackupPlan, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {createEncrypted} from './encrypted.ts';
import {
	makeReadOnly, makeWritable, mountSmall,
} from './file-systems.ts';
import {followAll, refused, succeeds} from './remedies.ts';
import {readError, report, runProgram} from './program.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {markLive, markOffline} from './snapshots.ts';
import {digestImage} from './slots.ts';
import {freePort, startSshServer} from './ssh-server.ts';

test.before(startLab);

const create = (domain: LabDomain, folder: string, ...options: string[]) => ['backup', 'create', ...(folder === '' ? [] : [`--to=${folder}`]), ...options, '--yes', '--json', '--', domain.name];
const newest = async (folder: string) => (await readManifests(folder)).at(-1)!;

/** Of one disk of a running domain; gives the copy. */
async function backUpByVirsh(domain: LabDomain, target: string, others: string[] = []): Promise<string> {
	const copy = path.join(domain.folder, `${target}-copy.qcow2`);
	const disks = others.map(other => `<disk name='${other}' backup='no'/>`).join('');
	await withFile(`<domainbackup><disks>${disks}<disk name='${target}' type='file'><target file='${copy}'/><driver type='qcow2'/></disk></disks></domainbackup>`, async file => virsh('backup-begin', domain.uuid, file));
	await waitFor('the backup is complete', async () => (await virsh('domjobinfo', domain.uuid)).includes('None'));
	return copy;
}

test.serial('what the request says: a checkpoint without a point, disks, a folder, and names of the checkpoint', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	await start(domain);
	await succeeds(t, domain, ['checkpoint', 'create', '--yes', '--', domain.name, 'c1']);
	const held = await markLive(domain, 1);
	await followAll(t, domain, [
		{asked: create(domain, folder, '--since=c1'), remedy: 'Leave --since out: the backup then builds on the last one there, or is a full one.', followed: create(domain, folder)},
		{asked: create(domain, folder, '--disk=vdz'), remedy: 'It writes to vda, vdb.', followed: create(domain, folder, '--disk=vda', '--disk=vdb')},
		{asked: create(domain, folder, '--checkpoint=c1'), remedy: 'Choose another name.', followed: create(domain, folder, '--checkpoint=c2')},
		{asked: create(domain, folder, '--checkpoint=a/b'), remedy: 'Choose another name.', followed: create(domain, folder, '--checkpoint=a.b')},
	]);
	t.deepEqual(await digestPoint(folder, await newest(folder)), held);
});

test.serial('file systems that cannot be frozen: off, without a channel for the agent, and with an agent that does not answer', async t => {
	const channel = '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>';
	const agents = [
		['', 'Give it one (org.qemu.guest_agent.0) and install the agent, or leave --quiesce out: the disks are then crash-consistent.'],
		[channel, 'Start the agent in the guest (qemu-guest-agent), or leave --quiesce out: the disks are then crash-consistent.'],
	] as const;
	for (const [devicesXml, remedy] of agents) {
		const domain = await makeDomain(t, {sizeMiB: 8, devicesXml});
		const folder = await makeTarget(t, domain);
		await followAll(t, domain, [{asked: create(domain, folder, '--quiesce'), remedy: 'Leave --quiesce out.', followed: create(domain, folder)}]);
		t.is((await newest(folder)).consistency, 'off');
		await start(domain);
		await followAll(t, domain, [{asked: create(domain, folder, '--quiesce'), remedy, followed: create(domain, folder)}]);
		t.is((await newest(folder)).consistency, 'crash-consistent');
		await stop(domain);
	}
});

test.serial('a folder that cannot be written to, and one that is full', async t => {
	const small = await mountSmall(t, 24);
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 16});
	await run('qemu-io', ['-c', 'write -q -P 5 8M 8M', domain.disks[0]!.path]);
	const folder = await makeTarget(t, domain);
	const closed = path.join(small, 'backups');
	await mkdir(closed);
	await start(domain);
	const held = await markLive(domain, 1);
	await makeReadOnly(small);
	await followAll(t, domain, [{asked: create(domain, closed), remedy: 'choose another folder.', followed: create(domain, folder)}]);
	await makeWritable(small);

	for (const options of [[], ['--full']]) {
		await succeeds(t, domain, create(domain, closed, ...options));
	}

	await followAll(t, domain, [{
		asked: create(domain, closed, '--full'),
		remedy: 'Free some space there (vsnap-tui backup prune), or choose another folder.',
		follow: async () => succeeds(t, domain, ['backup', 'prune', closed, '--keep', '1', '--yes']),
	}]);
	t.deepEqual(await digestPoint(closed, await newest(closed)), held);
	await stop(domain);
});

/** Attaches it, with a secret of its own. */
async function addEncrypted(t: ExecutionContext, domain: LabDomain, target = 'vdb'): Promise<void> {
	const image = path.join(domain.folder, `${target}.qcow2`);
	await createEncrypted(image, 'qcow2');
	const secret = randomUUID();
	await withFile(`<secret ephemeral='no' private='no'><uuid>${secret}</uuid><usage type='volume'><volume>${image}</volume></usage></secret>`, async file => virsh('secret-define', file));
	t.teardown(async () => virsh('secret-undefine', secret));
	await virsh('secret-set-value', secret, Buffer.from('secret').toString('base64'));
	const source = `<source file='${image}'><encryption format='luks'><secret type='passphrase' uuid='${secret}'/></encryption></source>`;
	await withFile(`<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>${source}<target dev='${target}' bus='virtio'/></disk>`, async file => virsh('attach-device', domain.uuid, file, '--config'));
}

test.serial('an encrypted qcow2 image: left out, or copied in plain as advised, off and running, and started as a new domain', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	await addEncrypted(t, domain);
	const advice = 'To have it so all the same: --decrypt. Or name the other disks: --disk vda.';
	await followAll(t, domain, [
		{asked: create(domain, folder), remedy: advice, followed: create(domain, folder, '--disk=vda')},
		{asked: create(domain, folder), remedy: advice, followed: create(domain, folder, '--decrypt')},
	]);
	await start(domain);
	t.deepEqual((await newest(folder)).disks.map(({disk}) => disk), ['vda', 'vdb']);
	const plan = await readBackupPlan(domain, folder, ['--decrypt']);
	t.true(plan.consequences.some(({text}) => text === 'What is on vdb is encrypted, and its copy is not.'));
	await succeeds(t, domain, create(domain, folder, '--decrypt'));
	await stop(domain);
	const name = `${domain.name}-new`;
	t.teardown(async () => attemptVirsh(`destroy ${name}; undefine ${name}`));
	await succeeds(t, domain, ['restore', folder, '--as', name, '--yes']);
	await virsh('start', name);
});

test.serial('a slice of its file: how large it is inside is not known, and libvirt is not handed a target of another size', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, formats: {vdb: 'raw'}});
	await defineXml(domainXml(domain).replace(/(<source file='[^']*vdb.raw')\/>/, '$1><slices><slice type=\'storage\' offset=\'0\' size=\'4194304\'/></slices></source>'));
	const folder = await makeTarget(t, domain);
	const others = {asked: create(domain, folder), remedy: 'Name the other disks: --disk vda.', followed: create(domain, folder, '--disk=vda')};
	await followAll(t, domain, [others]);
	await start(domain);
	await followAll(t, domain, [others]);
	await refused(t, domain, create(domain, folder, '--disk=vdb'), 'Name the other disks: --disk vda.');
	await backUpByVirsh(domain, 'vdb', ['vda']);
	await stop(domain);
});

test.serial('changes alone of a domain that is off: from another host, and with a long name of the state folder', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	await succeeds(t, domain, create(domain, folder));
	const held = await markOffline(domain, 1);
	const uri = await startSshServer(t);
	await succeeds(t, domain, ['-c', uri, ...create(domain, folder)]);
	t.deepEqual(await digestPoint(folder, await newest(folder)), held);
	await succeeds(t, domain, create(domain, folder));

	const long = {...domain, statePath: path.join(domain.statePath, 'long'.repeat(20))};
	const shorter = 'Set VSNAP_TUI_STATE to a folder with a shorter path, or copy everything: --full.';
	await refused(t, long, create(domain, folder), shorter);
	await succeeds(t, domain, create(domain, folder));
	await succeeds(t, long, create(domain, folder, '--full'));
});

test.serial('a folder that others can write to', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	const open = await makeTarget(t, domain, 'open');
	await chmod(open, 0o777);
	await followAll(t, domain, [
		{asked: create(domain, open), remedy: 'Choose a folder that only root can write to, in folders that only root can write to.', followed: create(domain, folder)},
	]);
});

test.serial('a disk that is no file on this host: beside others, and alone, where libvirt copies it', async t => {
	const port = await freePort();
	const domain = await makeDomain(t, {
		sizeMiB: 8, diskCount: 1, devicesXml: `<disk type="network" device="disk"><driver name="qemu" type="raw"/><source protocol="nbd" name="x"><host name="127.0.0.1" port="${port}"/></source><target dev="vdb" bus="virtio"/></disk>`,
	});
	const served = path.join(domain.folder, 'served.raw');
	await run('qemu-img', ['create', '-q', '-f', 'raw', served, '4M']);
	await run('qemu-io', ['-f', 'raw', '-c', 'write -q -P 7 1M 64k', served]);
	const folder = await makeTarget(t, domain);
	await followAll(t, domain, [
		{asked: create(domain, folder), remedy: 'Name the other disks: --disk vda.', followed: create(domain, folder, '--disk=vda')},
	]);
	await virsh('detach-disk', '--domain', domain.uuid, '--target', 'vda', '--config');
	await refused(t, domain, create(domain, folder), 'While the domain runs, virsh backup-begin copies such a disk.');
	await run('qemu-nbd', ['--fork', '--persistent', '--shared=2', '-f', 'raw', '-x', 'x', '-b', '127.0.0.1', '-p', String(port), '--pid-file', `${served}.pid`, served]);
	t.teardown(async () => run('sh', ['-c', 'kill "$(cat "$1")"', 'sh', `${served}.pid`]));
	await start(domain);
	await refused(t, domain, create(domain, folder), 'While the domain runs, virsh backup-begin copies such a disk.');
	const copy = await backUpByVirsh(domain, 'vdb');
	await stop(domain);
	t.is(await digestImage(copy, 'qcow2'), await digestImage(served, 'raw'));
});

test.serial('without a disk nothing can be backed up, which is said before; raw disks are, without a checkpoint', async t => {
	const none = await makeDomain(t, {diskCount: 0});
	const folder = await makeTarget(t, none);
	for (const options of [[], ['--disk=vda']]) {
		const result = await runProgram(none, create(none, folder, ...options));
		t.is(result.exitCode, 3, report(result));
		t.deepEqual(readError(result).blockers!.map(({text}) => text), ['The domain writes to no disk that can be copied.']);
	}

	const raw = await makeDomain(t, {sizeMiB: 8, formats: {vda: 'raw', vdb: 'raw'}});
	const place = await makeTarget(t, raw);
	for (const isRunning of [false, true]) {
		if (isRunning) {
			await start(raw);
		}

		const plan = await readBackupPlan(raw, place);
		t.true(plan.consequences.some(({text}) => text === 'No checkpoint is made, because none of these disks is on a qcow2 image that can have a bitmap: the next backup cannot build on this one.'));
		await succeeds(t, raw, create(raw, place));
	}

	t.deepEqual(await readCheckpointNames(raw), []);
	t.deepEqual((await readManifests(place)).map(({checkpoint}) => checkpoint), [null, null]);
	await stop(raw);
});

test.serial('a bitmap of that name which no checkpoint accounts for', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	const folder = await makeTarget(t, domain);
	await run('qemu-img', ['bitmap', '--add', domain.disks[0]!.path, 'c1']);
	const advice = 'Choose another name, or remove that bitmap if nobody needs it (vsnap-tui doctor).';
	await followAll(t, domain, [
		{asked: ['checkpoint', 'create', '--yes', '--json', '--', domain.name, 'c1'], remedy: advice, followed: ['checkpoint', 'create', '--yes', '--json', '--', domain.name, 'c2']},
		{asked: create(domain, folder, '--checkpoint=c1'), remedy: advice, followed: create(domain, folder, '--checkpoint=c3')},
	]);
	const told = await runProgram(domain, ['doctor', '--', domain.name]);
	const repair = /Plan a fix: vsnap-tui (doctor --repair orphan-bitmap) --dry-run/.exec(told.stdout)![1]!;
	await succeeds(t, domain, [...repair.split(' '), '--yes', domain.name]);
	await succeeds(t, domain, create(domain, folder, '--checkpoint=c1'));
});

test.serial('disks that are encrypted with different secrets: while the domain is off all is copied as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const folder = await makeTarget(t, domain);
	await addEncrypted(t, domain);
	await addEncrypted(t, domain, 'vdc');
	await succeeds(t, domain, create(domain, folder, '--decrypt'));
	await followAll(t, domain, [{asked: create(domain, folder, '--decrypt'), remedy: 'Copy everything: --full.', followed: create(domain, folder, '--decrypt', '--full')}]);
	t.deepEqual((await newest(folder)).disks.map(({kind}) => kind), ['full', 'full', 'full']);
});
