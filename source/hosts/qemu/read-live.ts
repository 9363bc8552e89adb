/**
A QEMU that runs, as its monitor and its process tell it.
*/
import {stat} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type {Disk, DomainState} from '../../model/domain/domain.ts';
import type {BareNode, ImageNode, Job, QemuUser} from '../../model/domain/inventory.ts';
import {imagesOfDrives, withPresentHeads} from '../../model/qemu/command-line.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {versionNumber} from '../../model/text/format.ts';
import {jobsOf} from '../shared/qmp/jobs.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import {locateFor, type Locate} from './locate-files.ts';
import {imageFormats, isFilter, lookThrough} from './look-through.ts';
import {quietly} from './quietly.ts';
import {readImageNodes} from './read-nodes.ts';
import {readQemuProcess, type QemuProcess} from './read-process.ts';

type LiveDisk = {
	/** The backend's id, or the path of the device: what tells it from the others. */
	alias: string;
	device: string;
	disk: Disk;
	node: BareNode;
	/** The head and all below it, as QEMU opened them. */
	chain: string[];
	/** Why it is not known which image this is, and what helps; undefined: it is known. */
	hidden?: {reason: string; remedy: string};
};

export type Live = {
	state: DomainState;
	/** It waits for saved memory. */
	isWaiting: boolean;
	/** QEMU has not activated its disks since it was given saved memory. */
	isInactive: boolean;
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
	user: QemuUser | undefined;
	argv: string[] | undefined;
	argvProblem: string | undefined;
};

type QemuImage = {filename?: string; format?: string; 'backing-image'?: QemuImage};
type QemuBitmap = {name?: string; count?: number; granularity?: number; recording?: boolean; persistent?: boolean; inconsistent?: boolean};
type QemuInserted = {
	file?: string;
	drv?: string;
	ro?: boolean;
	/** Since QEMU 10.0. */
	active?: boolean;
	encrypted?: boolean;
	'node-name'?: string;
	image?: QemuImage;
	'dirty-bitmaps'?: QemuBitmap[];
};
type QemuBackend = {device?: string; qdev?: string; removable?: boolean; inserted?: QemuInserted};

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

/** Names that cannot be located are left out: what is below the head, its header tells. */
async function chainOf(image: QemuImage | undefined, locate: Locate): Promise<string[]> {
	const file = image?.filename === undefined ? undefined : await locate(image.filename);
	return image === undefined ? [] : [...(file === undefined ? [] : [file]), ...await chainOf(image['backing-image'], locate)];
}

/** QEMU gives the overlays of `-snapshot` such a name, and unlinks them once they are open. */
async function isTemporary(file: string | undefined): Promise<boolean> {
	return file !== undefined && /^vl\.\w{6}$/.test(path.basename(file)) && await quietly(async () => stat(file)) === undefined;
}

function isFirmware(backend: QemuBackend): boolean {
	return /^pflash\d+$/.test(backend.device ?? '') || /^\/machine\/system\.flash\d+$/.test(backend.qdev ?? '');
}

/** The node that holds the image, with what is told of it; the disk's own where there is no filter. */
function nodeBelow(inserted: QemuInserted, image: ImageNode | undefined): {nodeName: string; bitmaps: BareNode['bitmaps']} {
	const own = (inserted['dirty-bitmaps'] ?? [])
		.filter(bitmap => bitmap.persistent && bitmap.recording && !bitmap.inconsistent && bitmap.name !== undefined)
		.map(bitmap => ({name: bitmap.name!, granularityBytes: bitmap.granularity ?? 65_536, dirtyBytes: bitmap.count ?? 0}));
	return isFilter(inserted.drv ?? '') && image !== undefined
		? {nodeName: image.nodeName, bitmaps: image.recording ?? []}
		: {nodeName: inserted['node-name'] ?? '', bitmaps: own};
}

type MediumFacts = {sourcePath: string | undefined; driver: string; isTransient: boolean; isNamedFromFolder?: true; hidden?: LiveDisk['hidden']};

/** The image of a disk, whatever QEMU has put on it. */
async function tellImage(inserted: Pick<QemuInserted, 'drv' | 'image'> & {file: string}, locate: Locate, nodes: ReadonlyMap<string, ImageNode>): Promise<MediumFacts> {
	const {file, drv = 'raw', image} = inserted;
	const below = lookThrough(file, drv);
	const sourcePath = below && await locate(below.name);
	const driver = below?.format ?? nodes.get(sourcePath ?? '')?.format;
	if (below === undefined || (sourcePath !== undefined && driver === undefined)) {
		return {sourcePath: undefined, driver: drv, isTransient: false, hidden: {
			reason: `has QEMU's filter "${drv}" on it, and the image below is not known`,
			remedy: 'Start QEMU on the image itself, then try again.',
		}};
	}

	const frozen = image?.['backing-image'];
	if (frozen !== undefined && await isTemporary(sourcePath)) {
		return {...await tellImage({file: frozen.filename ?? '', drv: frozen.format, image: frozen}, locate, nodes), isTransient: true};
	}

	if (sourcePath !== undefined && driver !== undefined) {
		return {sourcePath, driver, isTransient: false, ...(sourcePath !== below.name && {isNamedFromFolder: true})};
	}

	return {sourcePath: undefined, driver: drv, isTransient: false, hidden: {
		reason: `is on "${below.name}", and the folder to which this name is relative is not known`,
		remedy: 'Run as a user who may look at its process, or start QEMU with the absolute paths of its images; then try again.',
	}};
}

async function toDisk(backend: QemuBackend, locate: Locate, nodes: ReadonlyMap<string, ImageNode>): Promise<LiveDisk | undefined> {
	const {inserted, device = '', qdev = ''} = backend;
	// A backend without a device, and without a name of its own, is nobody's.
	if (inserted?.file === undefined || isFirmware(backend)) {
		return undefined;
	}

	const {sourcePath, driver, isTransient, isNamedFromFolder, hidden} = await tellImage({...inserted, file: inserted.file}, locate, nodes);
	const isPlain = driver === 'file' || driver === 'host_device';
	const isImage = isPlain || imageFormats.has(driver);
	const isFile = isImage && sourcePath?.startsWith('/') === true;
	const isBlock = isFile && sourcePath.startsWith('/dev/');
	const isFloppy = /floppy|fdc/.test(`${device} ${qdev}`);
	const {nodeName, bitmaps} = nodeBelow(inserted, nodes.get(sourcePath ?? ''));
	return {
		alias: device === '' ? qdev : device,
		device,
		chain: [...new Set([...(sourcePath === undefined ? [] : [sourcePath]), ...(await chainOf(inserted.image?.['backing-image'], locate))])],
		...(hidden && {hidden}),
		disk: {
			target: '',
			device: backend.removable ? (isFloppy ? 'floppy' : 'cdrom') : 'disk',
			sourceType: isBlock ? 'block' : (isFile ? 'file' : 'network'),
			sourcePath: isFile ? sourcePath : undefined,
			format: isPlain ? 'raw' : driver,
			readonly: inserted.ro ?? false,
			shareable: false,
			...(isTransient && {transient: {overlayPath: undefined}}),
			snapshotMode: undefined,
			hasMirror: false,
			isEncrypted: inserted.encrypted ?? false,
			hasSlices: false,
		},
		node: {
			nodeName,
			isNamedByPerson: !/^(?:#|vsnap-)/.test(nodeName),
			...(isNamedFromFolder && {isNamedFromFolder}),
			device: device === '' ? qdev : device,
			bitmaps,
		},
	};
}

function readArgv(found: QemuProcess | undefined, disks: LiveDisk[]): {argv: string[] | undefined; argvProblem: string | undefined} {
	const unknown = (argvProblem: string) => ({argv: undefined, argvProblem});
	if (found?.argv === undefined || found.folders.length === 0) {
		return unknown('its process cannot be found or read, so its command line is not known');
	}

	if (found.folder === undefined) {
		return unknown('it was started with -daemonize, and the folder to which the names in its command line are relative is not known');
	}

	if (found.uid !== process.geteuid?.()) {
		return unknown(`it runs as the user ${found.uid}, and would be started as the user ${process.geteuid?.()}`);
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

	const answers = await Promise.all([
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
	// What QEMU refuses it does not know or have; of any other failure nothing can be concluded, least of all that no job is there.
	const lost = answers.find(answer => !answer.ok && answer.failure.kind !== 'qmp-failed');
	if (lost !== undefined) {
		return lost as Result<never>;
	}

	const [version, uuid, backends, commands, target, kvm, memory, machine, jobs, blockJobs, migration] = answers;
	if (!backends.ok || !Array.isArray(backends.value)) {
		return backends.ok ? fail({kind: 'unreadable', what: `What ${socketPath} says of its disks`, reason: 'it is not a list'}) : backends;
	}

	const found = await readQemuProcess(socketPath);
	const locate = locateFor(found);
	const nodes = await readImageNodes(ask, locate);
	if (!nodes.ok && nodes.failure.kind !== 'qmp-failed') {
		return nodes;
	}

	const value = <T>(result: Result<unknown>) => (result.ok ? result.value : {}) as Partial<T>;
	const list = backends.value as QemuBackend[];
	const imageNodes = nodes.ok ? nodes.value : new Map<string, ImageNode>();
	const disks = (await Promise.all(list.map(async backend => toDisk(backend, locate, imageNodes)))).filter(disk => disk !== undefined);
	const firmware = list.find(backend => isFirmware(backend) && backend.inserted?.ro === false)?.inserted?.file;
	const numbers = value<{qemu: {major: number; minor: number; micro: number}}>(version).qemu;
	const word = value<{status: string}>(status).status ?? '';
	const givenUuid = value<{UUID: string}>(uuid).UUID;
	const names = commands.ok && Array.isArray(commands.value) ? (commands.value as Array<{name?: string}>).flatMap(({name}) => name ?? []) : [];
	const sizes = value<{'base-memory': number; 'plugged-memory': number}>(memory);
	return succeed({
		state: states[word] ?? 'nostate',
		isWaiting: word === 'inmigrate',
		isInactive: list.some(({inserted}) => inserted?.active === false),
		uuid: givenUuid === undefined || isZero(givenUuid) ? undefined : givenUuid,
		version: numbers === undefined ? 0 : versionNumber(numbers.major, numbers.minor, numbers.micro),
		isKvm: value<{enabled: boolean}>(kvm).enabled ?? false,
		memoryBytes: (sizes['base-memory'] ?? 0) + (sizes['plugged-memory'] ?? 0),
		arch: value<{arch: string}>(target).arch,
		machine: machine.ok && typeof machine.value === 'string' ? machine.value.replace(/-machine$/, '') : undefined,
		nvramPath: firmware === undefined ? undefined : await locate(firmware),
		disks,
		commands: new Set(names),
		imageNodes,
		startImages: found?.argv === undefined ? [] : imagesOfDrives(['env', '-C', found.folder ?? '/', ...found.argv]),
		jobs: jobsOf(jobs.ok ? jobs.value : [], blockJobs.ok ? blockJobs.value : [], migration.ok ? migration.value : {}),
		user: found?.user,
		...readArgv(found, disks),
	});
}
