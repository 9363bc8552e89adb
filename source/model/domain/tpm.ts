/**
Where an emulated TPM keeps its state: its keys, and what the guest has sealed with them.
*/
import {posix} from 'node:path';
import type {Domain} from './domain.ts';

/** Where libvirt lets its emulator keep it, unless the definition says otherwise; every boot writes to it (9.0 with swtpm 0.7). Other daemons than the host's own have other places. */
const swtpmFolder = '/var/lib/libvirt/swtpm';

/** In the folder of the domain, by the version of the TPM. */
const stateFiles = ['tpm2/tpm2-00.permall', 'tpm1.2/tpm-00.permall'];

/** Undefined where the daemon is not the host's own. */
export const tpmFolder = (uri: string, uuid: string): string | undefined => uri.includes('/system') ? posix.join(swtpmFolder, uuid) : undefined;

/** Where the state can be. While the domain runs its emulator writes to it. */
export function tpmPaths(uri: string, {uuid, definition}: Domain): string[] {
	const folder = tpmFolder(uri, uuid);
	return definition.tpm === 'emulator' && !definition.hasTpmPlace && folder !== undefined ? stateFiles.map(file => posix.join(folder, file)) : [];
}

/** The same state of another domain; undefined where it is in no such place. */
export function tpmPathFor(path: string, uuid: string): string | undefined {
	const file = stateFiles.find(one => path.endsWith(`/${one}`));
	return path.startsWith(`${swtpmFolder}/`) && file !== undefined ? posix.join(swtpmFolder, uuid, file) : undefined;
}
