/**
Disks on block devices as snapshots go: created into a folder that is named once, reverted to, kept, branched, merged and deleted, by bytes. libvirt chooses no place for such an overlay, and
does not revert to such a snapshot.
*/
import {
	mkdir, mkdtemp, readdir, rm, stat, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
	digestBare, doBare, markBare, startBare,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {digestDisks, expectDevices, makeDeviceDomain} from './device-domain.ts';
import {
	readState, start, stop, type LabDomain,
} from './domains.ts';
import {makeBlockDevice} from './file-systems.ts';
import {report, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {labUri} from './settings.ts';
import {readHeads, writeLive, writeOffline} from './slots.ts';
import {readParents} from './snapshots.ts';

test.before(startLab);

async function act(domain: LabDomain, verb: string, ...words: string[]) {
	return runProgram(domain, [verb, ...words.slice(1).filter(word => word.startsWith('-')), '--yes', '--', domain.name, ...words.filter(word => !word.startsWith('-'))]);
}

/** Writes to each disk, whether the domain runs or not. */
async function mark(domain: LabDomain, pattern: number): Promise<void> {
	if (await readState(domain) === 'shut off') {
		for (const [, head] of await readHeads(domain)) {
			await writeOffline(head, pattern, 3, 'qcow2');
		}
	} else {
		await writeLive(domain, ['vda', 'vdb'].map(target => ({target, pattern, slot: 3})));
	}
}

test.serial('the folder of the overlays is asked for once; then every state on the devices is reverted to, by bytes', async t => {
	const {domain, devices} = await makeDeviceDomain(t);
	const good = async (verb: string, ...words: string[]) => {
		const result = await act(domain, verb, ...words);
		t.is(result.exitCode, 0, report(result));
		await expectDevices(t, devices);
	};

	const refused = await act(domain, 'create', 's1', '--disk-only');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /has no folder for an overlay[^]*--overlay-folder FOLDER/);

	const folder = path.join(domain.folder, 'overlays');
	await mkdir(folder, {mode: 0o711});
	const held: Record<string, Record<string, string>> = {s1: await digestDisks(domain)};
	await good('create', 's1', '--disk-only', `--overlay-folder=${folder}`);
	t.deepEqual([...(await readHeads(domain)).values()], ['vda', 'vdb'].map(target => path.join(folder, `${domain.name}.${target}.s1`)));
	await mark(domain, 0x11);
	await start(domain);
	held.s2 = await digestDisks(domain);
	await good('create', 's2', '--disk-only');
	await mark(domain, 0x12);
	held.k1 = await digestDisks(domain);

	await good('revert', 's1', '--keep=k1', '--shutoff');
	t.deepEqual(await digestDisks(domain), held.s1);
	await mark(domain, 0x13);
	held.k2 = await digestDisks(domain);
	await good('revert', 'k1', '--keep=k2', '--shutoff');
	t.deepEqual(await digestDisks(domain), held.k1);
	await good('branch', 's1', 'b1', '--discard', '--shutoff');
	t.deepEqual(await digestDisks(domain), held.s1);
	await mark(domain, 0x14);
	for (const name of ['s2', 'k2', 'k1', 's1', 'b1']) {
		await good('revert', name, '--discard', '--shutoff');
		t.deepEqual(await digestDisks(domain), held[name] ?? held.s1, name);
		const checked = await runProgram(domain, ['doctor', domain.name]);
		t.is(checked.exitCode, 0, report(checked));
	}

	// The fork goes, one by one: what stays holds what it held.
	await good('revert', 's2', '--discard', '--shutoff');
	for (const [gone, left] of [['b1', 's2'], ['k2', 'k1'], ['k1', 's2'], ['s1', 's2']] as const) {
		await good('delete', gone);
		await good('revert', left, '--discard', '--shutoff');
		t.deepEqual(await digestDisks(domain), held[left], `${left} without ${gone}`);
	}

	await mark(domain, 0x15);
	const last = await digestDisks(domain);
	await good('merge', 's2');
	t.deepEqual(await readParents(domain), {});
	const xml = await virsh('dumpxml', '--inactive', domain.uuid);
	t.deepEqual([...xml.matchAll(/<source dev='([^']*)'/g)].map(([, device]) => device), devices);
	t.deepEqual(await digestDisks(domain), last);
	t.deepEqual(await readdir(folder), []);
	await start(domain);
	await stop(domain);
});

test.serial('a standalone QEMU is reverted to a snapshot on a device, running and off', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-device-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const device = await makeBlockDevice(t, path.join(folder, 'a'), 4);
	const domain = await startBare(t, {more: [
		'-blockdev', JSON.stringify({driver: 'raw', 'node-name': 'dev', file: {driver: 'host_device', filename: device}}), '-device', 'virtio-blk-pci,drive=dev',
	]});
	const first = await digestBare(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', `--overlay-folder=${folder}`, '--', domain.name, 's1');
	t.true((await readdir(folder)).includes(`${domain.name}.vdb.s1`), (await readdir(folder)).join(' '));
	const second = await markBare(domain, 1);
	t.notDeepEqual(second, first);
	await doBare(domain, 'revert', '--keep=k1', '--running', '--yes', '--', domain.name, 's1');
	t.deepEqual(await digestBare(domain), first);
	await markBare(domain, 2);
	await doBare(domain, 'revert', '--discard', '--shutoff', '--yes', '--', domain.name, 'k1');
	t.deepEqual(await digestBare(domain), second);
	await doBare(domain, 'revert', '--discard', '--running', '--yes', '--', domain.name, 's1');
	t.deepEqual(await digestBare(domain), first);
	t.true((await stat(device)).isBlockDevice());
});

test.serial('the settings name the folder for a host, and a host that may only be looked at, by whatever name', async t => {
	const {domain, devices} = await makeDeviceDomain(t);
	const config = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-settings-'));
	t.teardown(async () => rm(config, {recursive: true, force: true}));
	await mkdir(path.join(config, 'vsnap-tui'));
	const folder = path.join(domain.folder, 'overlays');
	await mkdir(folder, {mode: 0o711});
	const create = async (settings: Record<string, unknown>, name: string) => {
		await writeFile(path.join(config, 'vsnap-tui', 'config.json'), JSON.stringify({hosts: [{uri: labUri, ...settings}]}));
		return runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, name], {env: {XDG_CONFIG_HOME: config}});
	};

	const refused = await create({readOnly: true, overlayFolder: folder}, 's1');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /read-only/);
	const broken = await create({readOnly: 'yes'}, 's1');
	t.is(broken.exitCode, 2, report(broken));
	t.deepEqual(await readdir(folder), []);
	const made = await create({overlayFolder: folder}, 's1');
	t.is(made.exitCode, 0, report(made));
	t.deepEqual((await readdir(folder)).sort(), ['vda', 'vdb'].map(target => `${domain.name}.${target}.s1`));
	await expectDevices(t, devices);
});
