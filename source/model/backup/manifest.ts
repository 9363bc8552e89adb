/**
What a backup says of itself: one JSON document beside the files of each point in time. It is written last and appears at one moment, so files without one are not a
backup. All names of files are bare names within the folder, which may be moved as a whole.
*/
import {fail, succeed, type Result} from '../result.ts';
import {misfitOf, type Shape} from '../shape.ts';

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

/** A file of the domain beside its disks, and where it was. */
export type BackedUpExtra = BackedUpFile & {kind: 'nvram' | 'varstore' | 'tpm'; path: string};

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
	/** `definition`: the persistent XML, without passwords. */
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

const isPlainName = (name: unknown): boolean => typeof name === 'string' && name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);

/** The name of the manifest of a point. */
export const manifestName = (point: string): string => `${point}.json`;

/** Of the files of a point. */
export const diskFileName = (point: string, disk: string): string => `${point}.${disk}.qcow2`;

/** Nothing in it leads out of its folder. Fails with `unreadable`. */
export function parseManifest(text: string, name: string): Result<Manifest> {
	const bad = (reason: string) => fail({kind: 'unreadable', what: name, reason});
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return bad(error instanceof Error ? error.message : String(error));
	}

	const found = value as Partial<Manifest> | null;
	if (typeof found !== 'object' || found?.format !== 'vsnap-tui-backup') {
		return bad('it is not the manifest of a backup of vsnap-tui');
	}

	if (found.version !== 1) {
		return bad(`it is of version ${String(found.version)}, which this program does not know`);
	}

	const misfit = misfitOf(found, shape) ?? (['point', 'createdAt', 'consistency', 'domain', 'disks', 'extras'] as const).find(member => found[member] === undefined);
	if (misfit !== undefined) {
		return bad(misfit.includes(' ') ? misfit : `it has no "${misfit}"`);
	}

	const manifest: Manifest = {
		...found as Manifest, parent: found.parent ?? null, since: found.since ?? null, checkpoint: found.checkpoint ?? null, description: found.description ?? null,
	};
	const names = [manifest.point, ...[...manifest.disks, ...manifest.extras].map(one => one.file), ...manifest.disks.flatMap(({backing}) => backing ?? [])];
	const foreign = names.find(each => !isPlainName(each));
	return foreign === undefined ? succeed(manifest) : bad(`it names "${String(foreign)}", which is not a file of its folder`);
}

export const formatManifest = (manifest: Manifest | ManifestDraft): string => `${JSON.stringify(manifest, undefined, '\t')}\n`;

/** Points with their parents, as `model/domain/tree.ts` wants them; oldest first. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
	return [...manifests].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.point.localeCompare(b.point));
}
