/**
`stat` and `find` on the demo host: what is told of its files, folders and file systems, in the format that is asked for.
*/
import path from 'node:path';
import {complain, joinAnswers, say, type Answer} from '../program.ts';
import type {DemoWorld} from '../world.ts';

const blockBytes = 4096;

/** Of a file or folder that is there. */
export function formatFileStatus(world: DemoWorld, place: string, format: string): string {
	const known = world.files.get(place);
	const file = known ?? {allocatedBytes: blockBytes, modifiedAtMs: 0, inode: 2 + [...world.folders].indexOf(place), uid: 0, gid: 0, mode: 0o755};
	const seconds = Math.floor(file.modifiedAtMs / 1000);
	// A host's clock has nanoseconds; made from the inode so that they stay the same.
	const nanoseconds = String((file.inode * 7919) % 1_000_000).padStart(6, '0');
	const milliseconds = String(Math.floor(file.modifiedAtMs) % 1000).padStart(3, '0');
	return fill(format, {
		s: file.allocatedBytes,
		'.9Y': `${seconds}.${milliseconds}${nanoseconds}`,
		i: file.inode,
		u: file.uid,
		g: file.gid,
		a: file.mode.toString(8),
		F: known ? (file.allocatedBytes === 0 ? 'regular empty file' : 'regular file') : 'directory',
		b: Math.ceil(file.allocatedBytes / 512),
		B: 512,
		d: Number.parseInt(fileSystemOf(world, place).id.slice(0, 8), 16),
		n: place,
		h: 1,
	});
}

export function formatFileSystemStatus(world: DemoWorld, place: string, format: string): string {
	const {freeBytes, id} = fileSystemOf(world, place);
	return fill(format, {a: Math.floor(freeBytes / blockBytes), S: blockBytes, i: id, n: place});
}

function fileSystemOf(world: DemoWorld, place: string): DemoWorld['fileSystems'][number] {
	const fits = world.fileSystems.filter(({mount}) => place === mount || place.startsWith(mount === '/' ? '/' : `${mount}/`));
	return fits.sort((a, b) => b.mount.length - a.mount.length)[0]!;
}

/** A format of printf's kind: `%` and a letter, perhaps with a precision, stands for a value. */
function fill(format: string, values: Record<string, string | number>): string {
	return format
		.replaceAll(/\\([0nt\\])/g, (_, code: string) => ({0: '\0', n: '\n', t: '\t', '\\': '\\'}[code]!))
		.replaceAll(/%((?:\.\d)?[A-Za-z])/g, (whole, directive: string) => String(values[directive] ?? whole));
}

/** The values of an option that may come more than once. */
function valuesOf(words: readonly string[], option: string): string[] {
	return words.flatMap((word, index) => word === option ? [words[index + 1] ?? ''] : []);
}

function findBelow(world: DemoWorld, root: string, words: string[]): Answer {
	if (!world.folders.has(root)) {
		return complain(`find: '${root}': No such file or directory`);
	}

	const [least = '0'] = valuesOf(words, '-mindepth');
	const [most = 'Infinity'] = valuesOf(words, '-maxdepth');
	// Everything may be written here, so whatever is to be printed for that is printed.
	const template = valuesOf(words, '-printf').join('') || String.raw`%p\n`;
	// Patterns are asked for that stand for one name alone.
	const names = valuesOf(words, '-name').map(pattern => pattern.replaceAll(/\\([\s\S])/g, '$1'));
	const below = root === '/' ? '/' : `${root}/`;
	const places = [...world.files.keys(), ...(valuesOf(words, '-type').includes('f') ? [] : world.folders)];
	return say(places.sort().map(place => {
		const depth = place === root ? 0 : (place.startsWith(below) ? place.slice(below.length).split('/').length : -1);
		const name = path.posix.basename(place);
		const isMeant = depth >= Number(least) && depth <= Number(most) && (names.length === 0 || names.includes(name));
		return isMeant ? fill(template, {f: name, p: place, H: root, d: depth, D: formatFileStatus(world, place, '%d')}) : '';
	}).join(''));
}

/** Below folders, to a depth, by kind and by name. No process has a file open, as far as /proc tells. */
export function runFind(world: DemoWorld, words: string[]): Answer {
	const firstTest = words.findIndex(word => word.startsWith('-') && word !== '-H');
	const roots = words.slice(0, firstTest === -1 ? undefined : firstTest).filter(word => word.startsWith('/'));
	return joinAnswers(roots.map(root => root === '/proc' || root.startsWith('/proc/') ? say() : findBelow(world, root, words)));
}
