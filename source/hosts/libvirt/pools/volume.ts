/**
What libvirt tells of the volumes of pools that are folders, and of those pools.
*/
import {attributeOf, childOf, readXml, textOf} from '../../../model/xml/read-xml.ts';

export type Pool = {name: string; folder: string; freeBytes: number};

/** One entry of such a folder. `format`: as libvirt finds it by what is in the file. */
export type Volume = {
	pool: Pool;
	path: string;
	isRegular: boolean;
	format: string | undefined;
	virtualSizeBytes: number;
	allocatedBytes: number;
	sizeBytes: number;
	/** Seconds with nanoseconds, as `stat` writes them. */
	modifiedAt: string;
	/** Of any change of the file or its name. */
	changedAt: string;
	mode: number;
	uid: number;
	gid: number;
	clusterSizeBytes: number | undefined;
	isVersion2: boolean;
	hasSubclusters: boolean;
	isEncrypted: boolean;
	backing: {path: string; format: string | undefined} | undefined;
};

/** The pools whose volumes are the files of one folder. */
const folderPools = new Set(['dir', 'fs', 'netfs']);

/** Undefined: it is another kind, or nothing is told of its folder. */
export function parsePool(xml: string): Pool | undefined {
	const pool = readXml(xml, 'The XML of a pool', ['pool']);
	if (!pool.ok || !folderPools.has(attributeOf(pool.value, 'type') ?? '')) {
		return undefined;
	}

	const [name, path] = [textOf(childOf(pool.value, 'name')), textOf(childOf(pool.value, 'target', 'path'))];
	return name === undefined || !path?.startsWith('/') ? undefined : {name, folder: path.replace(/(?!^)\/+$/, ''), freeBytes: Number(textOf(childOf(pool.value, 'available')) ?? 0)};
}

/** libvirt leaves out the nanoseconds where there are none. */
function timeOf(text: string | undefined): string {
	const [seconds = '0', fraction = ''] = (text ?? '0').split('.');
	return `${seconds}.${fraction.padEnd(9, '0')}`;
}

/** Undefined where it tells of no path. */
export function parseVolume(xml: string, pool: Pool): Volume | undefined {
	const read = readXml(xml, 'The XML of a volume', ['volume']);
	const volume = read.ok ? read.value : undefined;
	const target = childOf(volume, 'target');
	const path = textOf(childOf(target, 'path'));
	if (volume === undefined || path === undefined) {
		return undefined;
	}

	const bytes = (name: string) => Number(textOf(childOf(volume, name)) ?? 0);
	const number = (...names: string[]) => textOf(childOf(target, ...names));
	const backingPath = textOf(childOf(volume, 'backingStore', 'path'));
	const clusterSize = number('clusterSize');
	return {
		pool,
		path,
		isRegular: attributeOf(volume, 'type') === 'file',
		format: attributeOf(childOf(target, 'format'), 'type'),
		virtualSizeBytes: bytes('capacity'),
		allocatedBytes: bytes('allocation'),
		sizeBytes: bytes('physical'),
		modifiedAt: timeOf(number('timestamps', 'mtime')),
		changedAt: timeOf(number('timestamps', 'ctime')),
		mode: Number.parseInt(number('permissions', 'mode') ?? '600', 8),
		uid: Number(number('permissions', 'owner') ?? 0),
		gid: Number(number('permissions', 'group') ?? 0),
		clusterSizeBytes: clusterSize === undefined ? undefined : Number(clusterSize),
		isVersion2: number('compat') === '0.10',
		hasSubclusters: childOf(target, 'features', 'extended_l2') !== undefined,
		isEncrypted: childOf(target, 'encryption') !== undefined,
		backing: backingPath === undefined || backingPath === '' ? undefined : {path: backingPath, format: attributeOf(childOf(volume, 'backingStore', 'format'), 'type')},
	};
}

/** The names that `vol-list` tells: each line has a name and its path. Undefined where a line is none, because a name has a line end in it. */
export function parseNames(listing: string, {folder}: Pool): Set<string> | undefined {
	const names = new Set<string>();
	const beginning = folder === '/' ? '/' : `${folder}/`;
	for (const line of listing.split('\n').filter(text => text.trim() !== '')) {
		const text = line.replace(/^ /, '').trimEnd();
		let name: string | undefined;
		for (let at = text.indexOf(beginning); at !== -1 && name === undefined; at = text.indexOf(beginning, at + 1)) {
			const found = text.slice(at + beginning.length);
			name = found !== '' && text.slice(0, at).trimEnd() === found.trimEnd() ? found : undefined;
		}

		if (name === undefined) {
			return undefined;
		}

		names.add(name);
	}

	return names;
}
