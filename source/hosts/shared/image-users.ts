/**
Who uses an image at this moment. Asked just before a file is removed, so everything is read anew: the definitions and snapshot records of all domains,
the headers of the images that they lead to, the headers of all images in the same folder, and the processes that have it open.
*/
import {posix} from 'node:path';
import type {Image} from '../../model/images/image.ts';
import {certain, doubtful, type ImageUser} from '../../model/images/image-users.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {readFileFacts, readOpenProcesses} from '../../tools/files/files.ts';
import {readNames} from '../../tools/files/folders.ts';
import {isUnresolved} from '../../tools/files/backing-name.ts';
import {findQcow2Candidates} from '../../tools/files/find-qcow2.ts';
import {readHeader} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';
import {readImages} from './read-images.ts';
import type {RecordSource} from './record-source.ts';

type Headers = {
	/** An image, and the backing file that its header names. */
	named: Array<[string, string]>;
	/** Images of which nobody can say what they are backed by. */
	unknown: Array<{name: string; reason: string}>;
};

/** What the headers of the other files in the image's folder name. `names`: of all that is there. `known`: files whose headers were read a moment ago. */
async function readNeighbours(runner: Runner, path: string, {names, known}: {names: ReadonlySet<string>; known: ReadonlySet<string>}): Promise<Result<Headers>> {
	const folderPath = posix.dirname(path);
	const neighbours = [...names].map(name => posix.join(folderPath, name)).filter(neighbour => neighbour !== path && !known.has(neighbour));
	const facts = await readFileFacts(runner, neighbours);
	if (!facts.ok) {
		return facts;
	}

	const files = neighbours.filter(neighbour => facts.value.get(neighbour)?.isRegular);
	const headers = await mapLimited(await findQcow2Candidates(runner, files), 4, async file => [file, await readHeader(runner, file)] as const);
	const named = namedByImages(headers.flatMap(([, header]) => header.kind === 'image' ? [header.image] : []));
	const unknown = headers.flatMap(([name, header]) => header.kind === 'unknown' ? [{name, reason: header.reason}] : []);
	return succeed({named, unknown});
}

/**
Labels for people; empty: nobody. Two names of one file count as one. Fails where something could not be read, because then it is unknown, and with `busy` where
the path is no regular file: a device node is never removed, whatever a plan or a journal says.
*/
export async function readImageUsers(given: {runner: Runner; source: Pick<RecordSource, 'readForeign'>}, path: string): Promise<Result<ImageUser[]>> {
	const {runner, source} = given;
	const records = await source.readForeign(undefined);
	if (!records.ok) {
		return records;
	}

	const [images, processes, names] = await Promise.all([readImages(runner, records.value.formats), readOpenProcesses(runner, path), readNames(runner, posix.dirname(path))]);
	if (!images.ok) {
		return images;
	}

	if (!names.ok) {
		return names;
	}

	const known = new Set(images.value.filter(image => image.format === 'qcow2' && image.problems.every(({kind}) => kind === 'backing-format-not-recorded')).map(image => image.path));
	const neighbours = await readNeighbours(runner, path, {names: names.value, known});
	if (!neighbours.ok) {
		return neighbours;
	}

	const headers = [...namedByImages(images.value), ...neighbours.value.named];
	const facts = await readFileFacts(runner, [path, ...records.value.pins.map(pin => pin.path), ...headers.map(([, backingPath]) => backingPath), ...images.value.flatMap(({dataFilePath}) => dataFilePath ?? [])]);
	if (!facts.ok) {
		return facts;
	}

	if (facts.value.get(path)?.isRegular === false) {
		return fail({kind: 'busy', what: path, holder: 'it is not a regular file, and only files are removed'});
	}

	const own = facts.value.get(path)?.inode;
	const isSame = (other: string) => other === path || (own !== undefined && facts.value.get(other)?.inode === own);
	const using = [
		...records.value.pins.filter(pin => isSame(pin.path)).map(pin => pin.label),
		...headers.filter(([file, backingPath]) => isSame(backingPath) && !isSame(file)).map(([file]) => `the image ${file}, which is backed by it`),
		...images.value.filter(({dataFilePath}) => dataFilePath !== undefined && isSame(dataFilePath)).map(image => `the image ${image.path}, whose data it holds`),
		...processes,
	];
	const unread = [
		...headers.filter(([file, backingPath]) => isUnresolved(backingPath) && !isSame(file)).map(([file, backingPath]) => `the image ${file}, which is backed by ${backingPath}`),
		...neighbours.value.unknown.map(({name, reason}) => `the image ${name}, which cannot be read: ${reason}`),
		...records.value.unreadableDomains.map(({name, reason}) => `the domain ${name}, which cannot be read: ${reason}`),
		...records.value.unreadableSnapshots.map(({name, reason}) => `the snapshot ${name}, which cannot be read: ${reason}`),
	];
	return succeed([...[...new Set(using)].map(label => certain(label)), ...[...new Set(unread)].map(label => doubtful(label))]);
}

function namedByImages(images: readonly Image[]): Array<[string, string]> {
	return images.flatMap(image => image.backingPath === undefined ? [] : [[image.path, image.backingPath]]);
}
