/** Overlays that are named or made beforehand: what a refusal advises about them is done, and the snapshot is then taken. */
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop,
} from './domains.ts';
import {makeBlockDevice} from './file-systems.ts';
import {
	createArgs, documentFile, findings, followAll, refused, runAsTold, succeeds,
} from './remedies.ts';
import {run} from './run.ts';
import {
	digestHeads, readHeads, readSlot, writeOffline,
} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('an overlay that was prepared wrongly is made anew by the command that is named, and taken', async t => {
	const qemuImg = async (...args: string[]) => run('qemu-img', ['create', '-q', '-f', 'qcow2', ...args]);
	const anew = 'Create it anew, which overwrites what is in it: ';
	const wrong: Array<[make: (file: string, head: string) => Promise<unknown>, advice: string, isRunning?: boolean]> = [
		[async () => undefined, 'Create it first: '],
		[async () => undefined, 'Create it first: ', true],
		[async file => run('qemu-img', ['create', '-q', '-f', 'raw', file, '16M']), anew],
		[async file => qemuImg(file, '16M'), anew],
		[async (file, head) => {
			await qemuImg(`${head}.other`, '16M');
			await qemuImg('-F', 'qcow2', '-b', `${head}.other`, file);
		}, anew],
		[async (file, head) => qemuImg('-F', 'raw', '-b', head, file, '16M'), anew],
		[async (file, head) => qemuImg('-F', 'qcow2', '-b', head, file, '32M'), anew],
		[async (file, head) => {
			await qemuImg('-F', 'qcow2', '-b', head, file);
			await writeOffline(file, 0x77, 5, 'qcow2');
		}, 'Create it anew: '],
		[async (file, head) => {
			await qemuImg('-u', '-F', 'qcow2', '-b', head, file, '16M');
			await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -z 2M 128k', file]).catch(() => undefined);
		}, 'Create it anew: '],
	];
	for (const [make, advice, isRunning] of wrong) {
		const domain = await makeDomain(t, {diskCount: 1});
		const file = path.join(domain.folder, 'prepared one');
		await make(file, domain.disks[0]!.path);
		const digests = await markOffline(domain, 1);
		if (isRunning) {
			await start(domain);
		}

		const asked = createArgs(domain, 's1', '--disk-only', '--disk', `vda=external:${file}`, '--reuse', 'vda=existing');
		const remedy = await refused(t, domain, asked, advice);
		await runAsTold(remedy.slice(remedy.indexOf('qemu-img create')).replace(/\. Or .*/, ''));
		await succeeds(t, domain, asked);
		await stop(domain);
		t.deepEqual(await digestHeads(domain), digests);
		t.is((await readHeads(domain)).get('vda'), file);
	}
});

test.serial('a prepared overlay without a backing file: the file left out, the disk is empty as was asked for', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const file = path.join(domain.folder, 'empty');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '16M']);
	await refused(t, domain, createArgs(domain, 's1', '--disk-only', '--disk', `vda=external:${file}`, '--reuse', 'vda=existing'), 'Or leave the file out and ask for --reuse vda=no-backing-file, if an empty disk is intended.');
	await succeeds(t, domain, createArgs(domain, 's1', '--disk-only', '--reuse', 'vda=no-backing-file'));
	t.is(await readSlot((await readHeads(domain)).get('vda')!, 0, 'qcow2'), 0);
});

test.serial('a prepared overlay that is in use, or a name that is taken, gives way to another, and data under a running guest to an empty one', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const [head] = [...(await readHeads(domain)).values()] as [string];
	const file = (name: string) => path.join(domain.folder, name);
	const prepare = async (name: string, on: string) => run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', on, file(name)]);
	await prepare('held', head);
	await prepare('above', file('held'));
	await prepare('free', head);
	const ask = (name: string, overlay: string, ...more: string[]) => createArgs(domain, name, '--disk-only', '--disk', `vda=external:${file(overlay)}`, ...more);
	await followAll(t, domain, [
		{asked: ask('s2', 'held', '--reuse', 'vda=existing'), remedy: 'Prepare another overlay: --disk vda=external:FILE.', followed: ask('s2', 'free', '--reuse', 'vda=existing')},
		{asked: ask('s3', 'above'), remedy: 'Name another one (--disk vda=external:FILE), or confirm that it was made for this (--reuse vda=existing).', followed: ask('s3', 'new')},
		{
			asked: ask('s4', 'made'), remedy: 'or confirm that it was made for this (--reuse vda=existing).', followed: ask('s4', 'made', '--reuse', 'vda=existing'),
		},
	].slice(0, 2));
	await prepare('made', file('new'));
	await followAll(t, domain, [
		{asked: ask('s4', 'made'), remedy: 'or confirm that it was made for this (--reuse vda=existing).', followed: ask('s4', 'made', '--reuse', 'vda=existing')},
		{asked: ask('s5', 'x'.repeat(300)), remedy: 'Choose a shorter name.', followed: ask('s5', 'short')},
	]);
	await prepare('full', file('short'));
	await writeOffline(file('full'), 0x77, 5, 'qcow2');
	await start(domain);
	const full = ask('s6', 'full', '--reuse', 'vda=existing-with-data');
	const advice = await refused(t, domain, full, 'Shut the domain down first. Or create an empty overlay and ask for --reuse vda=existing: ');
	await runAsTold(advice.slice(advice.indexOf('qemu-img create')));
	await succeeds(t, domain, ask('s6', 'full', '--reuse', 'vda=existing'));
	await stop(domain);
	await prepare('full2', file('full'));
	await writeOffline(file('full2'), 0x77, 5, 'qcow2');
	await start(domain);
	await refused(t, domain, ask('s7', 'full2', '--reuse', 'vda=existing-with-data'), 'Shut the domain down first.');
	await stop(domain);
	await succeeds(t, domain, ask('s7', 'full2', '--reuse', 'vda=existing-with-data'));
});

test.serial('overlays for two disks, for a block device and on one: each is named as advised', async t => {
	const domain = await makeDomain(t);
	const file = (name: string) => path.join(domain.folder, name);
	const both = (name: string, second: string) => createArgs(domain, name, '--disk-only', '--disk', `vda=external:${file('one')}`, '--disk', `vdb=external:${second}`);
	await followAll(t, domain, [{asked: both('s1', file('one')), remedy: 'Name the files: --disk DISK=external:FILE.', followed: both('s1', file('two'))}]);

	const device = await makeBlockDevice(t, file('device'), 32);
	const wish = await documentFile(domain, `<domainsnapshot><name>s2</name><disks><disk name='vda' snapshot='external' type='block'><source dev='${device}'/></disk><disk name='vdb' snapshot='no'/></disks></domainsnapshot>`);
	const asked = createArgs(domain, '', '--disk-only', '--xml', wish);
	const advice = await refused(t, domain, asked, 'and say so: --reuse vda=existing.');
	await runAsTold(/\((qemu-img create .*)\), and say so/.exec(advice)![1]!);
	await succeeds(t, domain, createArgs(domain, '', '--disk-only', '--reuse', 'vda=existing', '--xml', wish));

	const other = await makeDomain(t, {diskCount: 1});
	const disk = await makeBlockDevice(t, path.join(other.folder, 'disk'), 32);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M']);
	await defineXml(domainXml(other, {devicesXml: `<disk type='block' device='disk'><driver name='qemu' type='qcow2'/><source dev='${disk}'/><target dev='vdb' bus='virtio'/></disk>`}));
	await followAll(t, other, [{
		asked: createArgs(other, 's1', '--disk-only'), remedy: 'Name a folder for it: --overlay-folder FOLDER.', followed: createArgs(other, 's1', '--disk-only', `--overlay-folder=${other.folder}`),
	}]);
});

test.serial('while the domain runs, prepared overlays are for all disks or none: each of the three ways out works', async t => {
	const domain = await makeDomain(t);
	const file = (name: string) => path.join(domain.folder, name);
	const prepare = async (target: string, name: string) => run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', (await readHeads(domain)).get(target)!, file(name), '16M']);
	const remedy = 'Prepare one for each disk, leave the others out (--disk DISK=no), or shut the domain down first.';
	const ask = (name: string, ...more: string[]) => createArgs(domain, name, '--disk-only', '--disk', `vda=external:${file(`vda-${name}`)}`, '--reuse', 'vda=existing', ...more);
	await start(domain);
	await prepare('vda', 'vda-s1');
	await refused(t, domain, ask('s1'), remedy);
	await prepare('vdb', 'vdb-s1');
	await succeeds(t, domain, ask('s1', '--disk', `vdb=external:${file('vdb-s1')}`, '--reuse', 'vdb=existing'));
	await prepare('vda', 'vda-s2');
	await refused(t, domain, ask('s2'), remedy);
	await succeeds(t, domain, ask('s2', '--disk', 'vdb=no'));
	await prepare('vda', 'vda-s3');
	await refused(t, domain, ask('s3'), remedy);
	await stop(domain);
	await succeeds(t, domain, ask('s3'));
});

test.serial('a memory file of a domain without disks is named as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 0});
	await start(domain);
	await followAll(t, domain, [{
		asked: createArgs(domain, 's1', '--memory', 'external'), remedy: 'Name it: --memory external:FILE.', followed: createArgs(domain, 's1', '--memory', `external:${path.join(domain.folder, 's1.mem')}`),
	}]);
});

test.serial('a chain that is too deep: what is advised lets the next snapshot be taken, and the doctor is content once it is short', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	let top = domain.disks[0]!.path;
	const layer = async (index: number) => {
		const next = path.join(domain.folder, `layer-${index}`);
		await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', top, next, '16M']);
		top = next;
	};

	for (let index = 0; index < 28; index++) {
		await layer(index);
	}

	await defineXml(domainXml({...domain, disks: [{...domain.disks[0]!, path: top}]}));
	for (const name of ['d1', 'd2']) {
		await takeDiskSnapshot(domain, name);
	}

	const [deep] = await findings(domain, 'deep-chain');
	t.is(deep?.remedy, 'Merge or delete snapshots that are no longer needed.', JSON.stringify(deep));
	await succeeds(t, domain, ['merge', '--yes', '--json', '--', domain.name, 'd1']);
	t.deepEqual(await findings(domain, 'deep-chain'), []);

	top = [...(await readHeads(domain)).values()][0]!;
	for (let index = 28; index < 197; index++) {
		await layer(index);
	}

	await defineXml(domainXml({...domain, disks: [{...domain.disks[0]!, path: top}]}));
	await takeDiskSnapshot(domain, 'e1');
	await refused(t, domain, createArgs(domain, 'e2', '--disk-only'), 'Merge or delete older snapshots first.');
	await succeeds(t, domain, ['delete', '--yes', '--json', '--', domain.name, 'e1']);
	await succeeds(t, domain, createArgs(domain, 'e2', '--disk-only'));
});
