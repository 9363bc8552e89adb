/**
The images behind pins: their chains, and the facts of their files. A broken image never keeps the others from being read: what is wrong with it stands
in its own problems.
*/
import {buildImageGraph, chainOf} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import {isInNetwork} from '../../model/qemu/network-image.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import {findQcow2Files} from '../../tools/files/find-qcow2.ts';
import {readAbsentFolders} from '../../tools/files/missing-files.ts';
import {
	askServer, readChain, readDeviceBytes, readLocks,
} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';

/** One image is read by one process, and there may be hundreds. */
const readersAtOnce = 4;

/** Overlays of one disk are mostly named alike, "vda.s1" and "vda.s2" beside "vda.qcow2": who reads one of them reads the others along. */
function groupByStem(formats: ReadonlyMap<string, string>): Array<Array<[string, string]>> {
	const groups = new Map<string, Array<[string, string]>>();
	for (const [path, format] of formats) {
		const stem = path.replace(/\.[^./]*$/u, '');
		const group = groups.get(stem);
		if (group) {
			group.push([path, format]);
		} else {
			groups.set(stem, [[path, format]]);
		}
	}

	return [...groups.values()];
}

/**
Each chain from the top down, in the order of `formats`, whichever of them was read first: of two names of one file the first one counts, and a plan is compared with
what is read again.
*/
function inOrder(images: ReadonlyMap<string, Image>, formats: ReadonlyMap<string, string>): Image[] {
	const ordered = new Map<string, Image>();
	for (const top of [...formats.keys(), ...[...images.keys()].sort()]) {
		for (let image = images.get(top); image !== undefined && !ordered.has(image.path); image = images.get(image.backingPath ?? '')) {
			ordered.set(image.path, image);
		}
	}

	return [...ordered.values()];
}

/**
The image at each path and all below it, each once. `formats` gives the format of the paths themselves, best the tops of chains first; those below are named
by the headers. `tops`: those that none of the others is likely to be backed by: they are read at once. Fails only where the host cannot be asked.
*/
export async function readImages(runner: Runner, formats: ReadonlyMap<string, string>, tops: ReadonlySet<string> = new Set()): Promise<Result<Image[]>> {
	const images = new Map<string, Image>();
	const mayEndInNetwork = [...formats.keys()].some(path => isInNetwork(path));
	// Most images are named by their domains: asked for beside the chains, only the others have to be asked for after them.
	const factsOfNamed = readFileFacts(runner, [...formats.keys()]);
	const chains = await mapLimited(groupByStem(formats), readersAtOnce, async (group): Promise<Result<void>> => {
		const read = async ([path, format]: [string, string]) => readChain(runner, path, format, {mayEndInNetwork});
		const ahead = group.filter(([path]) => tops.has(path));
		const chainsAhead = new Map((await mapLimited(ahead, readersAtOnce, read)).map((chain, index) => [ahead[index]![0], chain]));
		for (const image of group) {
			const [path] = image;
			const chain = chainsAhead.get(path) ?? (images.has(path) ? succeed([]) : await read(image));
			if (!chain.ok) {
				return chain;
			}

			for (const image of chain.value) {
				// libvirt's own offline snapshot of an encrypted disk calls the image below raw: what a definition says of it counts.
				const own = image.format === 'raw' && formats.get(image.path) === 'luks' ? await readChain(runner, image.path, 'luks') : undefined;
				if (!images.has(image.path)) {
					images.set(image.path, own?.ok ? own.value[0]! : image);
				}
			}
		}

		return succeed(undefined);
	});
	const failed = chains.find(chain => !chain.ok);
	if (failed && !failed.ok) {
		return failed;
	}

	const [named, others] = await Promise.all([factsOfNamed, readFileFacts(runner, [...images.keys()].filter(path => !formats.has(path)))]);
	if (!named.ok || !others.ok) {
		return named.ok ? others as Result<never> : named;
	}

	const known = await mapLimited(inOrder(images, formats), readersAtOnce, async (image): Promise<Image> => {
		const file = named.value.get(image.path) ?? others.value.get(image.path);
		return file?.isRegular === false ? {...image, file, allocatedBytes: await readDeviceBytes(runner, image)} : {...image, file};
	});
	await markQcow2InRaw(runner, known);
	sizeLikeOverlays(known);
	return markAbsentFolders(runner, known);
}

/** An overlay is as large as what it was made on. Until a server has been asked; what would not fit it refuses to write. Changed in place. */
function sizeLikeOverlays(images: readonly Image[]): void {
	for (const image of images.filter(({path}) => isInNetwork(path))) {
		const sizes = images.flatMap(({backingPath, virtualSizeBytes}) => backingPath === image.path ? [virtualSizeBytes] : []);
		image.virtualSizeBytes = sizes.length === 0 ? 0 : Math.min(...sizes);
	}
}

/** An image is opened as it is declared, so qemu-img itself says nothing of a qcow2 image that is used as raw. Changed in place. */
async function markQcow2InRaw(runner: Runner, images: readonly Image[]): Promise<void> {
	// What qemu-img could open is a file or a device, and does not make a reader wait.
	const isReadable = ({file, problems}: Image) => file !== undefined && (file.isRegular ? file.sizeBytes > 0 : problems.length === 0);
	const raw = new Map(images.filter(image => image.format === 'raw' && isReadable(image)).map(image => [image.path, image]));
	for (const path of await findQcow2Files(runner, [...raw.keys()])) {
		raw.get(path)!.problems.push({kind: 'begins-like-qcow2'});
	}
}

/** A whole folder is gone where its file system is not mounted, or where somebody renamed it. Changed in place. */
async function markAbsentFolders(runner: Runner, images: Image[]): Promise<Result<Image[]>> {
	const missing = images.filter(({problems}) => problems.some(({kind}) => kind === 'missing'));
	const absent = missing.length === 0 ? succeed(new Map<string, string>()) : await readAbsentFolders(runner, missing.map(({path}) => path));
	if (!absent.ok) {
		return absent;
	}

	for (const image of missing) {
		const absentFolder = absent.value.get(image.path);
		image.problems = image.problems.map(problem => problem.kind === 'missing' && absentFolder !== undefined ? {...problem, absentFolder} : problem);
	}

	return succeed(images);
}

/** Those that are there, devices among them. An empty file is no image: QEMU would take it for a raw one. */
export async function findNamedImages(runner: Runner, paths: readonly string[]): Promise<Result<string[]>> {
	const facts = await readFileFacts(runner, paths);
	return facts.ok ? succeed([...facts.value].filter(([, {isRegular, sizeBytes}]) => !isRegular || sizeBytes > 0).map(([path]) => path)) : facts;
}

/** With what their servers say of images in the network. Only for a domain that is off: a running one has them open. */
export async function askServers(runner: Runner, images: readonly Image[]): Promise<Image[]> {
	return mapLimited(images, readersAtOnce, async image => isInNetwork(image.path) ? askServer(runner, image) : image);
}

/** Marks those of `paths` that another process writes to. The images are changed in place. */
export async function markLocked(runner: Runner, images: readonly Image[], paths: ReadonlySet<string>): Promise<void> {
	const graph = buildImageGraph(images, []);
	const chains = new Map([...paths].map(path => [path, chainOf(graph, path)]));
	const wanted = images.filter(image => paths.has(image.path));
	// The longest chains first: one question about them answers for all below.
	wanted.sort((a, b) => (chains.get(b.path)?.length ?? 0) - (chains.get(a.path)?.length ?? 0));
	await readLocks(runner, wanted, path => chains.get(path) ?? [path]);
}
