/**
What was read of the world. A picture is enough to browse a domain; an inventory is everything that a planner may ask.
*/
import type {Pruning} from '../backup/pruning.ts';
import type {Manifest} from '../backup/manifest.ts';
import type {Pin} from '../images/pin.ts';
import type {DataSizes} from '../images/copy-cost.ts';
import type {FolderRisk, LinkedRisk} from '../images/folder-risk.ts';
import type {Image} from '../images/image.ts';
import type {Checkpoint, Snapshot} from './snapshot.ts';
import type {Domain, DomainDefinition} from './domain.ts';
import type {MemoryFormat} from './memory-format.ts';
import type {NvramFile} from './nvram.ts';

export type HostFacts = {
	hypervisor: 'libvirt' | 'demo' | 'qemu';
	/** As it is given to virsh; 'default' when virsh's own default is used, then the URI that virsh reports. */
	uri: string;
	hostname: string;
	/** The daemon's version as major * 1,000,000 + minor * 1,000 + release. */
	libvirtVersion: number;
	hypervisorVersion: number;
	isReadOnly: boolean;
	/** It is another machine: programs are started there by ssh, and their sockets are out of reach. */
	isRemote?: true;
};

/** Something of which nobody can say which images it needs: a record that cannot be read, or a disk whose file is not known. */
export type Unreadable = {
	name: string;
	reason: string;
	/** What makes it readable, or tells more. */
	remedy: string;
};

/** One domain, for browsing. */
export type DomainDetails = {
	domain: Domain;
	snapshots: Snapshot[];
	currentSnapshot: string | undefined;
	checkpoints: Checkpoint[];
	/** Every image that a pin of this domain can reach, those in broken places that were looked for; in an inventory also overlays beside the heads that are backed by them. */
	images: Image[];
	/** What other domains on the host hold. Empty until it was asked for. */
	foreignPins: Pin[];
	/** Records of this domain that libvirt lists and that cannot be read, with the reason. */
	unreadable: Unreadable[];
	/** Other domains, and records of theirs, that cannot be read: which images they need is unknown. Empty until it was asked for. */
	unreadableOthers: Unreadable[];
	/** What the domain's definitions and records name for a start, and what is certainly not there. What could not be looked at counts as there. */
	missing?: MissingForStart;
	/** What memory files and files with firmware variables take, by path: those that are there. Only beside `foreignPins`. */
	fileSizes?: ReadonlyMap<string, number>;
	/** The image files are out of reach: none was looked at, and `images` is empty. */
	filesElsewhere?: {text: string; remedy: string};
};

/**
`files`: paths. `secrets`: in the words of `describeSecret`; the others likewise, of those that are defined. `valueless`: they hold nothing, as far as libvirt tells;
`untold`: it tells nobody what they hold.
*/
export type MissingForStart = {files: ReadonlySet<string>; secrets: ReadonlySet<string>; valueless?: ReadonlySet<string>; untold?: ReadonlySet<string>; secretUuids?: ReadonlyMap<string, string>};

export type FolderFacts = {
	path: string;
	isWritable: boolean;
	freeBytes: number;
	/** Identity of the file system, to add up what is needed on each. */
	device: string;
	/** Names of everything in the folder. */
	names: Set<string>;
	/** Set for root where somebody else may exchange what is made there. */
	risk?: FolderRisk;
	/** Set where it is out of this user's reach, and not of libvirt's: the pool whose volumes are its files. */
	pool?: string;
};

/** The head of a libvirt memory file: 92 bytes, the domain XML, then QEMU's stream. */
export type MemoryFileFacts =
	| {
		kind: 'good';
		path: string;
		sizeBytes: number;
		definition: DomainDefinition;
		domainXml: string;
		modifiedAt: string;
		/** Undefined where the owner is bare QEMU: its file is the stream alone. */
		format?: MemoryFormat;
	}
	/** `reason`: the end of a sentence. `remedy`: what helps in this case; undefined: the file has to be brought back. */
	/** `isUnseen`: no such file was found. */
	| {kind: 'bad'; path: string; reason: string; remedy?: string; isUnseen?: true};

/** What only a domain has that is bare QEMU. */
export type BareFacts = {
	/** The monitor's UNIX socket; undefined: the domain is known by its image files alone. */
	socketPath: string | undefined;
	/** The folder of its metadata: `domain.xml`, `snapshots/NAME.xml`, `snapshots/current` (the name of the current snapshot). */
	metadataPath: string;
	/** The command line of the process on its current heads, or the one that was recorded; undefined: it is not known. */
	argv: string[] | undefined;
	/** In words, why it cannot be started again though it may be known. */
	argvProblem?: string;
	/** Whether there is a `domain.xml` already. */
	isRecorded?: boolean;
	/** By target: the node that the guest writes to, and whether its name was given by a person (then it can be named in `-blockdev` style). Empty while it is off. */
	nodes: Map<string, BareNode>;
	/** Names of the QMP commands that this QEMU knows. Empty while it is off. */
	commands: Set<string>;
	/** By the path that QEMU tells: the nodes of the images that it has open, heads and those below; without images that it has open twice. */
	imageNodes?: Map<string, ImageNode>;
	/** The images that the process was started on: its command line is understood by them, so they have to stay while it runs. */
	startImages?: string[];
};

export type ImageNode = {
	/** The node of the image format. */
	nodeName: string;
	/** Its driver; missing where it is a plain file. */
	format?: string;
	/** Bitmaps that are stored with the image. */
	bitmaps: string[];
	/** How much is marked in each, by its name. */
	dirtyBytes?: ReadonlyMap<string, number>;
	/** Those of them that record at this moment. */
	recording?: BareNode['bitmaps'];
	/**
	QEMU has it open for writing. Of an image below a head that is so where QEMU was started with a relative name and has gone to another folder since: it cannot
	open it anew for reading alone (seen on 7.2), and lets nobody else look at it.
	*/
	isWritable?: true;
	/** Nodes with names of their own that keep the file open until they are deleted, in that order. */
	closing: string[];
};

export type BareNode = {
	/** The node of the image format, as `blockdev-snapshot` takes it. */
	nodeName: string;
	isNamedByPerson: boolean;
	/** QEMU knows the file by a name that counts from a folder, and would write just that into the header of an overlay. */
	isNamedFromFolder?: true;
	/** The block backend's name or the device's QOM path, as `query-block` tells it. */
	device: string;
	/** Bitmaps that record at this moment and are stored with the image: an overlay must carry them on. */
	bitmaps: Array<{name: string; granularityBytes: number; dirtyBytes?: number}>;
};

/** What libvirt does about the owners of images. `keepsOwners`: nothing, for any domain (`dynamic_ownership = 0`). */
export type FileOwnership = {keepsOwners: boolean; qemuUid: number | undefined};
/** Something that is going on with the domain, in words, and what ends it. */
export type Job = {text: string; remedy: string};

/** Whose process a domain's QEMU is. */
export type QemuUser = {uid: number; gid: number};

/** Where a backup is restored to that is not put back onto its domain. */
export type RestoreTarget = {
	path: string;
	/** The folder itself, or where it is not there the one that it is made in. */
	facts: FolderFacts;
	isMade: boolean;
};

export type NewIdentity = {
	name: string;
	uuid: string;
	generationId: string;
	/** Where libvirt looks for the state of its TPM, and those of the folders above that are not there yet; undefined: there is none in the backup, or no such place. */
	tpm: {path: string; folders: string[]} | undefined;
};

/** `to`: the folder; undefined: beside the images that the domain had. `as`: a new domain of this name is defined on them. */
export type ElsewhereRequest = {point: Manifest; to: string | undefined; as: string | undefined};

export type RestorePlace = {target: RestoreTarget; identity: NewIdentity | undefined};

/** A folder that holds, or is to hold, backups. */
export type BackupFolder = {
	path: string;
	folder: FolderFacts;
	/** The first folder on the way that the user of the domain's QEMU cannot enter; missing where that user can, and where it is not known. */
	closedAt?: {folder: string; uid: number};
	/** Oldest first. */
	points: Manifest[];
	/** A removal of old points that has begun and has not ended. */
	pruning?: Pruning;
	/** JSON files that are no manifests. */
	unreadable: Array<{name: string; reason: string}>;
};

export type Inventory = {
	host: HostFacts;
	details: DomainDetails;
	/** With secrets: the way back for `virsh define`. */
	definitionXml: string;
	liveXml: string | undefined;
	folders: Map<string, FolderFacts>;
	/** Of images whose paths are links: set for root where somebody else may exchange what they lead to. */
	linkedRisks?: Map<string, LinkedRisk>;
	/**
	Folders by the names that paths give them, and where they really are, without links. Read where a backing file has a relative name, which counts from one.
	*/
	realFolders?: Map<string, string>;
	memoryFiles: Map<string, MemoryFileFacts>;
	/** Block jobs, backups, migrations …; empty when nothing runs. */
	jobs: Job[];
	/** Where the firmware's variables stand. */
	nvramPath: string | undefined;
	/** Of the files with firmware variables and with the state of an emulated TPM, the domain's and the copies of its snapshots, those that are there. */
	nvramFiles: Map<string, NvramFile>;
	/** The state of its emulated TPM, where the file is there and can be read. While the domain runs its emulator writes to it. */
	tpmPath?: string;
	/** How much data the images hold that the action may merge; what could not be measured is missing. */
	dataSizes?: DataSizes;
	/** Missing while the domain is off, and where it is not known. */
	qemuUser?: QemuUser;
	/** This libvirt gives no image to QEMU's user (`dynamic_ownership = 0`). Only looked at while the domain runs. */
	keepsOwners?: true;
	/** Of the folder that the action names. */
	backups?: BackupFolder;
	/** Of a restore that leaves the domain as it is. */
	restorePlace?: RestorePlace;
	/** Only where the hypervisor is a standalone QEMU. */
	bare?: BareFacts;
};
