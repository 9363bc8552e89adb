/**
`stat --printf` and `stat -f --printf` for the demo host's files, folders and file systems.
*/
import type {DemoFile, DemoWorld} from './world.ts';

const blockBytes = 4096;

/** Undefined where nothing has this name. */
export function formatFileStatus(world: DemoWorld, place: string, format: string): string | undefined {
	const file = world.files.get(place) ?? (world.folders.has(place) ? folder(world, place) : undefined);
	if (!file) {
		return undefined;
	}

	const isFolder = !('kind' in file);
	const seconds = Math.floor(file.modifiedAtMs / 1000);
	// A host's clock has nanoseconds; made from the inode so that they stay the same.
	const nanoseconds = String((file.inode * 7919) % 1_000_000).padStart(6, '0');
	const milliseconds = String(Math.floor(file.modifiedAtMs) % 1000).padStart(3, '0');
	return fill(format, {
		s: String(file.allocatedBytes),
		'.9Y': `${seconds}.${milliseconds}${nanoseconds}`,
		Y: String(seconds),
		'.9Z': `${seconds}.${milliseconds}${nanoseconds}`,
		Z: String(seconds),
		i: String(file.inode),
		u: String(file.uid),
		g: String(file.gid),
		a: file.mode.toString(8),
		f: ((isFolder ? 0o4_0000 : 0o10_0000) | file.mode).toString(16),
		F: isFolder ? 'directory' : (file.allocatedBytes === 0 ? 'regular empty file' : 'regular file'),
		h: '1',
		b: String(Math.ceil(file.allocatedBytes / 512)),
		B: '512',
		o: String(blockBytes),
		d: String(Number.parseInt(fileSystemOf(world, place).id.slice(0, 8), 16)),
		n: place,
	});
}

export function formatFileSystemStatus(world: DemoWorld, place: string, format: string): string {
	const fileSystem = fileSystemOf(world, place);
	return fill(format, {
		a: String(Math.floor(fileSystem.freeBytes / blockBytes)),
		f: String(Math.floor(fileSystem.freeBytes / blockBytes)),
		b: String(Math.floor(fileSystem.totalBytes / blockBytes)),
		S: String(blockBytes),
		s: String(blockBytes),
		i: fileSystem.id,
		T: 'ext2/ext3',
		t: 'ef53',
		n: place,
	});
}

function folder(world: DemoWorld, place: string): Pick<DemoFile, 'path' | 'allocatedBytes' | 'modifiedAtMs' | 'inode' | 'uid' | 'gid' | 'mode'> {
	return {
		path: place, allocatedBytes: blockBytes, modifiedAtMs: 0, inode: 2 + [...world.folders].indexOf(place), uid: 0, gid: 0, mode: 0o755,
	};
}

function fileSystemOf(world: DemoWorld, place: string): DemoWorld['fileSystems'][number] {
	const fits = world.fileSystems.filter(({mount}) => place === mount || place.startsWith(mount === '/' ? '/' : `${mount}/`));
	return fits.sort((a, b) => b.mount.length - a.mount.length)[0] ?? {mount: '/', id: '0', freeBytes: 0, totalBytes: 0};
}

function fill(format: string, values: Record<string, string>): string {
	return format
		.replaceAll(/\\([0nt\\])/g, (_, code: string) => ({0: '\0', n: '\n', t: '\t', '\\': '\\'}[code]!))
		.replaceAll(/%(\.\d)?([A-Za-z%])/g, (whole, precision: string | undefined, letter: string) => letter === '%' ? '%' : values[`${precision ?? ''}${letter}`] ?? whole);
}
