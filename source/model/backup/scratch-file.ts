/**
Where an export keeps what the guest writes over: its name tells whose it is, should nobody be there any longer to end the export.
*/
import {posix} from 'node:path';

/** In this folder. */
export const scratchPath = (folder: string, {uuid, target, stamp}: {uuid: string; target: string; stamp: string}): string => posix.join(folder, `${uuid}.${target}.export-${stamp}`);

/** The UUID of the domain whose export the file is of; undefined: it is none. */
export function exportedDomain(path: string): string | undefined {
	return /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.\w+\.export-\d{8}-\d{6}$/.exec(posix.basename(path))?.[1];
}

const prefix = 'vsnap-export-';

/** Of the job, the node, the NBD export and the bitmap for a disk in a standalone QEMU. */
export const exportName = (target: string): string => `${prefix}${target}`;

/** The disk that a node with such a name exports; undefined: it is none of those. */
export const exportedTarget = (name: string): string | undefined => name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
