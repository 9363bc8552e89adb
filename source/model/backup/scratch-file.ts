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
