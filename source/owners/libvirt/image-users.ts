/**
Who uses an image at this moment. Asked just before a file is removed, so everything is read anew: the definitions and snapshot records of all domains,
the headers of the images that they lead to, the headers of all images in the same folder, and the processes that have it open.
*/
import {posix} from 'node:path';
import type {Image} from '../../model/image.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readFileFacts, readFolder, readOpenProcesses} from '../../tools/files.ts';
import {readOverlayHeader} from '../../tools/qemu-img.ts';
import type {Runner} from '../../tools/run.ts';
import {mapLimited} from './concurrency.ts';
import {readForeignRecords} from './read-foreign.ts';
import {readImages} from './read-images.ts';
import type {Virsh} from './virsh.ts';

/** Backing files named in the headers of the other files in the image's folder, by the file that names them. */
async function readNeighbours(runner: Runner, path: string): Promise<Result<Map<string, string>>> {
	const folderPath = posix.dirname(path);
	const folder = await readFolder(runner, folderPath);
	if (!folder.ok) {
		return folder;
	}

	const neighbours = [...folder.value.names].map(name => posix.join(folderPath, name)).filter(neighbour => neighbour !== path);
	const facts = await readFileFacts(runner, neighbours);
	if (!facts.ok) {
		return facts;
	}

	const files = neighbours.filter(neighbour => facts.value.get(neighbour)?.isRegular);
	const headers = await mapLimited(files, 4, async file => [file, await readOverlayHeader(runner, file)] as const);
	return succeed(new Map(headers.flatMap(([file, backingPath]) => backingPath === undefined ? [] : [[file, backingPath]])));
}

/** Labels for people; empty: nobody. Two names of one file count as one. Fails where something could not be read, because then nobody knows. */
export async function readImageUsers(given: {runner: Runner; virsh: Virsh}, path: string): Promise<Result<string[]>> {
	const {runner, virsh} = given;
	const records = await readForeignRecords(virsh, undefined);
	if (!records.ok) {
		return records;
	}

	const [images, neighbours, processes] = await Promise.all([
		readImages(runner, records.value.formats),
		readNeighbours(runner, path),
		readOpenProcesses(runner, path),
	]);
	if (!images.ok) {
		return images;
	}

	if (!neighbours.ok) {
		return neighbours;
	}

	const headers = [...namedByImages(images.value), ...neighbours.value];
	const facts = await readFileFacts(runner, [path, ...records.value.pins.map(pin => pin.path), ...headers.map(([, backingPath]) => backingPath)]);
	if (!facts.ok) {
		return facts;
	}

	const own = facts.value.get(path)?.inode;
	const isSame = (other: string) => other === path || (own !== undefined && facts.value.get(other)?.inode === own);
	return succeed([...new Set([
		...records.value.pins.filter(pin => isSame(pin.path)).map(pin => pin.label),
		...headers.filter(([file, backingPath]) => isSame(backingPath) && !isSame(file)).map(([file]) => `the image ${file}, which stands on it`),
		...processes,
		...records.value.unreadableDomains.map(({name, reason}) => `perhaps the domain ${name}, which cannot be read: ${reason}`),
	])]);
}

function namedByImages(images: readonly Image[]): Array<[string, string]> {
	return images.flatMap(image => image.backingPath === undefined ? [] : [[image.path, image.backingPath]]);
}
