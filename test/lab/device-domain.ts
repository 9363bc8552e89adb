/**
A domain on block devices. A loop device stands for any: a partition, a logical volume (whose usual name is a link to the device).
*/
import {lstat, rm, stat, symlink} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {makeDomain, type LabDomain} from './domains.ts';
import {makeBlockDevice} from './file-systems.ts';
import {run, virsh} from './run.ts';
import {digestImage, writeOffline} from './slots.ts';
import {readDisks} from './xml-text.ts';

export const sizeMiB = 16;

function diskXml(device: string, target: string): string {
	return `<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='${device}'/><target dev='${target}' bus='virtio'/></disk>`;
}

/** vda is the device by its own name, vdb another one by a link to it, as logical volumes are named. */
export async function makeDeviceDomain(t: ExecutionContext): Promise<{domain: LabDomain; devices: string[]}> {
	const folder = path.join(os.tmpdir(), `vsnaplab-devices-${Math.random().toString(36).slice(2)}`);
	await run('mkdir', ['-p', folder]);
	const loops = [await makeBlockDevice(t, path.join(folder, 'a'), sizeMiB), await makeBlockDevice(t, path.join(folder, 'b'), sizeMiB)];
	const link = path.join('/dev', `vsnaplab-${path.basename(folder)}`);
	await symlink(loops[1]!, link);
	t.teardown(async () => {
		await rm(link, {force: true});
		await rm(folder, {recursive: true, force: true});
	});
	for (const loop of loops) {
		await writeOffline(loop, 0xB0, 0, 'raw');
	}

	const devices = [loops[0]!, link];
	const domain = await makeDomain(t, {diskCount: 0, devicesXml: devices.map((device, index) => diskXml(device, `vd${'ab'[index]}`)).join('')});
	return {domain, devices};
}

export async function expectDevices(t: ExecutionContext, devices: readonly string[]): Promise<void> {
	for (const device of devices) {
		t.true((await stat(device)).isBlockDevice(), `${device} is there`);
	}

	t.true((await lstat(devices[1]!)).isSymbolicLink());
}

async function disksOf(domain: LabDomain, more: string[] = []): Promise<ReturnType<typeof readDisks>> {
	return readDisks(await virsh('dumpxml', '--domain', domain.uuid, ...more));
}

/** What each disk holds, by its target. */
export async function digestDisks(domain: LabDomain): Promise<Record<string, string>> {
	return Object.fromEntries(await Promise.all((await disksOf(domain)).map(async disk => [disk.target, await digestImage(disk.path, disk.format)] as const)));
}
