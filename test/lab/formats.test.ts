/**
Disks in other formats than plain qcow2 and raw, off and running: created, reverted, merged and deleted by bytes. (libvirt 9.0 knows no VHDX.) Overlays take over what QEMU's own
live ones do: cluster size and extended L2 entries.
*/
import {mkdtemp, readdir, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	digestBare, doBare, markBare, startBare,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, type LabDomain,
} from './domains.ts';
import {report, runProgram, type ProgramResult} from './program.ts';
import {run, virsh} from './run.ts';
import {digestImage, writeLive, writeOffline} from './slots.ts';
import {readParents} from './snapshots.ts';
import {readDisks} from './xml-text.ts';

test.before(startLab);

type Kind = {name: string; format: string; options?: string[]; overlay?: [clusterBytes: number, hasExtendedL2: boolean]};

const kinds: Kind[] = [
	{name: 'VMDK', format: 'vmdk'},
	{name: 'VDI', format: 'vdi'},
	{name: 'QED', format: 'qed'},
	{name: 'qcow2 of version 2', format: 'qcow2', options: ['-o', 'compat=0.10']},
	{name: 'qcow2 with clusters of 4 KiB', format: 'qcow2', options: ['-o', 'cluster_size=4k'], overlay: [4096, false]},
	{name: 'qcow2 with clusters of 2 MiB', format: 'qcow2', options: ['-o', 'cluster_size=2M'], overlay: [2_097_152, false]},
	{name: 'qcow2 with extended L2 entries', format: 'qcow2', options: ['-o', 'extended_l2=on,cluster_size=128k'], overlay: [131_072, true]},
];

async function makeKind(t: ExecutionContext, {format, options = []}: Kind): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount: 1});
	const [disk] = domain.disks;
	const other = path.join(domain.folder, `disk.${format}`);
	await run('qemu-img', ['convert', '-O', format, ...options, disk!.path, other]);
	await run('rm', [disk!.path]);
	domain.disks = [{target: 'vda', path: other, format: format as 'qcow2'}];
	await defineXml(domainXml(domain));
	return domain;
}

async function readHead(domain: LabDomain) {
	return readDisks(await virsh('dumpxml', '--domain', domain.uuid))[0]!;
}

async function digestHead(domain: LabDomain): Promise<string> {
	const head = await readHead(domain);
	return digestImage(head.path, head.format);
}

async function act(domain: LabDomain, verb: string, name: string, ...flags: string[]): Promise<ProgramResult> {
	return runProgram(domain, [verb, ...flags, '--yes', '--', domain.name, name]);
}

for (const kind of kinds) {
	for (const isRunning of [false, true]) {
		test.serial(`${kind.name}, ${isRunning ? 'running' : 'off'}`, async t => {
			const domain = await makeKind(t, kind);
			const good = async (verb: string, name: string, ...flags: string[]) => {
				const result = await act(domain, verb, name, ...flags);
				t.is(result.exitCode, 0, report(result));
			};

			if (isRunning) {
				await start(domain);
			}

			const mark = async (pattern: number) => {
				await (isRunning ? writeLive(domain, [{target: 'vda', pattern, slot: 3}]) : writeOffline((await readHead(domain)).path, pattern, 3, 'qcow2'));
			};

			const expectLayout = async () => {
				const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', (await readHead(domain)).path])) as {'cluster-size': number; 'format-specific': {data: {'extended-l2': boolean}}};
				t.deepEqual([info['cluster-size'], info['format-specific'].data['extended-l2']], kind.overlay ?? [65_536, false]);
			};

			await good('create', 's1', '--disk-only');
			await expectLayout();
			await mark(0x11);
			const second = await digestHead(domain);
			await good('create', 's2', '--disk-only');
			await mark(0x12);
			await good('revert', 's2', '--keep=k1');
			t.deepEqual(await digestHead(domain), second);
			await expectLayout();
			await mark(0x13);
			const last = await digestHead(domain);
			for (const gone of ['k1', 's1', 's2']) {
				await good('delete', gone);
				t.deepEqual(await digestHead(domain), last, gone);
			}

			t.deepEqual(await readParents(domain), {});
			const {path: head, format} = await readHead(domain);
			t.deepEqual([head, format], [domain.disks[0]!.path, kind.format]);
		});
	}
}

test.serial('a standalone QEMU: the overlay of each disk has the clusters of its image, running and off', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-formats-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const image = path.join(folder, 'fine.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'extended_l2=on,cluster_size=128k', image, '4M']);
	const domain = await startBare(t, {more: ['-drive', `file=${image},if=virtio,format=qcow2`]});
	const first = await digestBare(domain);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	const layoutOf = async () => {
		const overlay = (await readdir(folder)).filter(name => name !== 'fine.qcow2' && !name.includes('.left-')).sort().at(-1)!;
		const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path.join(folder, overlay)])) as {'cluster-size': number; 'format-specific': {data: {'extended-l2': boolean}}};
		return [info['cluster-size'], info['format-specific'].data['extended-l2']];
	};

	t.deepEqual(await layoutOf(), [131_072, true]);
	t.notDeepEqual(await markBare(domain, 1), first);
	await doBare(domain, 'revert', '--discard', '--running', '--yes', '--', domain.name, 's1');
	t.deepEqual(await digestBare(domain), first);
	t.deepEqual(await layoutOf(), [131_072, true]);
});

