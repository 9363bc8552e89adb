/**
A QEMU that runs, as its monitor and its process tell it.
*/
import path from 'node:path';
import process from 'node:process';
import type {Disk, DomainState} from '../../model/domain.ts';
import type {BareNode, ImageNode, Job} from '../../model/inventory.ts';
import {imagesOfDrives, withPresentHeads} from '../../model/qemu-command-line.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {resolveBackingPath} from '../../tools/backing-name.ts';
import type {Monitors} from './monitors.ts';
import {imageFormats, isFilter, lookThrough} from './look-through.ts';
import {readImageNodes} from './read-nodes.ts';
import {readQemuProcess, type QemuProcess} from './read-process.ts';

export type LiveDisk = {
	/** The backend's id, or the path of the device: what tells it from the others. */
	alias: string;
	device: string;
	disk: Disk;
	node: BareNode;
	/** The head and all below it, as QEMU opened them. */
	chain: string[];
	/** The filter below which the image could not be told; undefined: it is known. */
	hiddenBy?: string;
};

export type Live = {
	state: DomainState;
	/** It waits for saved memory. */
	isWaiting: boolean;
	/** Undefined where QEMU was given none. */
	uuid: string | undefined;
	version: number;
	isKvm: boolean;
	memoryBytes: number;
	arch: string | undefined;
	machine: string | undefined;
	nvramPath: string | undefined;
	disks: LiveDisk[];
	commands: Set<string>;
	imageNodes: Map<string, ImageNode>;
	jobs: Job[];
	/** The images on the command line of the process. */
	startImages: string[];
	argv: string[] | undefined;
	argvProblem: string | undefined;
};

type QemuImage = {filename?: string; 'backing-image'?: QemuImage};
type QemuBitmap = {name?: string; granularity?: number; recording?: boolean; persistent?: boolean; inconsistent?: boolean};
type QemuBackend = {
	device?: string;
	qdev?: string;
	removable?: boolean;
	inserted?: {
		file?: string;
		drv?: string;
		ro?: boolean;
		encrypted?: boolean;
		'node-name'?: string;
		image?: QemuImage;
		'dirty-bitmaps'?: QemuBitmap[];
	};
};

const states: Record<string, DomainState> = {
	running: 'running',
	paused: 'paused',
	prelaunch: 'paused',
	postmigrate: 'paused',
	suspended: 'pmsuspended',
	shutdown: 'paused',
	'io-error': 'paused',
	watchdog: 'paused',
	'guest-panicked': 'crashed',
	'internal-error': 'crashed',
};

function isZero(uuid: string): boolean {
	return /^[0-]*$/.test(uuid);
}

function chainOf(image: QemuImage | undefined, folder: string): string[] {
	return image?.filename === undefined ? [] : [resolveName(image.filename, folder), ...chainOf(image['backing-image'], folder)];
}

/** A name as QEMU gives it: a path, perhaps from its own folder, or options in JSON. */
export function resolveName(name: string, folder: string): string {
	return resolveBackingPath(path.join(folder, 'image'), name);
}

function isFirmware(backend: QemuBackend): boolean {
	return /^pflash\d+$/.test(backend.device ?? '') || /^\/machine\/system\.flash\d+$/.test(backend.qdev ?? '');
}

/** The node that holds the image, with what is told of it; the disk's own where there is no filter. */
function nodeBelow(inserted: NonNullable<QemuBackend['inserted']>, image: ImageNode | undefined): {nodeName: string; bitmaps: BareNode['bitmaps']} {
	const own = (inserted['dirty-bitmaps'] ?? [])
		.filter(bitmap => bitmap.persistent && bitmap.recording && !bitmap.inconsistent && bitmap.name !== undefined)
		.map(bitmap => ({name: bitmap.name!, granularityBytes: bitmap.granularity ?? 65_536}));
	return isFilter(inserted.drv ?? '') && image !== undefined
		? {nodeName: image.nodeName, bitmaps: image.recording ?? []}
		: {nodeName: inserted['node-name'] ?? '', bitmaps: own};
}

function toDisk(backend: QemuBackend, folder: string, nodes: ReadonlyMap<string, ImageNode>): LiveDisk | undefined {
	const {inserted, device = '', qdev = ''} = backend;
	// A backend without a device, and without a name of its own, is nobody's.
	if (inserted?.file === undefined || isFirmware(backend)) {
		return undefined;
	}

	const below = lookThrough(inserted.file, inserted.drv ?? 'raw');
	const driver = below?.format ?? inserted.drv ?? 'raw';
	const isPlain = driver === 'file' || driver === 'host_device';
	const isImage = isPlain || imageFormats.has(driver);
	const sourcePath = resolveName(below?.name ?? inserted.file, folder);
	const isFile = isImage && sourcePath.startsWith('/');
	const isBlock = isFile && sourcePath.startsWith('/dev/');
	const isFloppy = /floppy|fdc/.test(`${device} ${qdev}`);
	const {nodeName, bitmaps} = nodeBelow(inserted, nodes.get(sourcePath));
	return {
		alias: device === '' ? qdev : device,
		device,
		chain: [...new Set([sourcePath, ...chainOf(inserted.image, folder).slice(1)])],
		...(below === undefined && {hiddenBy: driver}),
		disk: {
			target: '',
			device: backend.removable ? (isFloppy ? 'floppy' : 'cdrom') : 'disk',
			sourceType: isBlock ? 'block' : (isFile ? 'file' : 'network'),
			sourcePath: isFile ? sourcePath : undefined,
			format: isPlain ? 'raw' : driver,
			readonly: inserted.ro ?? false,
			shareable: false,
			snapshotMode: undefined,
			hasMirror: false,
			isEncrypted: inserted.encrypted ?? false,
			hasSlices: false,
		},
		node: {
			nodeName,
			isNamedByPerson: !/^(?:#|vsnap-)/.test(nodeName),
			device: device === '' ? qdev : device,
			bitmaps,
		},
	};
}

const wait = 'Wait until it has ended';

/** A commit or copy that is done stays until somebody ends it. */
function jobOf({id = '', type = 'a job', status = ''}: {id?: string; type?: string; status?: string}): Job {
	const named = JSON.stringify({id});
	return {
		text: `${type} ("${id}", ${status})`,
		remedy: status === 'ready' ? `End it (QMP: job-complete ${named}), or give it up (job-cancel ${named}).` : `${wait}, or cancel it (QMP: job-cancel ${named}).`,
	};
}

/** Copies, saves and migrations that are going on. */
function jobsOf(jobs: unknown, blockJobs: unknown, migration: unknown): Job[] {
	const running = (Array.isArray(jobs) ? jobs : []) as Array<{id?: string; type?: string; status?: string}>;
	const block = (Array.isArray(blockJobs) ? blockJobs : []) as Array<{device?: string; type?: string}>;
	const {status} = (migration ?? {}) as {status?: string};
	const known = new Set(running.map(job => job.id));
	return [
		...running.filter(job => !['concluded', 'null', 'undefined'].includes(job.status ?? '')).map(job => jobOf(job)),
		...block.filter(job => !known.has(job.device)).map(job => ({text: `${job.type ?? 'a block job'} on ${job.device ?? 'a disk'}`, remedy: `${wait}.`})),
		...(status !== undefined && ['setup', 'active', 'pre-switchover', 'device', 'cancelling', 'postcopy-active'].includes(status)
			? [{text: `a migration (${status})`, remedy: `${wait}, or cancel it (QMP: migrate_cancel).`}]
			: []),
	];
}

function readArgv(found: QemuProcess | undefined, disks: LiveDisk[]): {argv: string[] | undefined; argvProblem: string | undefined} {
	const unknown = (argvProblem: string) => ({argv: undefined, argvProblem});
	if (found?.argv === undefined || found.folder === undefined) {
		return unknown('its process is not seen, or may not be looked at, so its command line is not known');
	}

	const own = process.geteuid?.();
	if (found.uid !== own) {
		return unknown(`it runs as the user ${found.uid}, and would be started as the user ${own}`);
	}

	const argv = found.folder === '/' ? found.argv : ['env', '-C', found.folder, ...found.argv];
	const heads = disks
		.filter(({disk}) => disk.device === 'disk' && disk.sourceType !== 'network')
		.map(({disk, device, chain}) => ({target: disk.sourcePath!, device, path: disk.sourcePath!, format: disk.format ?? 'raw', isDevice: disk.sourceType === 'block', chain}));
	const present = withPresentHeads(argv, heads);
	return present.ok
		? {argv: present.value, argvProblem: undefined}
		: unknown(present.failure.kind === 'unreadable' ? `its command line is not understood: ${present.failure.reason}` : present.failure.kind);
}

/** Undefined: nobody listens, so the domain is off. Fails as the monitor does. */
export async function readLive(monitors: Pick<Monitors, 'ask'>, socketPath: string): Promise<Result<Live | undefined>> {
	const ask = async (execute: string, parameters: Record<string, unknown> = {}) => monitors.ask(socketPath, execute, parameters);
	const status = await ask('query-status');
	if (!status.ok) {
		return status.failure.kind === 'monitor-failed' && status.failure.reason === 'not-listening' ? succeed(undefined) : status;
	}

	const [version, uuid, backends, commands, target, kvm, memory, machine, jobs, blockJobs, migration] = await Promise.all([
		ask('query-version'),
		ask('query-uuid'),
		ask('query-block'),
		ask('query-commands'),
		ask('query-target'),
		ask('query-kvm'),
		ask('query-memory-size-summary'),
		ask('qom-get', {path: '/machine', property: 'type'}),
		ask('query-jobs'),
		ask('query-block-jobs'),
		ask('query-migrate'),
	]);
	if (!backends.ok || !Array.isArray(backends.value)) {
		return backends.ok ? fail({kind: 'unreadable', what: `What ${socketPath} says of its disks`, reason: 'it is no list'}) : backends;
	}

	const found = await readQemuProcess(socketPath);
	const folder = found?.folder ?? '/';
	const nodes = await readImageNodes(ask, name => resolveName(name, folder));
	const value = <T>(result: Result<unknown>) => (result.ok ? result.value : {}) as Partial<T>;
	const list = backends.value as QemuBackend[];
	const imageNodes = nodes.ok ? nodes.value : new Map<string, ImageNode>();
	const disks = list.flatMap(backend => toDisk(backend, folder, imageNodes) ?? []);
	const firmware = list.find(backend => isFirmware(backend) && backend.inserted?.ro === false)?.inserted?.file;
	const numbers = value<{qemu: {major: number; minor: number; micro: number}}>(version).qemu;
	const word = value<{status: string}>(status).status ?? '';
	const givenUuid = value<{UUID: string}>(uuid).UUID;
	const names = commands.ok && Array.isArray(commands.value) ? (commands.value as Array<{name?: string}>).flatMap(({name}) => name ?? []) : [];
	const sizes = value<{'base-memory': number; 'plugged-memory': number}>(memory);
	return succeed({
		state: states[word] ?? 'nostate',
		isWaiting: word === 'inmigrate',
		uuid: givenUuid === undefined || isZero(givenUuid) ? undefined : givenUuid,
		version: numbers === undefined ? 0 : (numbers.major * 1_000_000) + (numbers.minor * 1000) + numbers.micro,
		isKvm: value<{enabled: boolean}>(kvm).enabled ?? false,
		memoryBytes: (sizes['base-memory'] ?? 0) + (sizes['plugged-memory'] ?? 0),
		arch: value<{arch: string}>(target).arch,
		machine: machine.ok && typeof machine.value === 'string' ? machine.value.replace(/-machine$/, '') : undefined,
		nvramPath: firmware === undefined ? undefined : resolveName(firmware, folder),
		disks,
		commands: new Set(names),
		imageNodes,
		startImages: found?.argv === undefined ? [] : imagesOfDrives(['env', '-C', folder, ...found.argv]),
		jobs: jobsOf(jobs.ok ? jobs.value : [], blockJobs.ok ? blockJobs.value : [], migration.ok ? migration.value : {}),
		...readArgv(found, disks),
	});
}
