/**
A picture for browsing, and the inventory for planning: one domain with its images, and what the rest of the host holds of them.
*/
import {posix} from 'node:path';
import {hasProcess, headDisks, type DomainDefinition} from '../../model/domain/domain.ts';
import type {Image} from '../../model/images/image.ts';
import {isInNetwork} from '../../model/qemu/network-image.ts';
import type {DomainDetails, HostFacts, Inventory, MemoryFileFacts} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';
import {tpmPaths} from '../../model/domain/tpm.ts';
import {nvramCopyPath, nvramPaths, type NvramFile} from '../../model/domain/nvram.ts';
import {formatsOfDomain, pinsOfDomain, topsOfDomain} from '../../model/images/pins.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {nothingMissing, startPaths} from '../../model/domain/start-files.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {readFileFacts, readRealPath} from '../../tools/files/files.ts';
import {findQcow2Candidates} from '../../tools/files/find-qcow2.ts';
import {readFolderRisks} from '../../tools/files/folder-risks.ts';
import {readFolders} from '../../tools/files/folders.ts';
import {readOwnBytes} from '../../tools/files/own-bytes.ts';
import {readMissingFiles} from '../../tools/files/missing-files.ts';
import {readHeader} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import {mapLimited} from '../../tools/run/concurrency.ts';
import type {FileFence} from './file-fence.ts';
import {type DomainRecords, type ForeignRecords, type RecordSource} from './record-source.ts';
import {
	askServers, findNamedImages, markLocked, readImages,
} from './read-images.ts';
import {readStrays} from './read-strays.ts';

export type Reading = {
	source: RecordSource;
	runner: Runner;
	/** Whether files may be looked at (file-fence.ts); undefined: they may. */
	checkFiles?: FileFence['check'];
};

const nothingForeign: ForeignRecords = {pins: [], formats: new Map(), unreadableDomains: [], unreadableSnapshots: []};

type PictureRead = {details: DomainDetails; records: DomainRecords};

/** Those of `named` with what they hold by themselves: an overlay that a person prepared has to be empty. */
async function withOwnBytes(runner: Runner, images: readonly Image[], named: ReadonlySet<string>): Promise<Result<Image[]>> {
	const measured: Image[] = [];
	for (const image of images) {
		const isAsked = named.has(image.path) && image.problems.every(({kind}) => kind !== 'missing' && kind !== 'unreadable');
		const ownBytes = isAsked ? await readOwnBytes(runner, image) : succeed(undefined);
		if (!ownBytes.ok) {
			return ownBytes;
		}

		measured.push(ownBytes.value === undefined ? image : {...image, ownBytes: ownBytes.value});
	}

	return succeed(measured);
}

type Wanted = {withForeignPins: boolean; withoutImages?: boolean; withoutSizes?: boolean; withSecrets: boolean; alsoPaths?: readonly string[]};

async function readWhole(reading: Reading, uuid: string, options: Wanted): Promise<Result<PictureRead>> {
	const {source, runner, checkFiles} = reading;
	const [records, foreign, access] = await Promise.all([
		source.readRecords(uuid, options),
		options.withForeignPins ? source.readForeign(uuid) : succeed(nothingForeign),
		(options.withoutImages ? undefined : checkFiles?.()) ?? succeed(undefined),
	]);
	if (!records.ok) {
		return records;
	}

	if (!foreign.ok) {
		return foreign;
	}

	const {domain, snapshots, currentSnapshot, checkpoints, unreadable} = records.value;
	const withoutImages: DomainDetails = {
		domain,
		snapshots,
		currentSnapshot,
		checkpoints,
		images: [],
		foreignPins: foreign.value.pins,
		unreadable,
		unreadableOthers: [...foreign.value.unreadableDomains, ...foreign.value.unreadableSnapshots],
	};
	if (options.withoutImages) {
		return succeed({records: records.value, details: withoutImages});
	}

	if (!access.ok) {
		const {failure} = access;
		return failure.kind === 'files-elsewhere'
			? succeed({records: records.value, details: {...withoutImages, filesElsewhere: {text: failure.text, remedy: failure.remedy}}})
			: access;
	}

	const formats = formatsOfDomain(domain, snapshots);
	const pinnedPaths = new Set(pinsOfDomain(domain, snapshots).map(pin => pin.path));
	const pinned = new Map([...formats].filter(([path]) => pinnedPaths.has(path) || isInNetwork(path)));
	const others = [...foreign.value.formats].filter(([path]) => !pinned.has(path));
	const known = new Map([...pinned, ...others]);
	const named = await findNamedImages(runner, (options.alsoPaths ?? []).filter(path => !known.has(path)));
	if (!named.ok) {
		return named;
	}

	// An overlay can only be qcow2: what is something else shows as an image that cannot be read.
	const read = await readImages(runner, new Map([...known, ...named.value.map((path): [string, string] => [path, 'qcow2'])]), topsOfDomain(domain, snapshots, currentSnapshot));
	const images = read.ok ? await withRecordedLayers(runner, read.value, [domain.definition, ...snapshots.map(snapshot => snapshot.domain)]) : read;
	const measured = images.ok ? await withOwnBytes(runner, images.value, new Set(named.value)) : images;
	if (!measured.ok) {
		return measured;
	}

	const missing = await readMissing(runner, [domain.definition, domain.liveDefinition, ...snapshots.map(snapshot => snapshot.domain)], measured.value);
	return missing.ok
		? succeed({
			records: records.value,
			details: {
				...withoutImages,
				images: measured.value,
				missing: {files: missing.value, ...(records.value.lostSecrets ?? {secrets: nothingMissing.secrets})},
			},
		})
		: missing;
}

/** With the images that recorded chains name and no header does, where they are there: mostly none. */
async function withRecordedLayers(runner: Runner, images: readonly Image[], definitions: ReadonlyArray<DomainDefinition | undefined>): Promise<Result<Image[]>> {
	const known = new Set(images.map(({path}) => path));
	const layers = definitions.flatMap(definition => definition?.disks ?? []).flatMap(({recordedChain}) => recordedChain?.layers ?? []);
	const unknown = new Map(layers.flatMap(({path, format}) => path?.startsWith('/') && !known.has(path) ? [[path, format ?? 'qcow2']] : []));
	const there = unknown.size === 0 ? succeed(new Map()) : await readFileFacts(runner, [...unknown.keys()]);
	if (!there.ok) {
		return there;
	}

	const more = there.value.size === 0 ? succeed([]) : await readImages(runner, new Map([...unknown].filter(([path]) => there.value.has(path))));
	return more.ok ? succeed([...images, ...more.value.filter(({path}) => !known.has(path))]) : more;
}

/** What these definitions name for a start and is not there. Images that were seen are there. */
async function readMissing(runner: Runner, definitions: ReadonlyArray<DomainDefinition | undefined>, images: readonly Image[]): Promise<Result<Set<string>>> {
	const seen = new Set(images.filter(({file}) => file !== undefined).map(({path}) => path));
	const paths = definitions.flatMap(definition => definition === undefined ? [] : startPaths(definition)).filter(path => !seen.has(path));
	return paths.length === 0 ? succeed(new Set()) : readMissingFiles(runner, paths);
}

/** Definitions that only a plan puts in place: what was pending when a snapshot was made, and what a memory file was saved with. */
function definitionsToCome(snapshots: readonly Snapshot[], memoryFiles: ReadonlyArray<[string, MemoryFileFacts]>): DomainDefinition[] {
	const pending = snapshots.flatMap(({inactiveDomainXml}) => inactiveDomainXml === undefined ? [] : [parseDomainXml(inactiveDomainXml)]);
	return [
		...pending.flatMap(parsed => parsed.ok ? [parsed.value] : []),
		...memoryFiles.flatMap(([, facts]) => facts.kind === 'good' ? [facts.definition] : []),
	];
}

export async function readDetails(reading: Reading, uuid: string, options: Omit<Wanted, 'withSecrets' | 'alsoPaths'>): Promise<Result<DomainDetails>> {
	const read = await readWhole(reading, uuid, {...options, withSecrets: false});
	return read.ok ? succeed(read.value.details) : read;
}

/** Folders that cannot be looked at are left out. */
async function readFoldersOf(runner: Runner, paths: readonly string[], images: readonly string[]): Promise<Required<Pick<Inventory, 'folders' | 'linkedRisks'>>> {
	const folders = [...new Set([...paths, ...images].map(path => posix.dirname(path)))];
	const [read, risks] = await Promise.all([readFolders(runner, folders), readFolderRisks(runner, folders, images)]);
	return {
		folders: new Map([...read.values()].flatMap(folder => {
			const risk = folder.ok ? risks.folders.get(folder.value.path) : undefined;
			return folder.ok ? [[folder.value.path, {...folder.value, ...(risk && {risk})}]] : [];
		})),
		linkedRisks: risks.linked,
	};
}

/**
Locks are looked for where a plan would rely on it: the frozen images, and the heads of a domain that is off. The heads of one that runs are its own.
*/
function pathsToProbe(details: DomainDetails, pins: readonly Pin[]): Set<string> {
	const live = new Set(details.domain.liveDefinition === undefined ? [] : headDisks(details.domain).map(disk => disk.sourcePath));
	return new Set(pins.filter(pin => pin.target !== undefined && !live.has(pin.path)).map(pin => pin.path));
}

/** Where the snapshots put their overlays. Nothing pins that of a disk which was detached since, and it may lie in a folder of its own. */
function overlaysOnRecord({snapshots}: DomainDetails): string[] {
	return snapshots
		.flatMap(({disks, revertDisks}) => [...disks, ...revertDisks])
		.flatMap(({overlayPath}) => overlayPath?.startsWith('/') ? [overlayPath] : []);
}

/** Those that are plain files and can be read. Fails only where the host cannot be asked. */
async function readNvramFiles(runner: Runner, paths: readonly string[]): Promise<Result<Map<string, NvramFile>>> {
	if (paths.length === 0) {
		return succeed(new Map());
	}

	const plain = await runner({
		argv: ['find', ...paths, '-maxdepth', '0', '-type', 'f', '-readable', '-printf', String.raw`%p\0`], where: 'host', timeoutMs: 30_000,
		// Most copies are not there.
		acceptedExitCodes: [1],
	});
	if (!plain.ok) {
		return plain.failure.kind === 'tool-failed' ? succeed(new Map()) : plain;
	}

	const facts = await readFileFacts(runner, plain.value.stdout.split('\0').filter(name => name !== ''));
	if (!facts.ok) {
		return facts;
	}

	const qcow2 = await findQcow2Candidates(runner, [...facts.value.keys()]);
	const tags = new Map(await mapLimited(qcow2, 4, async (path): Promise<[string, string[] | undefined]> => {
		const header = await readHeader(runner, path);
		return [path, header.kind === 'image' ? header.image.internalSnapshots.map(({tag}) => tag) : undefined];
	}));
	return succeed(new Map([...facts.value].map(([path, file]) => [path, {...file, isRaw: !tags.has(path), ...(tags.get(path) && {tags: tags.get(path)})}])));
}

/** The folders of all images, where one of them names its backing file from its own folder. */
async function readRealFolders(runner: Runner, images: readonly Image[]): Promise<Map<string, string>> {
	if (!images.some(({backingName}) => backingName !== undefined && !backingName.startsWith('/'))) {
		return new Map();
	}

	const folders = [...new Set(images.map(({path}) => posix.dirname(path)))].filter(folder => folder.startsWith('/'));
	const real = await mapLimited(folders, 4, async folder => readRealPath(runner, folder));
	return new Map(folders.flatMap((folder, index) => real[index] === undefined ? [] : [[folder, real[index]]]));
}

/** `alsoPaths`: files that the request names, there or not. */
type InventoryRequest = {uuid: string; alsoPaths: readonly string[]};

/** Everything that a planner may ask. `hostFacts`: asked for meanwhile. */
export async function readInventory(reading: Reading, hostFacts: Result<HostFacts> | Promise<Result<HostFacts>>, {uuid, alsoPaths}: InventoryRequest): Promise<Result<Inventory>> {
	const {source, runner} = reading;
	const [read, found] = await Promise.all([readWhole(reading, uuid, {withForeignPins: true, withSecrets: true, alsoPaths}), hostFacts]);
	if (!found.ok) {
		return found;
	}

	if (!read.ok) {
		return read;
	}

	const host = found.value;
	const {records} = read.value;
	const details = {...read.value.details, images: hasProcess(read.value.details.domain) ? read.value.details.images : await askServers(runner, read.value.details.images)};
	const pins = pinsOfDomain(details.domain, details.snapshots);
	const memoryPaths = new Set(details.snapshots.flatMap(snapshot => snapshot.memory.mode === 'external' ? [snapshot.memory.path] : []));
	const overlayPaths = overlaysOnRecord(details);
	const tpm = tpmPaths(host.uri, details.domain);
	const beside = [...nvramPaths(details.domain, details.snapshots), ...tpm.flatMap(path => [path, ...details.snapshots.flatMap(({name}) => nvramCopyPath(path, name) ?? [])])];
	const imageFiles = details.images.flatMap(({path, dataFilePath}) => [path, ...(dataFilePath === undefined ? [] : [dataFilePath])]);
	const [{folders, linkedRisks}, nvramFiles, memoryFiles, jobs] = await Promise.all([
		readFoldersOf(runner, [...pins.filter(pin => pin.target !== undefined).map(pin => pin.path), ...overlayPaths, ...alsoPaths, ...beside].filter(path => !isInNetwork(path)), imageFiles.filter(path => !isInNetwork(path))),
		readNvramFiles(runner, beside),
		mapLimited([...memoryPaths], 4, async (path): Promise<[string, MemoryFileFacts]> => [path, await source.readMemoryFile(path, records)]),
		source.readJobs(details.domain),
		markLocked(runner, details.images, new Set([...pathsToProbe(details, pins), ...alsoPaths])),
	]);
	// The folders of frozen images too: a clone beside one is known by its header alone, and a commit would write into what it is backed by.
	const imageFolders = new Set([...pins.filter(pin => pin.target !== undefined).map(pin => pin.path), ...overlayPaths].filter(path => !isInNetwork(path)).map(path => posix.dirname(path)));
	const strays = await readStrays(runner, [...folders.values()].filter(({path}) => imageFolders.has(path)), details.images);
	if (!strays.ok) {
		return strays;
	}

	if (!nvramFiles.ok) {
		return nvramFiles;
	}

	const tpmPath = tpm.find(path => nvramFiles.value.has(path));
	const known = details.missing ?? nothingMissing;
	const missing = await readMissing(runner, definitionsToCome(details.snapshots, memoryFiles), details.images);
	if (!missing.ok) {
		return missing;
	}

	return jobs.ok
		? succeed({
			host,
			details: {...details, images: [...details.images, ...strays.value], missing: {...known, files: new Set([...known.files, ...missing.value])}},
			definitionXml: records.definitionXml,
			liveXml: records.liveXml,
			folders,
			linkedRisks,
			realFolders: await readRealFolders(runner, details.images),
			memoryFiles: new Map(memoryFiles),
			jobs: jobs.value,
			nvramPath: (details.domain.liveDefinition ?? details.domain.definition).nvramPath ?? details.domain.definition.nvramPath,
			nvramFiles: nvramFiles.value,
			...(tpmPath !== undefined && {tpmPath}),
		})
		: jobs;
}
