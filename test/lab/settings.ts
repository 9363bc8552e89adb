/**
Where the lab works. `VSNAP_LAB_URI` points it at another libvirt, and `VSNAP_LAB_PATH` is put in front of `PATH` for the programs that belong to it.
*/
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

export const labUri = process.env.VSNAP_LAB_URI ?? 'qemu:///system';
export const isOwnLibvirt = process.env.VSNAP_LAB_URI === undefined;

/** All images of the lab are below this folder, and nothing else is. A libvirt in a chroot shares it. `VSNAP_LAB_IMAGES` names another. */
export const imagesPath = process.env.VSNAP_LAB_IMAGES ?? '/var/lib/libvirt/images/lab-vsnap';

/** Domains of the lab start with this: only such are ever removed. */
export const domainPrefix = 'vsnaplab-';

export const labFolderPath = path.dirname(fileURLToPath(import.meta.url));
export const programPath = path.join(labFolderPath, '../../dist/vsnap-tui.mjs');

/** What every program of the lab is started with: English messages, and the versions that belong to the libvirt under test. */
export function labEnvironment(extra: Record<string, string | undefined> = {}): Record<string, string> {
	const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) =>
		!/^(?:VIRSH_|LIBVIRT_|VSNAP_|FORCE_COLOR|NO_COLOR|AVA_)/.test(name)));
	const prefix = process.env.VSNAP_LAB_PATH ? `${process.env.VSNAP_LAB_PATH}:` : '';
	const merged = {
		...inherited, LC_ALL: 'C', PATH: `${prefix}${process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`, ...extra,
	};
	return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
