/**
Disks on block devices below overlay files: what a delete or a merge means for a device. It is committed into and becomes a disk of the type block again, or it
stays; its node is never removed. A loop device stands for any: a partition, a logical volume (whose usual name is a link to the device).
*/
import {
	mkdtemp, readdir, readFile, rm, stat,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	digestBare, doBare, markBare, quit, startBare,
} from './bare-domain.ts';
import {change, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {
	digestDisks, expectDevices, makeDeviceDomain, sizeMiB,
} from './device-domain.ts';
import {
	readState, start, stop, type LabDomain,
} from './domains.ts';
import {makeBlockDevice} from './file-systems.ts';
import {report, runProgram, type ProgramResult} from './program.ts';
import {virsh} from './run.ts';
import {digestImage, writeLive, writeOffline} from './slots.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';
import {readDisks} from './xml-text.ts';

test.before(startLab);

async function takeOnto(domain: LabDomain, name: string, more: string[] = []): Promise<void> {
	const specs = ['vda', 'vdb'].flatMap(target => ['--diskspec', `${target},file=${path.join(domain.folder, `${target}.${name}`)}`]);
	await takeDiskSnapshot(domain, name, [...specs, ...more]);
}

/** Each disk is a block device again, for the next start and for the guest that runs. */
async function expectBlockAgain(t: ExecutionContext, domain: LabDomain, devices: readonly string[]): Promise<void> {
	for (const more of [[], ['--inactive']]) {
		const xml = await virsh('dumpxml', '--domain', domain.uuid, ...more);
		t.deepEqual([...xml.matchAll(/<source dev='([^']*)'/g)].map(([, device]) => device), [...devices], more.join(' '));
		t.deepEqual([...xml.matchAll(/<disk type='([^']*)'/g)].map(([, type]) => type), ['block', 'block']);
		t.deepEqual(readDisks(xml).map(({format}) => format), ['raw', 'raw']);
	}
}

const textsOf = (plan: Plan) => plan.consequences.map(({text}) => text).join('\n');

/** The doctor finds nothing. */
async function expectNothingFound(t: ExecutionContext, domain: LabDomain): Promise<void> {
	const checked = await runProgram(domain, ['doctor', domain.name]);
	t.is(checked.exitCode, 0, report(checked));
}

const good = (t: ExecutionContext, result: ProgramResult) => t.is(result.exitCode, 0, report(result));

test.serial('with the domain off, what was written since is committed into the devices, and nothing is removed but overlay files', async t => {
	const {domain, devices} = await makeDeviceDomain(t);
	await takeOnto(domain, 's1');
	for (const target of ['vda', 'vdb']) {
		await writeOffline(path.join(domain.folder, `${target}.s1`), 0x11, 1, 'qcow2');
	}

	await takeOnto(domain, 's2');
	for (const target of ['vda', 'vdb']) {
		await writeOffline(path.join(domain.folder, `${target}.s2`), 0x12, 2, 'qcow2');
	}

	const before = await digestDisks(domain);
	const frozen = await digestImage(path.join(domain.folder, 'vda.s1'), 'qcow2');
	const tree = JSON.parse((await runProgram(domain, ['tree', '--json', '--', domain.name])).stdout) as {images: Array<{path: string; allocated: number}>};
	t.is(tree.images.find(image => image.path === devices[0])?.allocated, sizeMiB * 1024 * 1024, 'a device counts with its size');

	const plan = await readChangePlan(domain, 'delete', ['s1']);
	t.deepEqual(plan.images.removed.sort(), ['vda', 'vdb'].map(target => path.join(domain.folder, `${target}.s1`)));
	good(t, await change(domain, 'delete', ['s1']));
	await expectDevices(t, devices);
	t.deepEqual(await digestDisks(domain), before);
	t.is(await digestImage(devices[0]!, 'raw'), frozen, 's2 reads from the device what it froze');
	t.deepEqual(await readParents(domain), {s2: undefined});
	const record = await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's2');
	t.regex(record.slice(record.indexOf('<domain ')), new RegExp(`<disk type='block'[^>]*>(?:(?!</disk>)[\\s\\S])*<source dev='${devices[0]}'`, 'u'), 'its stored domain names the device as one');
	await expectNothingFound(t, domain);

	good(t, await change(domain, 'merge', ['s2']));
	await expectDevices(t, devices);
	t.deepEqual(await digestDisks(domain), before);
	await expectBlockAgain(t, domain, devices);
	await start(domain);
	t.is(await readState(domain), 'running');
	await takeOnto(domain, 's3');
	await expectNothingFound(t, domain);
});

test.serial('while the domain runs, the head is committed into the devices, which are of the type block again', async t => {
	const {domain, devices} = await makeDeviceDomain(t);
	await start(domain);
	await takeOnto(domain, 's1');
	await writeLive(domain, [{target: 'vda', pattern: 0x11, slot: 1}, {target: 'vdb', pattern: 0x21, slot: 1}]);
	await takeOnto(domain, 's2');
	await writeLive(domain, [{target: 'vda', pattern: 0x12, slot: 2}, {target: 'vdb', pattern: 0x22, slot: 2}]);
	const before = await digestDisks(domain);
	good(t, await change(domain, 'delete', ['s1']));
	await expectDevices(t, devices);
	t.deepEqual(await digestDisks(domain), before);
	const plan = await readChangePlan(domain, 'delete', ['s2']);
	t.false(textsOf(plan).includes('/dev/loop'), textsOf(plan));
	good(t, await change(domain, 'delete', ['s2']));
	t.is(await readState(domain), 'running');
	await expectDevices(t, devices);
	await expectBlockAgain(t, domain, devices);
	t.deepEqual(await digestDisks(domain), before);
	await stop(domain);
	await start(domain);
	t.deepEqual(await digestDisks(domain), before, 'the next start finds what was written');
	await takeOnto(domain, 's3');
	t.deepEqual(await readParents(domain), {s3: undefined});
});

test.serial('a standalone QEMU has its head committed into the device, running or off, and its command line names the device', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-device-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const device = await makeBlockDevice(t, path.join(folder, 'a'), 4);
	const domain = await startBare(t, {more: [
		'-blockdev', JSON.stringify({driver: 'raw', 'node-name': 'dev', file: {driver: 'host_device', filename: device}}), '-device', 'virtio-blk-pci,drive=dev',
	]});
	const make = async (name: string) => doBare(domain, 'create', '--disk-only', '--yes', '--disk', `vdb=external:${path.join(folder, name)}`, '--', domain.name, name);
	await markBare(domain, 1);
	await make('s1');
	await markBare(domain, 2);
	const written = await digestBare(domain);
	await doBare(domain, 'delete', '--yes', '--', domain.name, 's1');
	t.true((await stat(device)).isBlockDevice());
	t.deepEqual(await digestBare(domain), written);
	t.regex(await readFile(path.join(domain.statePath, 'bare', encodeURIComponent(domain.name), 'domain.xml'), 'utf8'), new RegExp(`type=.block.[\\s\\S]*source dev=.${device}`, 'u'));

	await make('s2');
	const last = await markBare(domain, 3);
	await quit(domain);
	await doBare(domain, 'delete', '--yes', '--', domain.name, 's2');
	t.true((await stat(device)).isBlockDevice());
	t.deepEqual(await digestBare(domain), last);
	const xml = await readFile(path.join(domain.statePath, 'bare', encodeURIComponent(domain.name), 'domain.xml'), 'utf8');
	t.regex(xml, /host_device/);
	t.deepEqual(await readdir(folder), ['a'], 'no overlay is left');
});
