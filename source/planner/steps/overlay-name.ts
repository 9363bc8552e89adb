/**
Names for new overlays. They lie beside the image that they are backed by, as libvirt's do, or where the overlays of a device lie, and never reuse a name that is taken (R9).
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import type {FolderFacts} from '../../model/domain/inventory.ts';

/** The path without the last extension of its file name: "/d/vda.s1" → "/d/vda"; a dot in a folder's name does not count. */
export function stemOf(path: string): string {
	const {dir, name, base} = posix.parse(path);
	return posix.join(dir, name === '' ? base : name);
}

/**
A free name for a stem: `<stem>.<stamp>`, with `-2`, `-3` … where that is taken in the folder or was given out before. Gives the names out by
adding them to `taken`. A stem so long that the name would not fit the file system (255 bytes) is cut.
*/
export function overlayPath(wholeStem: string, options: {stamp: string; folders: ReadonlyMap<string, FolderFacts>; taken: Set<string>}): string {
	const {dir, base} = posix.parse(wholeStem);
	const folder = options.folders.get(dir);
	let stem = base;
	while (Buffer.byteLength(stem) > 220) {
		stem = stem.slice(0, -1);
	}

	for (let count = 1; ; count++) {
		const name = `${stem}.${options.stamp}${count === 1 ? '' : `-${count}`}`;
		const path = posix.join(dir, name);
		if (!options.taken.has(path) && !folder?.names.has(name)) {
			options.taken.add(path);
			return path;
		}
	}
}

/**
Whether the image lies beside the one that it is backed by, and is named like an overlay of it: "vda.s1" beside "vda.qcow2". An incremental backup of libvirt's keeps the
whole name: "vda.qcow2.1700000000" is none.
*/
export function isNamedAfter(path: string, backingPath: string): boolean {
	const stem = stemOf(backingPath);
	return posix.dirname(path) === posix.dirname(backingPath) && path.startsWith(`${stem}.`) && (stem === backingPath || !path.startsWith(`${backingPath}.`));
}
