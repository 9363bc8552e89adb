/** A domain on disks behind NBD servers (qemu-nbd), which serve files outside of the domain's folder. */
import {spawn} from 'node:child_process';
import {
	chmod, mkdir, rm, stat,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {makeDomain, type LabDomain} from './domains.ts';
import {attempt, run, waitFor} from './run.ts';
import {writeOffline} from './slots.ts';
import {freePort} from './ssh-server.ts';
import {unescapeXml, type XmlDisk} from './xml-text.ts';

export type NetworkDomain = {domain: LabDomain; urls: string[]};

/** vda is served on a TCP port, vdb on a UNIX socket. `clients`: how many may be connected to each at a time. */
export async function makeNetworkDomain(t: ExecutionContext, sizeMiB: number, {clients = 8}: {clients?: number} = {}): Promise<NetworkDomain> {
	const folder = path.join(os.tmpdir(), `vsnaplab-nbd-${Math.random().toString(36).slice(2)}`);
	await mkdir(folder);
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const [port, socket] = [await freePort(), path.join(folder, 'b.sock')];
	const served = [
		{file: path.join(folder, 'a.raw'), at: ['-b', '127.0.0.1', '-p', String(port)], url: `nbd://127.0.0.1:${port}/vol-a`, source: `name='vol-a'><host name='127.0.0.1' port='${port}'/>`},
		{file: path.join(folder, 'b.raw'), at: ['-k', socket], url: `nbd+unix:///vol-b?socket=${socket}`, source: `name='vol-b'><host transport='unix' socket='${socket}'/>`},
	];
	for (const [index, {file, at, url}] of served.entries()) {
		await run('qemu-img', ['create', '-q', '-f', 'raw', file, `${sizeMiB}M`]);
		await writeOffline(file, 0xB0, 0, 'raw');
		const server = spawn('qemu-nbd', ['-t', '-f', 'raw', '-x', `vol-${'ab'[index]}`, '-e', String(clients), ...at, file], {stdio: 'ignore'});
		t.teardown(() => {
			server.kill();
		});
		await waitFor(`a server answers at ${url}`, async () => {
			const answer = await attempt('qemu-img', ['info', '-f', 'raw', url]);
			return answer.exitCode === 0;
		});
	}

	await chmod(folder, 0o755);
	await chmod(socket, 0o666);
	const disks = served.map(({source}, index) => `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' ${source}</source><target dev='vd${'ab'[index]}' bus='virtio'/></disk>`);
	const domain = await makeDomain(t, {diskCount: 0, devicesXml: disks.join('')});
	return {domain, urls: served.map(({url}) => url)};
}

/** The disks of a `<domain>` that are behind NBD servers, by the URLs of qemu-img. */
export function readNetworkDisks(domainXml: string): XmlDisk[] {
	return [...domainXml.matchAll(/<disk type='network'[^>]*>.*?<\/disk>/gs)].map(([whole]) => {
		const disk = whole.replaceAll(/<(?<name>backingStore|mirror)\b.*<\/\k<name>>/gs, '');
		const [name, host, port, socket, target, format] = [/ name='(vol-[^']*)'/, /<host name='([^']*)'/, / port='([^']*)'/, / socket='([^']*)'/, /<target dev='([^']*)'/, /<driver [^>]*type='([^']*)'/]
			.map(pattern => unescapeXml(pattern.exec(disk)?.[1] ?? ''));
		return {target: target!, path: socket === '' ? `nbd://${host}:${port}/${name}` : `nbd+unix:///${name}?socket=${socket}`, format: format!};
	});
}

/** The sockets are still there, and somebody serves on them. */
export async function expectServed(t: ExecutionContext, urls: readonly string[]): Promise<void> {
	for (const url of urls) {
		const socket = /socket=(?<path>.*)$/.exec(url)?.groups?.path;
		if (socket !== undefined) {
			t.true((await stat(socket)).isSocket(), socket);
		}

		t.is((await attempt('qemu-img', ['info', '-f', 'raw', url])).exitCode, 0, url);
	}
}
