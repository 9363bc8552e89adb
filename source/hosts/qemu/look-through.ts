/**
Which image lies below the filters of a disk. QEMU tells a throttle, a copy-before-write that a backup left, or a blkdebug as the disk's node, with the options of
all below it as JSON instead of a file name (seen on QEMU 7.2).
*/

import {isNestedDeeper} from '../../model/shape.ts';

type Options = Record<string, unknown>;

/** What passes reads and writes on to one node below, by the key under which that stands. */
const filters: Record<string, string> = {
	throttle: 'file',
	'copy-on-read': 'file',
	'copy-before-write': 'file',
	compress: 'file',
	preallocate: 'file',
	blkdebug: 'image',
	blkreplay: 'image',
	blklogwrites: 'file',
	blkverify: 'test',
	// Those of jobs, which stand in the list of disks where the job was given a name for it (seen on 7.2).
	mirror_top: 'backing',
	commit_top: 'backing',
};
export const imageFormats = new Set(['qcow2', 'raw', 'qed', 'qcow', 'vmdk', 'vdi', 'vpc', 'vhdx', 'parallels', 'luks', 'cloop', 'dmg', 'bochs']);
export const protocols = new Set(['file', 'host_device']);

export const isFilter = (driver: string) => Object.hasOwn(filters, driver);

function isOptions(value: unknown): value is Options {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): Options | undefined {
	try {
		const value = JSON.parse(text) as unknown;
		return isOptions(value) && !isNestedDeeper(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** The short forms of blkdebug and blkverify hold the name of the image at their end. */
export const plainName = (name: string): string => name.replace(/^(?:blk(?:debug|verify):[^:]*:(?=.))+/s, '');

/** The file at the end of a chain of protocol nodes and filters. */
function fileOf(options: Options): string | undefined {
	const {driver, filename} = options;
	if (typeof filename === 'string') {
		return plainName(filename);
	}

	const below = options[typeof driver === 'string' ? filters[driver] ?? 'file' : 'file'];
	return isOptions(below) ? fileOf(below) : undefined;
}

function imageOf(options: Options): {name: string; format: string} | undefined {
	const driver = typeof options.driver === 'string' ? options.driver : '';
	if (imageFormats.has(driver) || protocols.has(driver)) {
		const name = fileOf(options);
		return name === undefined ? undefined : {name, format: protocols.has(driver) ? 'raw' : driver};
	}

	const below = isFilter(driver) ? options[filters[driver]!] : undefined;
	return isOptions(below) ? imageOf(below) : undefined;
}

/**
The image's name as QEMU knows it, and its format; undefined where `name` does not tell. A filter may bear the plain name of what is below: then the format is
missing. Names of disks without a filter come back as they are.
*/
export function lookThrough(name: string, driver: string): {name: string; format: string | undefined} | undefined {
	const plain = plainName(name);
	const options = plain.startsWith('json:') ? parseJson(plain.slice('json:'.length)) : undefined;
	if (options !== undefined) {
		return imageOf(options);
	}

	return plain.startsWith('json:') ? undefined : {name: plain, format: isFilter(driver) ? undefined : driver};
}
