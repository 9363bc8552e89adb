/**
A domain and its disks, as libvirt's XML describes them. Nothing here knows where they were read.
*/

export type DomainState = 'running' | 'paused' | 'shutoff' | 'shutdown' | 'crashed' | 'pmsuspended' | 'blocked' | 'nostate';

/** One line of the domain list. */
export type DomainSummary = {
	uuid: string;
	name: string;
	state: DomainState;
};

export type SnapshotMode = 'no' | 'internal' | 'external' | 'manual';

/** A chain as a definition records it: QEMU is started on this one, whatever the headers of the images say. */
export type RecordedChain = {
	/** From the first one below the source down. A layer that is no file has no path. */
	layers: Array<{path: string | undefined; format: string | undefined; isEncrypted: boolean; encryption?: Encryption}>;
	/** The record ends with an empty `<backingStore/>`: nothing is below its last layer. Else the headers are followed from there on. */
	isWhole: boolean;
};

/** One `<disk>` of a domain definition. */
export type Disk = {
	/** `<target dev>`: what identifies the disk within its domain. */
	target: string;
	device: 'disk' | 'cdrom' | 'floppy' | 'lun';
	/** `type` of the disk: file, block, network, volume, dir, nvme, vhostuser … */
	sourceType: string;
	/** The file or block device; undefined for an empty drive, for sources that are no path, and for a volume whose path was not asked for. */
	sourcePath: string | undefined;
	/** The volume of a storage pool that a disk of the type `volume` names; `kind`: what it is on the host, where that is known and it is either. */
	sourceVolume?: {pool: string; volume: string; kind?: 'file' | 'block'};
	/** `<driver type>`: undefined where the definition does not say. An encrypted raw image is `luks`, in QEMU's word. */
	format: string | undefined;
	readonly: boolean;
	shareable: boolean;
	/**
	What the guest writes to a `<transient/>` disk is gone when the domain stops: `sourcePath` is the image that stays. While the domain runs, libvirt has
	put an overlay of its own on it, which it removes at the end.
	*/
	transient?: {overlayPath: string | undefined};
	/** The disk's own `snapshot` attribute. */
	snapshotMode: SnapshotMode | undefined;
	/** Whether the definition carries a `<mirror>`: a copy or an active commit is going on. */
	hasMirror: boolean;
	/** What that `<mirror>` says: `copy` or `active-commit`; whether the job is done and waits for its end; where the data goes. */
	mirror?: {job: string | undefined; isReady: boolean; path: string | undefined};
	/** Whether the definition carries an `<encryption>`: what is on the disk is read with a secret. */
	isEncrypted: boolean;
	/** What it says. */
	encryption?: Encryption;
	/** `<seclabel model='dac' relabel='no'/>` in the source: libvirt leaves the owner of the file alone. */
	keepsOwner?: true;
	/** Whether the source carries `<slices>`: the disk is a part of its file. */
	hasSlices: boolean;
	/** What `<backingStore>` says that the source is backed by. Missing: nothing is recorded, so QEMU is given what the headers name. */
	recordedChain?: RecordedChain;
	/** `startupPolicy` of the source is `optional`: libvirt starts the domain without a source that is not there. */
	isOptional?: boolean;
};

/** A file besides the disks that a definition names and that a start opens. */
export type BootFile = {
	what: 'kernel' | 'initrd' | 'device tree' | 'firmware' | 'NVRAM template';
	path: string;
};

/** A `<secret>` of libvirt that a definition names: by its UUID, or by what it is used for. */
export type SecretName = {uuid: string} | {usageType: string; usage: string};

/** An `<encryption>`: its format (`luks`), and the secret that opens the image. */
export type Encryption = {format: string; secret?: SecretName};

/** What a `<domain>` (or `<inactiveDomain>`) document says that we need. */
export type DomainDefinition = {
	name: string;
	uuid: string;
	disks: Disk[];
	/** Bytes of guest memory (`<memory>`). */
	memoryBytes: number;
	/** `<os><type machine>` and `arch`: a memory file fits only the same. */
	machine: string | undefined;
	arch: string | undefined;
	/** Where the firmware keeps its variables: an image of flash memory (`<nvram>`), or since libvirt 12.1 a JSON file (`<varstore>`). */
	nvramPath: string | undefined;
	/** The variables are in a `<varstore>`, which QEMU saves with the memory and never inside an image. */
	hasVarstore?: boolean;
	/** In words where the variables are, if that is no file: they can then be neither copied nor put back. */
	nvramElsewhere?: string;
	/** The kind of the TPM's backend (`emulator`, `passthrough`, `external`); undefined: the domain has none. */
	tpm?: string;
	/** The definition itself says where the TPM's emulator keeps its state. */
	hasTpmPlace?: boolean;
	/** `<genid>`: tells the guest that it has been put back to an older state. */
	generationId?: string;
	/** Missing: it names none. */
	bootFiles?: BootFile[];
	/** Missing: it names none. */
	secrets?: SecretName[];
	/** The domain's own label for file owners. `keepsOwners`: libvirt leaves those of its images alone. `uid`: whom QEMU runs as, where it is given by number. */
	fileOwnership?: {keepsOwners: boolean; uid: number | undefined};
	/** Images that a deleted snapshot froze and that had to stay: they may be collected once nothing stands in the way. */
	leftImages?: string[];
	/** When its disks came from a backup, in Unix seconds: they are backed by no older snapshot. */
	restoredAt?: number;
	/** Of a record: the snapshot that was taken while the file systems of this domain were frozen. */
	frozenNote?: {snapshot: string; uuid: string};
};

export type Domain = {
	uuid: string;
	name: string;
	state: DomainState;
	isPersistent: boolean;
	hasManagedSave: boolean;
	/** Paused with the memory that it was resumed from, and its guest has not run since: see planner/checks/inactive-disks.ts. */
	isFreshlyResumed?: boolean;
	/** The definition for the next start. */
	definition: DomainDefinition;
	/** The definition that runs; undefined when the domain has no process. */
	liveDefinition: DomainDefinition | undefined;
};

/**
Whether a QEMU of this domain is there and has its images open. The word of the state does not tell: a domain that crashed may be preserved with its
process (`<on_crash>preserve</on_crash>`), or be off.
*/
export function hasProcess(domain: Domain): boolean {
	return domain.liveDefinition !== undefined;
}

/** Sources that name what they are on, or that are no image file: a disk of another program behind a socket, a PCI device, a folder that is shown as a file system. */
const knownSources = new Set(['file', 'block', 'network', 'vhostuser', 'vhostvdpa', 'nvme', 'dir']);

/**
Whether the disk has a source of which no file on the host is known, so that it may be any: a volume whose path libvirt does not tell, or a type that did not
exist when this was written. Empty drives have none, and a network disk is elsewhere.
*/
export function hasUnknownSource(disk: Disk): boolean {
	if (disk.sourcePath !== undefined) {
		// The path of a volume is no file where the pool is in the network.
		return disk.sourceType !== 'volume' && disk.sourceType !== 'network' && !disk.sourcePath.startsWith('/');
	}

	return disk.sourceType === 'volume' ? disk.sourceVolume !== undefined : !knownSources.has(disk.sourceType);
}

/** Disks that can be rolled back: not CD-ROMs, not read-only media, not empty drives. */
export function isWritableMedium(disk: Disk): boolean {
	return disk.device !== 'cdrom' && !disk.readonly && (disk.sourcePath !== undefined || disk.sourceType !== 'file');
}

/** Disks that snapshots leave out: no overlay of one domain may cover what it shares with others, or what is thrown away when it stops. */
export function isKeptOutOfSnapshots(disk: Disk): boolean {
	return disk.shareable || disk.transient !== undefined || disk.sourceType === 'vhostuser';
}

/** The disks that the domain writes to at this moment: the live ones while it runs (a pending change may name other files). */
export function headDisks(domain: Domain): Disk[] {
	return (domain.liveDefinition ?? domain.definition).disks;
}
