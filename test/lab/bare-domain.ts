/**
Makes bare QEMUs for tests, as a person would start them by hand: no libvirt, a monitor on a socket, two small qcow2 disks with known bytes, one by `-drive`
and one by `-blockdev`, and a boot sector that counts.
*/
import {spawn} from 'node:child_process';
import {
	mkdir, mkdtemp, readFile, rm,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {readQemuProcess} from '../../source/hosts/qemu/read-process.ts';
import {createMonitors} from '../../source/hosts/shared/qmp/monitors.ts';
import {writeBootSector} from './memory-counter.ts';
import {attempt, run, waitFor} from './run.ts';
import {
	domainPrefix, imagesPath, labEnvironment, programPath,
} from './settings.ts';
import {digestImage} from './slots.ts';
import {readDisks} from './xml-text.ts';

export type BareDomain = {
	name: string;
	folder: string;
	socketPath: string;
	statePath: string;
};

export type BareResult = {exitCode: number | null; stdout: string; stderr: string};

type Backend = {device: string; qdev: string; inserted?: {'node-name': string; file: string}};

export async function askBare<T>(domain: BareDomain, execute: string, parameters: Record<string, unknown> = {}): Promise<T> {
	const monitors = createMonitors({idleMs: 0});
	const answer = await monitors.ask(domain.socketPath, execute, parameters);
	await monitors.close();
	if (!answer.ok) {
		throw new Error(`${execute}: ${JSON.stringify(answer.failure)}`);
	}

	return answer.value as T;
}

async function tellHuman(domain: BareDomain, line: string): Promise<string> {
	return askBare(domain, 'human-monitor-command', {'command-line': line});
}

export async function isListening(domain: BareDomain): Promise<boolean> {
	const tried = await attempt('socat', ['-u', '/dev/null', `UNIX-CONNECT:${domain.socketPath}`]);
	return tried.exitCode === 0;
}

export async function quit(domain: BareDomain): Promise<void> {
	if (await isListening(domain)) {
		await askBare(domain, 'quit');
		await waitFor('QEMU ends', async () => !await isListening(domain));
	}
}

/** With SIGKILL: what is in its memory alone is lost. */
export async function killBare(domain: BareDomain): Promise<void> {
	process.kill((await readQemuProcess(domain.socketPath))!.pid, 'SIGKILL');
	await waitFor('QEMU has gone', async () => !await isListening(domain));
}

export type BareOptions = {
	name?: string;
	more?: string[];
	isInForeground?: boolean;
	/** All names count from the folder above, which QEMU leaves when it goes to the background. */
	isRelative?: boolean;
	/** Put on the image of the second disk: the options of the filter's node, but for its name and what is below. */
	filter?: Record<string, unknown>;
	/** Of qcow2: that of version 2 holds no bitmaps. */
	compat?: '0.10' | '1.1';
	sizeMiB?: number;
};

/** Images, and a QEMU on them that runs. Its command line begins as given, so that a test can add what it needs. */
export async function startBare(t: ExecutionContext, options: BareOptions = {}): Promise<BareDomain> {
	await mkdir(imagesPath, {recursive: true});
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}bare-`));
	const domain: BareDomain = {name: options.name ?? 'it\'s bare', folder, socketPath: path.join(folder, 'q.sock'), statePath: path.join(folder, 'state')};
	const images = ['sys, 1.qcow2', 'data.qcow2'].map(name => path.join(folder, name));
	t.teardown(async () => {
		await quit(domain);
		await rm(folder, {recursive: true, force: true});
	});
	for (const image of images) {
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `compat=${options.compat ?? '1.1'}`, image, `${options.sizeMiB ?? 4}M`]);
		// Either may be the one that is booted.
		await writeBootSector(image, 'qcow2');
	}

	const {filter} = options;
	const named = (file: string) => options.isRelative ? path.relative(path.dirname(folder), file) : file;
	const below = {driver: 'qcow2', 'node-name': filter === undefined ? 'data' : 'below', file: {driver: 'file', filename: named(images[1]!)}};
	const args = [
		...options.more ?? [],
		'-nodefaults',
		'-display',
		'none',
		'-m',
		'16',
		'-machine',
		'pc,accel=tcg',
		'-drive',
		`file=${named(images[0]!).replaceAll(',', ',,')},if=virtio`,
		'-blockdev',
		JSON.stringify(below),
		...(filter === undefined ? [] : ['-blockdev', JSON.stringify({...filter, 'node-name': 'data', [filter.driver === 'blkdebug' ? 'image' : 'file']: 'below'})]),
		'-device',
		'virtio-blk-pci,drive=data',
		'-qmp',
		`unix:${named(domain.socketPath)},server=on,wait=off`,
	];
	if (options.isInForeground) {
		spawn('qemu-system-x86_64', args, {stdio: 'ignore', detached: true, env: labEnvironment()}).unref();
	} else {
		await run('qemu-system-x86_64', [...args, '-daemonize'], {cwd: path.dirname(folder)});
	}

	await waitFor('QEMU listens', async () => isListening(domain));
	return domain;
}

/** Runs the built program on this domain. `onLine` sees each line of its output and may kill it. */
export async function runBare(domain: BareDomain, args: string[], onLine: (line: string, kill: (signal?: NodeJS.Signals) => void) => void = () => undefined): Promise<BareResult> {
	const child = spawn(process.execPath, [programPath, '--qmp', `${domain.name}=${domain.socketPath}`, ...args], {
		stdio: ['ignore', 'pipe', 'pipe'], env: labEnvironment({VSNAP_TUI_STATE: domain.statePath}), timeout: 40_000, killSignal: 'SIGKILL',
	});
	const result: BareResult = {exitCode: null, stdout: '', stderr: ''};
	let begun = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		result.stdout += text;
		const lines = (begun + text).split('\n');
		begun = lines.pop()!;
		for (const line of lines) {
			onLine(line, (signal = 'SIGKILL') => child.kill(signal));
		}
	});
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		result.stderr += text;
	});
	return new Promise(resolve => {
		child.once('exit', exitCode => {
			setTimeout(() => {
				resolve({...result, exitCode});
			}, 50);
		});
	});
}

/** Runs it to the end; throws with all that it said where it does not end with 0. */
export async function doBare(domain: BareDomain, ...args: string[]): Promise<string> {
	const result = await runBare(domain, args);
	if (result.exitCode !== 0) {
		throw new Error(`${args.join(' ')}\nended with ${result.exitCode}\n${result.stdout}${result.stderr}`);
	}

	return result.stdout;
}

export type BareTree = {
	domain: {state: string};
	snapshots: Array<{name: string; parent: string | null; current: boolean; memory: string}>;
	images: Array<{path: string; backing: string | null}>;
};

export async function readBareTree(domain: BareDomain): Promise<BareTree> {
	return JSON.parse(await doBare(domain, 'tree', '--json', domain.name)) as BareTree;
}

type Told = {filename?: string; file?: Told; image?: Told};

/** The file at the top, below all filters. */
const fileOf = ({filename, file, image}: Told): string => filename ?? fileOf((file ?? image)!);

/** The images that QEMU has open at the top, or would have at its next start. */
async function readBareHeads(domain: BareDomain): Promise<string[]> {
	if (await isListening(domain)) {
		const backends = await askBare<Backend[]>(domain, 'query-block');
		const names = backends.flatMap(({inserted}) => inserted?.file ?? []).map(name => name.startsWith('json:') ? fileOf(JSON.parse(name.slice('json:'.length)) as Told) : name);
		return names.map(name => path.resolve(path.dirname(domain.folder), name.replace(/^blkdebug:[^:]*:/, '')));
	}

	const xml = await readFile(path.join(domain.statePath, 'bare', encodeURIComponent(domain.name), 'domain.xml'), 'utf8');
	return readDisks(xml.replaceAll('"', '\'')).map(disk => disk.path);
}

/** What the guest would read from its disks. */
export async function digestBare(domain: BareDomain): Promise<string[]> {
	const heads = await readBareHeads(domain);
	return Promise.all(heads.sort((a, b) => path.basename(a).localeCompare(path.basename(b))).map(async head => digestImage(head, head.startsWith('/dev/') ? 'raw' : 'qcow2')));
}

/** Writes as the guest would, other bytes at each mark, 64 KiB or so many MiB; gives the digests. */
export async function markBare(domain: BareDomain, mark: number, mebibytes?: number): Promise<string[]> {
	const backends = await askBare<Backend[]>(domain, 'query-block');
	for (const [index, {qdev}] of backends.filter(backend => backend.inserted).entries()) {
		for (const command of [`write -P ${(index * 16) + mark} ${mark * 65_536} ${mebibytes === undefined ? '64k' : `${mebibytes}M`}`, 'flush']) {
			// By the device: the guest alone may write to the node below it.
			const said = await tellHuman(domain, `qemu-io -d ${qdev} "${command}"`);
			if (said.trim() !== '') {
				throw new Error(said);
			}
		}
	}

	return digestBare(domain);
}

/** By target. */
export const markBareDisks = async (domain: BareDomain, mark: number, mebibytes?: number): Promise<Record<string, string>> => {
	const [vdb, vda] = await markBare(domain, mark, mebibytes);
	return {vda: vda!, vdb: vdb!};
};

type Node = {'node-name': string; 'dirty-bitmaps'?: Array<{name?: string; persistent: boolean}>};

/** Whatever a backup should not leave in QEMU. */
export async function readRemains(domain: BareDomain): Promise<string[]> {
	const jobs = await askBare<Array<{id: string}>>(domain, 'query-jobs');
	const nodes = await askBare<Node[]>(domain, 'query-named-block-nodes', {flat: true});
	return [
		...jobs.map(({id}) => id),
		...nodes.map(node => node['node-name']).filter(name => /^vsnap-(?:copy|export)-/.test(name)),
		...nodes.flatMap(node => node['dirty-bitmaps'] ?? []).filter(({persistent}) => !persistent).map(({name}) => name ?? 'a bitmap'),
	];
}

export async function readBareCounter(domain: BareDomain): Promise<number> {
	const text = await tellHuman(domain, 'xp /1wx 0x7000');
	return Number.parseInt(/: 0x([\da-f]{8})/.exec(text)![1]!, 16);
}

export async function waitForBareCounter(domain: BareDomain, atLeast: number): Promise<void> {
	await waitFor(`the counter reaches ${atLeast}`, async () => await readBareCounter(domain) >= atLeast);
}
