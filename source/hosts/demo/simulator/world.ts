/**
What the demo host is made of: files, file systems and domains, all in memory. Commands (virsh, qemu-img, stat …) read and change it;
nothing of it reaches the machine.
*/
import path from 'node:path';
import type {XmlNode} from './xml-node.ts';

export type DemoFile = {
	path: string;
	/** `empty` is what `dd` makes of /dev/null. */
	kind: 'image' | 'memory' | 'empty' | 'text';
	format: 'qcow2' | 'raw';
	virtualSizeBytes: number;
	allocatedBytes: number;
	backing: {name: string; format: string | undefined} | undefined;
	/** What was written to it, by number, oldest first: what is read from an image is this on top of what its backing file reads. */
	writes: number[];
	/** Internal snapshots; `writes` as they were then. */
	tags: Array<{tag: string; memoryBytes: number; atMs: number; writes: number[]}>;
	bitmaps: string[];
	uid: number;
	gid: number;
	mode: number;
	modifiedAtMs: number;
	inode: number;
	/** The domain inside a memory file. */
	memory: XmlNode | undefined;
	/** What it holds, of a text. */
	text?: string;
};

/** Work that goes on: what others can see of it, and end it by. */
export type CopyJob = {
	/** In the words of the tool that tells of it: `Active Block Commit`, `Backup`. */
	type: string;
	doneBytes: number;
	totalBytes: number;
	abort: AbortController;
	/** Others read the disks, and nothing is copied. */
	isPull?: boolean;
};

/** A qemu-storage-daemon: the image of each node, and its jobs by their id. */
export type DemoDaemon = {files: Map<string, string>; jobs: Map<string, {job: CopyJob; ended: Promise<{exitCode: number}>}>};

export type DemoDomain = {
	uuid: string;
	name: string;
	/** Set while it runs. */
	id: number | undefined;
	state: 'running' | 'paused' | 'shutoff';
	definition: XmlNode;
	/** What runs; set while it runs. */
	live: XmlNode | undefined;
	hasManagedSave: boolean;
	/** A guest agent is installed, and answers while the guest runs; it needs a channel in the definition, too. */
	hasAgent: boolean;
	/** The job on the whole domain: saving memory, a backup. */
	job: CopyJob | undefined;
	/** How the last backup ended. */
	lastJob?: {totalBytes: number; doneBytes: number; error: string | undefined};
	/** By target. */
	blockJobs: Map<string, CopyJob>;
	snapshots: Map<string, XmlNode>;
	currentSnapshot: string | undefined;
	checkpoints: Map<string, XmlNode>;
};

export type DemoWorld = {
	now: () => Date;
	files: Map<string, DemoFile>;
	folders: Set<string>;
	/** Longest mount point wins. */
	fileSystems: Array<{mount: string; id: string; freeBytes: number}>;
	/** Storage pools by name, each a folder. */
	pools: Map<string, string>;
	domains: Map<string, DemoDomain>;
	/** By the path of the monitor. */
	daemons: Map<string, DemoDaemon>;
	nextId: number;
	nextInode: number;
	nextWrite: number;
	listeners: Set<(line: string) => void>;
};

/** As the user and group that Debian's libvirt runs QEMU as. */
export const ownedByQemu = {uid: 64_055, gid: 64_055, mode: 0o600};

export function createWorld(now: () => Date): DemoWorld {
	return {
		now, files: new Map(), folders: new Set(['/']), fileSystems: [], pools: new Map(), domains: new Map(), daemons: new Map(), nextId: 1, nextInode: 1_310_721, nextWrite: 1, listeners: new Set(),
	};
}

export function addFolder(world: DemoWorld, folder: string): void {
	for (let place = folder; !world.folders.has(place); place = path.posix.dirname(place)) {
		world.folders.add(place);
	}
}

/** A qcow2 image that nothing was written to. */
export const emptyImageBytes = 200_704;

/** Puts a file there; what is not said is as qemu-img would leave it. One that takes more room than an empty image holds something of its own. */
export function addFile(world: DemoWorld, file: Partial<DemoFile> & {path: string}): DemoFile {
	const whole: DemoFile = {
		kind: 'image', format: 'qcow2', virtualSizeBytes: 0, allocatedBytes: emptyImageBytes, backing: undefined, writes: [], tags: [], bitmaps: [], uid: 0, gid: 0, mode: 0o644,
		modifiedAtMs: world.now().getTime(), inode: world.nextInode++, memory: undefined, ...file,
	};
	if (file.writes === undefined && whole.kind === 'image' && whole.allocatedBytes > emptyImageBytes) {
		whole.writes = [world.nextWrite++];
	}

	world.files.set(whole.path, whole);
	return whole;
}

/** Off, and with nothing of its own but its definition. */
export function addDomain(world: DemoWorld, facts: Pick<DemoDomain, 'uuid' | 'name' | 'definition'> & Partial<DemoDomain>): DemoDomain {
	const domain: DemoDomain = {
		id: undefined, state: 'shutoff', live: undefined, hasManagedSave: false, hasAgent: false, job: undefined, blockJobs: new Map(), snapshots: new Map(), currentSnapshot: undefined, checkpoints: new Map(), ...facts,
	};
	world.domains.set(domain.uuid, domain);
	return domain;
}

/** The absolute path that an image's header means. */
export function backingPath(file: DemoFile): string | undefined {
	return file.backing && path.posix.resolve(path.posix.dirname(file.path), file.backing.name);
}

/** The images from this one down, as far as the files are there, and the first that is missing. */
export function readChain(world: DemoWorld, top: string): {files: DemoFile[]; missing: string | undefined} {
	const files: DemoFile[] = [];
	for (let place: string | undefined = top; place !== undefined; place = backingPath(files.at(-1)!)) {
		const file = world.files.get(place);
		if (!file || files.includes(file)) {
			return {files, missing: place};
		}

		files.push(file);
	}

	return {files, missing: undefined};
}

/** `virsh event` prints such lines. */
export function announce(world: DemoWorld, domain: DemoDomain, what: string): void {
	for (const listener of world.listeners) {
		listener(`event 'lifecycle' for domain '${domain.name}': ${what}`);
	}
}
