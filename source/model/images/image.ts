/**
One image file on the host: what `qemu-img info` and `stat` say about it.
*/

import {isInNetwork} from '../qemu/network-image.ts';

export type ImageProblem =
	/** `absentFolder`: the highest folder above it that is not there either. */
	| {kind: 'missing'; absentFolder?: string}
	/** `cause`: where it is known, because each has a remedy of its own. */
	| {kind: 'unreadable'; reason: string; cause?: 'not-permitted' | 'loop' | 'other-format' | 'server'}
	/** Used as raw, and it begins like a qcow2 image. */
	| {kind: 'begins-like-qcow2'}
	| {kind: 'backing-missing'; backingPath: string}
	| {kind: 'backing-format-not-recorded'}
	/** Another process holds QEMU's write lock. `processes` may be empty where they cannot be seen. */
	| {kind: 'locked'; processes: string[]};

/** The user may not open the file: nothing is known of what it holds, and nothing is wrong with it. */
export function isDenied(problem: ImageProblem): problem is ImageProblem & {kind: 'unreadable'; cause: 'not-permitted'} {
	return problem.kind === 'unreadable' && problem.cause === 'not-permitted';
}

export type Image = {
	path: string;
	format: string | undefined;
	virtualSizeBytes: number;
	allocatedBytes: number;
	/** Absolute; undefined at the bottom of a chain. */
	backingPath: string | undefined;
	/** As written in the image's own header: may be relative. */
	backingName: string | undefined;
	backingFormat: string | undefined;
	clusterSizeBytes: number | undefined;
	/** Tags of internal snapshots inside the file. */
	internalSnapshots: Array<{tag: string; memoryBytes: number; /** Unix seconds. */ createdAt?: number}>;
	bitmaps: Array<{name: string; isUsable: boolean; granularityBytes: number}>;
	/**
	The external data file that holds the clusters of this qcow2 image (`data_file`), absolute. A relative name is resolved against the image's folder, as
	libvirt does; qemu-img itself resolves it against the folder that it was started in (seen with 7.2). Missing: the image holds its clusters itself.
	*/
	dataFilePath?: string;
	/** As written in the image's own header: may be relative. */
	dataFileName?: string;
	/** The layer is encrypted, by itself: one below or above it may be plain. */
	isEncrypted?: boolean;
	/** Of an image that is encrypted in the LUKS format: how often the passphrase is hashed, at least, to open it. */
	luksIterations?: number;
	/** Set for qcow2 images whose clusters cannot be shared (`refcount_bits=1`): no internal snapshot can be made in them. */
	hasNarrowRefcounts?: true;
	/** Set for qcow2 images of version 2 (`compat=0.10`), which can hold no bitmaps. */
	isVersion2?: true;
	/** qcow2 with extended L2 entries: a cluster can be written to in part. */
	hasSubclusters?: true;
	/** How much of the guest's disk it holds by itself, zeros included. Only read of images that a request names; undefined there: it could not be told. */
	ownBytes?: number;
	/** Undefined where the file could not be looked at. */
	file: FileFacts | undefined;
	problems: ImageProblem[];
};

/** What it takes on the host, in bytes; undefined where it is not there, elsewhere in the network, or could not be read. */
export const usedBytes = ({path, allocatedBytes, problems}: Image): number | undefined =>
	isInNetwork(path) || problems.some(({kind}) => kind === 'missing' || kind === 'unreadable') ? undefined : allocatedBytes;

/** Only qcow2 can, since its version 3. */
export const holdsBitmaps = ({format, isVersion2}: Image): boolean => format === 'qcow2' && !isVersion2;

/** An image as an XML document or a command line names it: the place, and how to open it. */
export type ImagePlace = {
	path: string;
	format: string;
	/** A block device: libvirt wants `type='block'` for it, and QEMU the driver `host_device`. */
	isDevice?: boolean;
	/** libvirt's name for it, where the definition is to name a volume of a pool. */
	volume?: {pool: string; volume: string};
};

/** Identity and age of a file: size + mtime + inode stay the same through guest runs of overlays, and change with any write. */
export type FileFacts = {
	sizeBytes: number;
	/** Seconds with nanoseconds, as text, because a number would lose digits. '0' for what is no regular file. */
	modifiedAt: string;
	inode: string;
	uid: number;
	gid: number;
	/** Permission bits. */
	mode: number;
	/** A block device is none: its size here is 0, and its time says nothing of its content. */
	isRegular: boolean;
	/** Hard links: whoever removes one of the names frees nothing. */
	hasOtherNames?: true;
};

/** What its removal gives back. */
export function removalBytes({allocatedBytes, file}: Image): number {
	return file?.hasOtherNames ? 0 : allocatedBytes;
}

/** How the clusters of an overlay are laid out, as far as that is not QEMU's default. */
export type Layout = {clusterSizeBytes?: number; hasSubclusters?: true};

/** An overlay takes the layout of the image below, as libvirt's and QEMU's live ones do. */
export function layoutOn(base: Image | undefined): Layout {
	return base?.format === 'qcow2'
		? {...(base.clusterSizeBytes !== undefined && base.clusterSizeBytes !== 65_536 && {clusterSizeBytes: base.clusterSizeBytes}), ...(base.hasSubclusters && {hasSubclusters: true})}
		: {};
}
