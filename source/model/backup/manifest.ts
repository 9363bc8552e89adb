/**
What a backup says of itself: one JSON document beside the files of each point in time. It is written last and appears at one moment, so files without one are not a
backup. All names of files are bare names within the folder, which may be moved as a whole.
*/
import {Buffer} from 'node:buffer';
import {fail, succeed, type Result} from '../result.ts';
import {misfitOf, missingIn, type Shape} from '../shape.ts';
import {openDocument} from './open-document.ts';

/** How the disks were at that moment: shut down; as after a power failure; with the guest's file systems frozen. */
export type Consistency = 'off' | 'crash-consistent' | 'frozen';

export type BackedUpFile = {
	file: string;
	sizeBytes: number;
	/** In hexadecimal. */
	sha256: string;
};

export type BackedUpDisk = BackedUpFile & {
	/** The disk's target: vda. */
	disk: string;
	kind: 'full' | 'incremental';
	virtualSizeBytes: number;
	/** The file that this one is backed by, of an earlier point; null: it is whole by itself. */
	backing: string | null;
};

/** A file of the domain beside its disks, and where and whose it was. `owner`: missing in manifests of older versions. */
export type BackedUpExtra = BackedUpFile & {kind: 'nvram' | 'varstore' | 'tpm'; path: string; owner?: FileOwner};

/** `mode`: the permission bits. */
export type FileOwner = {uid: number; gid: number; mode: number};

export type Manifest = {
	format: 'vsnap-tui-backup';
	version: 1;
	/** Its name within the folder: `20261128-063000`. */
	point: string;
	/** ISO 8601. */
	createdAt: string;
	/** The point that its incremental disks build on. */
	parent: string | null;
	/** The checkpoint that it copies the changes since. */
	since: string | null;
	/** The checkpoint that was made at the same moment: the next incremental can start from it. */
	checkpoint: string | null;
	consistency: Consistency;
	description: string | null;
	/** `definition`: the persistent XML, or what is recorded of a standalone QEMU, without passwords. */
	domain: {name: string; uuid: string; definition: string};
	disks: BackedUpDisk[];
	extras: BackedUpExtra[];
};

type Unsealed<T extends BackedUpFile> = Omit<T, 'sizeBytes' | 'sha256'>;

/** A manifest before its files were measured. */
export type ManifestDraft = Omit<Manifest, 'disks' | 'extras'> & {disks: Array<Unsealed<BackedUpDisk>>; extras: Array<Unsealed<BackedUpExtra>>};

const file = {file: 'text', sizeBytes: 'number', sha256: 'text'} as const;

const shape: Shape = {
	object: {
		point: 'text',
		createdAt: 'text',
		consistency: 'text',
		domain: {object: {name: 'text', uuid: 'text', definition: 'text'}},
		disks: {list: {object: {...file, disk: 'text', kind: 'text', virtualSizeBytes: 'number'}}},
		extras: {list: {object: {...file, kind: 'text', path: 'text'}}},
	},
};

const mostNameBytes = 255;

const isPlainName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && Buffer.byteLength(name) <= mostNameBytes;

/** No more than that it may be read and written. */
const isOwner = ({uid, gid, mode}: FileOwner): boolean => [uid, gid].every(id => Number.isSafeInteger(id) && id >= 0 && id < 0xFF_FF_FF_FF) && Number.isSafeInteger(mode) && mode >= 0 && (mode & ~0o666) === 0;

const isBytes = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

/** The name of the manifest of a point. */
export const manifestName = (point: string): string => `${point}.json`;

/** Of the files of a point. */
export const diskFileName = (point: string, disk: string): string => `${point}.${disk}.qcow2`;

/** Nothing in it leads out of its folder. Fails with `unreadable`. */
export function parseManifest(text: string, name: string): Result<Manifest> {
	const bad = (reason: string) => fail({kind: 'unreadable', what: name, reason});
	const opened = openDocument<Manifest>(text, {name, format: 'vsnap-tui-backup', what: 'the manifest of a backup of vsnap-tui'});
	if (!opened.ok) {
		return opened;
	}

	const found = opened.value;
	const misfit = misfitOf(found, shape) ?? missingIn(found, shape);
	if (misfit !== undefined) {
		return bad(misfit);
	}

	const manifest: Manifest = {
		...found as Manifest, parent: found.parent ?? null, since: found.since ?? null, checkpoint: found.checkpoint ?? null, description: found.description ?? null,
	};
	const wrong = wrongIn(manifest, name);
	return wrong === undefined ? succeed(manifest) : bad(wrong);
}

/** What a reader behind would believe and must not: names that lead elsewhere or to the files of another point, and words and numbers that nobody wrote. */
function wrongIn({point, createdAt, parent, since, checkpoint, consistency, description, domain, disks, extras}: Manifest, name: string): string | undefined {
	const files = [...disks, ...extras];
	const texts = [parent, since, checkpoint, description, ...disks.map(({backing}) => backing)] as unknown[];
	if (texts.some(text => text !== null && typeof text !== 'string')) {
		return 'a name in it is no text';
	}

	const foreign = [point, ...files.map(one => one.file), ...disks.flatMap(({backing}) => backing ?? [])].find(each => !isPlainName(each));
	if (foreign !== undefined) {
		return `it names "${foreign}", which is not a file of its folder`;
	}

	const others = files.find(one => !one.file.startsWith(`${point}.`) || one.file.endsWith('.json'));
	const twice = [files.map(one => one.file), disks.map(({disk}) => disk)].flatMap(names => names.filter((each, index) => names.indexOf(each) !== index))[0];
	const checks: Array<[boolean, string]> = [
		[manifestName(point) !== name, `it is the manifest of the point "${point}"`],
		[others !== undefined, `it names "${others?.file}", which is not a file of its point`],
		[twice !== undefined, `it names "${twice}" twice`],
		[!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(domain.uuid), 'the UUID of its domain is none'],
		[Number.isNaN(Date.parse(createdAt)), 'its time is none'],
		[!['off', 'crash-consistent', 'frozen'].includes(consistency), `its consistency is "${consistency}"`],
		[disks.some(({kind, backing}) => !['full', 'incremental'].includes(kind) || (kind === 'full') !== (backing === null)), 'a disk in it is neither full nor built on a file'],
		[disks.some(({disk}) => !/^\w+$/.test(disk)), 'a disk in it has no name that a disk can have'],
		[extras.some(({kind}) => !['nvram', 'varstore', 'tpm'].includes(kind)), 'a file in it is of no known kind'],
		[extras.some(({owner}) => owner !== undefined && !(typeof owner === 'object' && owner !== null && isOwner(owner))), 'an owner in it is none'],
		[files.some(one => !isBytes(one.sizeBytes) || !/^[\da-f]{64}$/.test(one.sha256)) || disks.some(disk => !isBytes(disk.virtualSizeBytes)), 'a size or a checksum in it is none'],
	];
	return checks.find(([isWrong]) => isWrong)?.[1];
}

export const formatManifest = (manifest: Manifest | ManifestDraft): string => `${JSON.stringify(manifest, undefined, '\t')}\n`;

/** Points with their parents, as `model/domain/tree.ts` wants them; oldest first. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
	return [...manifests].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.point.localeCompare(b.point));
}
