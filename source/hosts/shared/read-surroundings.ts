/**
What lies around the images of domains: the other qcow2 images of their folders, files that may be a lost one under another roof, and memory files. For the
doctor, who looks at a whole host: as few processes as the number of files allows, and no question that waits for a busy domain.
*/
import {posix} from 'node:path';
import type {LostFile, Surroundings, SurroundingsRequest} from '../../engine/ports.ts';
import type {FolderFacts, MemoryFileFacts} from '../../model/domain/inventory.ts';
import type {Image} from '../../model/images/image.ts';
import {succeed, type Result} from '../../model/result.ts';
import {escapePattern, readFileFacts} from '../../tools/files/files.ts';
import {readFolders} from '../../tools/files/folders.ts';
import {findQcow2Candidates} from '../../tools/files/find-qcow2.ts';
import {readChain, readHeader} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';
import type {FileFence} from './file-fence.ts';
import type {RecordSource} from './record-source.ts';

const readersAtOnce = 2;
const findTimeoutMs = 30_000;
/** A folder may be an archive of many thousands; what is beyond is not looked at, and is never taken for an orphan. */
const filesPerFolder = 5000;
const namesPerFind = 50;

type Reading = {runner: Runner; source: Pick<RecordSource, 'readMemoryFile'>; checkFiles?: FileFence['check']};

const nothing: Surroundings = {folders: new Map(), others: [], found: new Map(), memoryFiles: new Map()};

/** The qcow2 images of the folders that nobody has named so far. */
async function readOthers(runner: Runner, folders: readonly FolderFacts[], known: SurroundingsRequest['known']): Promise<Result<Image[]>> {
	const knownPaths = new Set(known.map(({path}) => path));
	const knownInodes = new Set(known.map(({inode}) => inode));
	const paths = folders.flatMap(({path, names}) => [...names].map(name => posix.join(path, name)).filter(name => !knownPaths.has(name)).slice(0, filesPerFolder));
	const files = await readFileFacts(runner, paths);
	if (!files.ok) {
		return files;
	}

	const unknown = [...files.value].filter(([, facts]) => facts.isRegular && facts.sizeBytes > 0 && !knownInodes.has(facts.inode)).map(([path]) => path);
	const read = await mapLimited(await findQcow2Candidates(runner, unknown), readersAtOnce, async (path): Promise<Image[]> => {
		const header = await readHeader(runner, path);
		return header.kind === 'image' ? [{...header.image, file: files.value.get(path)}] : [];
	});
	return succeed(read.flat());
}

/** Files that bear the name of a lost one, in its surroundings: the folders, those beside and below them. */
async function findByName(runner: Runner, folders: readonly string[], names: readonly string[]): Promise<string[]> {
	const roots = new Set(folders.flatMap(folder => [folder, posix.dirname(folder)]).filter(root => root !== '/'));
	const found = new Set<string>();
	for (let index = 0; index < names.length; index += namesPerFind) {
		const tests = names.slice(index, index + namesPerFind).flatMap((name, at) => [...(at === 0 ? [] : ['-o']), '-name', escapePattern(name)]);
		for (const root of roots) {
			const result = await runner({
				argv: ['find', '-H', root, '-ignore_readdir_race', '-mindepth', '1', '-maxdepth', '2', '-type', 'f', '(', ...tests, ')', '-printf', String.raw`%p\0`],
				where: 'host',
				timeoutMs: findTimeoutMs,
				// A folder that may not be looked at holds nothing that could be used.
				acceptedExitCodes: [1],
			});
			for (const path of result.ok ? result.value.stdout.split('\0') : []) {
				if (path !== '') {
					found.add(path);
				}
			}
		}
	}

	return [...found];
}

/** For each lost file those that bear its name and are images of its format, with the facts of their files. */
async function findLost(runner: Runner, folders: readonly string[], lost: readonly LostFile[]): Promise<Result<Map<string, Image[]>>> {
	const byName = new Map<string, string[]>();
	for (const path of lost.length === 0 ? [] : await findByName(runner, folders, [...new Set(lost.map(({path}) => posix.basename(path)))])) {
		byName.set(posix.basename(path), [...byName.get(posix.basename(path)) ?? [], path]);
	}

	const facts = await readFileFacts(runner, [...byName.values()].flat());
	if (!facts.ok) {
		return facts;
	}

	const found = await mapLimited(lost, readersAtOnce, async ({path, format}): Promise<[string, Image[]]> => {
		const images: Image[] = [];
		for (const candidate of (byName.get(posix.basename(path)) ?? []).filter(name => name !== path)) {
			const chain = await readChain(runner, candidate, format);
			const top = chain.ok ? chain.value[0] : undefined;
			if (top && chain.ok && chain.value.every(image => image.problems.every(({kind}) => kind === 'backing-format-not-recorded'))) {
				images.push({...top, file: facts.value.get(candidate)});
			}
		}

		return [path, images];
	});
	return succeed(new Map(found));
}

/** Folders and files that cannot be looked at are left out, all of them where files are out of reach. Fails only where the host cannot be asked. */
export async function readSurroundings({runner, source, checkFiles}: Reading, request: SurroundingsRequest): Promise<Result<Surroundings>> {
	const access = await checkFiles?.() ?? succeed(undefined);
	if (!access.ok) {
		return access.failure.kind === 'files-elsewhere' ? succeed(nothing) : access;
	}

	const read = await readFolders(runner, [...request.folders, ...request.namesIn]);
	const folders = [...read.values()].flatMap(folder => folder.ok ? [folder.value] : []);
	const ofImages = new Set(request.folders);
	const [others, lost, memoryFiles] = await Promise.all([
		readOthers(runner, folders.filter(({path}) => ofImages.has(path)), request.known),
		findLost(runner, request.folders, request.lost),
		mapLimited([...new Set(request.memoryPaths)], readersAtOnce, async (path): Promise<[string, MemoryFileFacts]> => [path, await source.readMemoryFile(path, undefined)]),
	]);
	if (!others.ok) {
		return others;
	}

	return lost.ok
		? succeed({folders: new Map(folders.map(folder => [folder.path, folder])), others: others.value, found: lost.value, memoryFiles: new Map(memoryFiles)})
		: lost;
}
