/**
Overlays that belong to no domain and are backed by images of one: a backup that names the running disk as its backing file, a copy made by hand. Nothing but
their own headers tells of them, so the images beside the heads are looked at.
*/
import {posix} from 'node:path';
import type {Image} from '../../model/images/image.ts';
import type {FolderFacts} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import {findQcow2Candidates} from '../../tools/files/find-qcow2.ts';
import {readHeader} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';

const readersAtOnce = 4;
/** A folder may be an archive of thousands. What is beyond is found by the guard that asks before an image is removed. */
const filesPerFolder = 500;

/**
The overlays in `folders` that reach one of `images`, directly or through each other, with the facts of their files. Where one names an image by another
path than it is known by, the image comes once more under that path. Fails only where the host cannot be asked.
*/
export async function readStrays(runner: Runner, folders: readonly FolderFacts[], images: readonly Image[]): Promise<Result<Image[]>> {
	const paths = folders.flatMap(({path, names}) => [...names].slice(0, filesPerFolder).map(name => posix.join(path, name)));
	const knownPaths = new Set(images.map(image => image.path));
	const files = await readFileFacts(runner, paths.filter(path => !knownPaths.has(path)));
	if (!files.ok) {
		return files;
	}

	const byInode = new Map(images.flatMap(image => image.file === undefined ? [] : [[image.file.inode, image]]));
	const unknown = [...files.value].filter(([, facts]) => facts.isRegular && !byInode.has(facts.inode)).map(([path]) => path);
	const read = await mapLimited(await findQcow2Candidates(runner, unknown), readersAtOnce, async (path): Promise<Image[]> => {
		const header = await readHeader(runner, path);
		return header.kind === 'image' && header.image.backingPath !== undefined ? [{...header.image, file: files.value.get(path)}] : [];
	});
	const overlays = read.flat();
	const backings = await readFileFacts(runner, overlays.map(overlay => overlay.backingPath!));
	return backings.ok ? succeed(reaching(images, overlays, path => backings.value.get(path)?.inode)) : backings;
}

function reaching(images: readonly Image[], overlays: readonly Image[], inodeOf: (path: string) => string | undefined): Image[] {
	const byPath = new Map(images.map(image => [image.path, image]));
	const byInode = new Map(images.flatMap(image => image.file === undefined ? [] : [[image.file.inode, image]]));
	const found: Image[] = [];
	const add = (image: Image) => {
		found.push(image);
		byPath.set(image.path, image);
		byInode.set(image.file!.inode, byInode.get(image.file!.inode) ?? image);
	};

	for (let before = -1; before < found.length;) {
		before = found.length;
		for (const overlay of overlays.filter(({path}) => !byPath.has(path))) {
			const backingPath = overlay.backingPath!;
			const alias = byInode.get(inodeOf(backingPath) ?? '');
			if (alias !== undefined && !byPath.has(backingPath)) {
				add({...alias, path: backingPath});
			}

			if (byPath.has(backingPath)) {
				add(overlay);
			}
		}
	}

	return found;
}
