/**
The bare domains that a person has named, by a monitor or by image files.
*/
import {posix} from 'node:path';
import {digest} from '../../model/plan/fingerprint.ts';

export type NamedBare = {
	name: string;
	/** Absolute. */
	socketPath: string | undefined;
	/** Absolute: its disks, as long as nothing is recorded of it. */
	imagePaths: string[];
};

/** The name and the file of `NAME=FILE`. A path that holds "=" is no name: a name has no slash. Without a name it is the file's stem. */
function parseNamedFile(text: string): {name: string; path: string} {
	const [, name, path] = /^([^/=]+)=([^]*)$/.exec(text) ?? [];
	return name !== undefined && path !== undefined ? {name, path} : {name: posix.parse(text).name, path: text};
}

/** Domains in the order in which they were named; relative paths count from `folder`. */
export function gatherNames(given: {qmp: readonly string[]; images: readonly string[]; folder: string}): NamedBare[] {
	const found = new Map<string, NamedBare>();
	const at = (name: string) => {
		const bare = found.get(name) ?? {name, socketPath: undefined, imagePaths: []};
		found.set(name, bare);
		return bare;
	};

	for (const text of given.qmp) {
		const {name, path} = parseNamedFile(text);
		at(name).socketPath = posix.resolve(given.folder, path);
	}

	for (const text of given.images) {
		const {name, path} = parseNamedFile(text);
		at(name).imagePaths.push(posix.resolve(given.folder, path));
	}

	return [...found.values()];
}

/** A UUID that follows from the name: for a domain that has none of its own. */
export function uuidOfName(name: string): string {
	const hex = digest(`standalone domain ${name}`);
	return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
