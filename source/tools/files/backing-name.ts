/**
What the name of a backing file in an image's header means. QEMU takes paths, names with a protocol before a colon, and options written as JSON.
*/
import {posix} from 'node:path';
import {networkPath, networkPathInOptions, networkPlace} from '../../model/qemu/network-image.ts';

/** The file at the bottom of QEMU's block options, in nested or in dotted form: `{"driver":"qcow2","file":{"driver":"file","filename":"/x"}}`. */
function filenameInOptions(options: unknown): string | undefined {
	if (typeof options !== 'object' || options === null) {
		return undefined;
	}

	const filename = Object.entries(options).find(([key]) => /^(?:file\.)*filename$/.test(key))?.[1] as unknown;
	return typeof filename === 'string' ? filename : filenameInOptions((options as {file?: unknown}).file);
}

function filenameInJson(json: string): string | undefined {
	try {
		return filenameInOptions(JSON.parse(json));
	} catch {
		return undefined;
	}
}

/** Where a name with a protocol is an absolute path in other words. A relative one counts from the folder in which QEMU was started, which nobody knows. */
function fileBehindProtocol(name: string): string | undefined {
	const [, protocol, rest = ''] = /^(json|file):([\s\S]*)$/i.exec(name) ?? [];
	const file = protocol?.toLowerCase() === 'json' ? filenameInJson(rest) : rest;
	return file?.startsWith('/') && !file.startsWith('//') ? file : undefined;
}

/** By its one name, whichever way the header says it: a URL with or without the port, or block options. */
function imageInNetwork(name: string): string | undefined {
	const place = networkPlace(name);
	if (place !== undefined) {
		return networkPath(place);
	}

	try {
		return name.startsWith('json:') ? networkPathInOptions(JSON.parse(name.slice('json:'.length))) : undefined;
	} catch {
		return undefined;
	}
}

/**
A name in a header as a path: relative names count from the folder of the image, by the name under which it was opened. `..` is left in: behind a link it
leads somewhere else than its text says. What is no file, or cannot be told to be one, stays as it is.
*/
export function resolveBackingPath(imagePath: string, backingName: string): string {
	if (backingName.startsWith('/')) {
		return backingName;
	}

	return /^[a-z][\w+.-]*:/i.test(backingName)
		? fileBehindProtocol(backingName) ?? imageInNetwork(backingName) ?? backingName
		: `${posix.dirname(imagePath).replace(/\/*$/, '/')}${backingName.replace(/^(?:\.\/+)+/, '')}`;
}

/** Whether what a header names could be any file of the host, because it was not understood. URLs name something elsewhere. */
export function isUnresolved(backingPath: string): boolean {
	return !backingPath.startsWith('/') && !/^(?!file:)[a-z][\w+.-]*:\/\//i.test(backingPath);
}
