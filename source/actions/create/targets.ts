/**
How each disk takes part in a new snapshot, and where its new files go: overlays and the memory file. Names follow libvirt's own (`<image without extension>.<snapshot>`), nothing that is there
is ever overwritten, and an overlay that was made beforehand is proven against the chain first.
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import type {SnapshotMethod} from '../../model/plan/decision-table.ts';
import type {CreateAction} from '../../model/plan/request.ts';
import {advisedDepth} from '../../model/images/chain-depth.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {formatBytes, stampOf} from '../../model/text/format.ts';
import {chainOf, imageAt, overlaysOf} from '../../model/images/image-graph.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {stopRemedy} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {overlayPath, stemOf} from '../../planner/steps/overlay-name.ts';
import {noFolderFor, overlayStem} from '../../planner/storage/overlay-site.ts';
import {inMode, type AskedDisk, type DiskPlan} from '../../planner/disk-plan.ts';
import {headOf, modeOf} from './disks.ts';
import {
	describeDepth, describeEmpty, describeHidden, describeOtherName, describeTightMemory,
} from './words.ts';

type ExternalDisk = Extract<DiskPlan, {mode: 'external'}>;

/** What new names are chosen with. */
type Naming = {action: CreateAction; now: Date; taken: Set<string>; consequences: Consequence[]};

/** The longest name of a file, in bytes. */
const longestName = 255;

function isTaken(context: PlanContext, path: string): boolean {
	return context.inventory.folders.get(posix.dirname(path))?.names.has(posix.basename(path)) ?? false;
}

/** libvirt's name where it is free and fits; else one with the time, and a word about it. */
function chooseName(context: PlanContext, {now, taken, consequences}: Naming, {wanted, stem, what}: {wanted: string; stem: string; what: string}): string {
	const isTooLong = Buffer.byteLength(posix.basename(wanted)) > longestName;
	if (!isTooLong && !isTaken(context, wanted)) {
		return wanted;
	}

	const path = overlayPath(stem, {stamp: stampOf(now), folders: context.inventory.folders, taken});
	consequences.push(describeOtherName(what, {path, wanted, isTooLong}));
	return path;
}

/** A size of its own, because qemu-img does not open an image that a guest writes to. */
function prepareCommand(context: PlanContext, {overlayPath, headPath, format}: ExternalDisk): string {
	const size = imageAt(context.graph, headPath)?.virtualSizeBytes;
	return `qemu-img create -u -f qcow2 -F ${format} -b ${quoteForShell(headPath)} ${quoteForShell(overlayPath)} ${size ?? 'SIZE'}`;
}

/** What an overlay that was made beforehand must be, so that the guest finds its disk as it was. */
function refusePrepared(context: PlanContext, disk: ExternalDisk, consequences: Consequence[]): void {
	const {overlayPath: path, headPath} = disk;
	const {graph, pins} = context;
	const refuse = (text: string, remedy: string) => context.blockers.push({kind: 'image-changed', text: `The prepared overlay ${path} of ${disk.target} ${text}.`, remedy});
	const anewRemedy = `Create it anew, which overwrites what is in it: ${prepareCommand(context, disk)}`;
	const image = imageAt(graph, path);
	const head = imageAt(graph, headPath);
	if (image === undefined || image.problems.some(problem => problem.kind === 'missing')) {
		refuse('is not there, or is empty', `Create it first: ${prepareCommand(context, disk)}`);
		return;
	}

	// Whoever uses it would lose it, were it created anew.
	const users = [...pins.filter(pin => graph.keyOf(pin.path) === graph.keyOf(path)).map(pin => pin.label), ...overlaysOf(graph, path)];
	if (users.length > 0) {
		refuse(`is in use: ${[...new Set(users)].join(', ')}`, `Prepare another overlay: --disk ${disk.target}=external:FILE.`);
		return;
	}

	if (image.problems.some(problem => problem.kind === 'locked')) {
		refuse('is open in another process', stopRemedy);
		return;
	}

	const unreadable = image.problems.find(problem => problem.kind === 'unreadable');
	if (unreadable !== undefined || image.format !== 'qcow2') {
		refuse(`cannot be read as qcow2${unreadable ? `: ${unreadable.reason}` : ''}`, anewRemedy);
		return;
	}

	if (image.backingPath === undefined) {
		refuse('has no backing file: the disk would be empty at the next start', `${anewRemedy}. Or leave the file out and ask for --reuse ${disk.target}=no-backing-file, if an empty disk is intended.`);
	} else if (graph.keyOf(image.backingPath) !== graph.keyOf(headPath)) {
		refuse(`is backed by ${image.backingPath}, but the disk is on ${headPath}`, anewRemedy);
	} else if (image.backingFormat !== disk.format) {
		refuse(image.backingFormat === undefined ? 'does not record the format of its backing file' : `records its backing file as ${image.backingFormat}, but it is ${disk.format}`, anewRemedy);
	}

	if (head !== undefined && image.virtualSizeBytes !== head.virtualSizeBytes) {
		refuse(`is ${formatBytes(image.virtualSizeBytes)} in size, but the disk is ${formatBytes(head.virtualSizeBytes)} (${image.virtualSizeBytes} and ${head.virtualSizeBytes} bytes)`, anewRemedy);
	}

	requireEmpty(context, disk, {ownBytes: image.ownBytes, consequences});
}

/** What a prepared overlay holds already hides what the disk holds at this moment, be it zeros. */
function requireEmpty(context: PlanContext, disk: ExternalDisk, {ownBytes, consequences}: {ownBytes: number | undefined; consequences: Consequence[]}): void {
	const {overlayPath: path, target, request} = disk;
	const refuse = (text: string, remedy: string) => context.blockers.push({kind: 'image-changed', text: `The prepared overlay ${path} of ${target} ${text}`, remedy});
	if (ownBytes === 0) {
		return;
	}

	const holds = ownBytes === undefined ? 'appears to hold data (qemu-img map fails on it)' : `holds ${formatBytes(ownBytes)} of data already`;
	if (request?.reuse !== 'existing-with-data') {
		refuse(`${holds}: the guest would read that instead of its own data.`, `Create it anew: ${prepareCommand(context, disk)}. Or confirm that this data is intended: --reuse ${target}=existing-with-data.`);
	} else if (hasProcess(context.inventory.details.domain)) {
		refuse(
			`${holds}: the disk would change under the running guest, and undoing that would write it into ${disk.headPath}.`,
			`Shut the domain down first. Or create an empty overlay and ask for --reuse ${target}=existing: ${prepareCommand(context, disk)}`,
		);
	} else {
		consequences.push(describeHidden(disk, holds));
	}
}

function refuseTarget(context: PlanContext, disk: ExternalDisk, consequences: Consequence[]): void {
	if (disk.request?.isDevice && disk.reuse !== 'existing') {
		context.blockers.push({
			kind: 'not-supported',
			text: `${disk.target} asks for an overlay on the block device ${disk.overlayPath}, and overlays are made as files.`,
			remedy: `Make the overlay there first (${prepareCommand(context, disk)}), and say so: --reuse ${disk.target}=existing.`,
		});
	} else if (disk.reuse === 'existing') {
		refusePrepared(context, disk, consequences);
	} else if (isTaken(context, disk.overlayPath)) {
		context.blockers.push({
			kind: 'name-taken',
			text: `The file ${disk.overlayPath} exists already, and nothing is overwritten.`,
			remedy: `Name another one (--disk ${disk.target}=external:FILE), or confirm that it was made for this (--reuse ${disk.target}=existing).`,
		});
	} else if (Buffer.byteLength(posix.basename(disk.overlayPath)) > longestName) {
		context.blockers.push({kind: 'name', text: `The name ${posix.basename(disk.overlayPath)} is longer than ${longestName} bytes.`, remedy: 'Choose a shorter name.'});
	}

	if (disk.reuse === 'no-backing-file') {
		consequences.push(describeEmpty(disk, hasProcess(context.inventory.details.domain)));
	}

	const depth = chainOf(context.graph, disk.headPath).length + 1;
	const {deepestChain} = context.can;
	if (disk.reuse !== 'no-backing-file' && depth > deepestChain) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The chain of ${disk.target} would be ${depth} images deep, and this host starts no domain with more than ${deepestChain}.`,
			remedy: 'Merge or delete older snapshots first.',
		});
	} else if (disk.reuse !== 'no-backing-file' && depth > advisedDepth) {
		consequences.push(describeDepth(disk, depth));
	}
}

/** The size that the guest's memory may take is known only when it is saved; at most it is all of it. */
function warnOfRoom(context: PlanContext, memoryPath: string, consequences: Consequence[]): void {
	const folder = context.inventory.folders.get(posix.dirname(memoryPath));
	const {memoryBytes} = context.inventory.details.domain.definition;
	if (folder && folder.freeBytes < memoryBytes) {
		consequences.push(describeTightMemory(memoryBytes, folder));
	}
}

/** Two disks on one file: the second would overwrite the first. */
function refuseShared(context: PlanContext, files: Array<{what: string; path: string}>): void {
	const first = new Map<string, string>();
	for (const {what, path} of files) {
		const other = first.get(path);
		if (other !== undefined) {
			context.blockers.push({kind: 'name-taken', text: `${other} and ${what} would both get the file ${path}.`, remedy: 'Name the files: --disk DISK=external:FILE.'});
		}

		first.set(path, what);
	}
}

function chooseMemoryPath(context: PlanContext, naming: Naming, [first]: ExternalDisk[]): string | undefined {
	const {action} = naming;
	const asked = action.memory?.path;
	if (asked !== undefined) {
		if (!posix.isAbsolute(asked) || posix.normalize(asked) !== asked || asked.endsWith('/')) {
			context.blockers.push({kind: 'memory-file', text: `${asked} is not an absolute path.`, remedy: 'Give the absolute path of the memory file, without "." and "..".'});
		} else if (isTaken(context, asked)) {
			context.blockers.push({kind: 'memory-file', text: `The file ${asked} exists already, and libvirt and QEMU would overwrite it.`, remedy: 'Choose another name for the memory file.'});
		}

		return asked;
	}

	const besidePath = first?.headPath ?? context.inventory.details.images.find(image => context.pins.some(pin => pin.path === image.path && pin.hold === 'head' && pin.domainUuid === context.uuid))?.path;
	if (besidePath === undefined) {
		context.blockers.push({kind: 'memory-file', text: 'There is no disk whose folder could take the memory file.', remedy: 'Name it: --memory external:FILE.'});
		return undefined;
	}

	const stem = stemOf(besidePath);
	return chooseName(context, naming, {wanted: `${stem}.${action.snapshot}.mem`, stem, what: 'The memory file'});
}

function chooseOverlay(context: PlanContext, naming: Naming, {target, request, headPath}: AskedDisk & {headPath: string}): Pick<ExternalDisk, 'overlayPath' | 'reuse'> {
	const {action} = naming;
	const stem = overlayStem(context, {target, basePath: headPath}, action.overlayFolder);
	if (stem === undefined && request?.path === undefined) {
		context.blockers.push(noFolderFor(target, headPath));
	}

	return {
		overlayPath: request?.path ?? chooseName(context, naming, {wanted: `${stem ?? headPath}.${action.snapshot}`, stem: stem ?? headPath, what: `The new overlay of ${target}`}),
		reuse: request?.reuse === 'existing-with-data' ? 'existing' : request?.reuse ?? 'absolute-paths',
	};
}

/** How each disk takes part, and all new files. A disk that cannot is not among them. Appends blockers to the context. */
export function planDisks(context: PlanContext, given: {action: CreateAction; method: SnapshotMethod; asked: AskedDisk[]; now: Date}): {disks: DiskPlan[]; memoryPath: string | undefined; consequences: Consequence[]} {
	const {action, method, now} = given;
	const consequences: Consequence[] = [];
	const naming: Naming = {action, now, taken: new Set(context.inventory.details.images.map(image => image.path)), consequences};
	const disks = given.asked.flatMap((asked): DiskPlan[] => {
		const mode = modeOf(asked, method);
		if (mode === 'no' || mode === 'manual') {
			return [{...asked, mode, overlayPath: undefined}];
		}

		const head = headOf(context, asked, mode);
		if (head === undefined) {
			return [];
		}

		const frozen = {...asked, ...head};
		return [mode === 'internal' ? {...frozen, mode, overlayPath: undefined} : {...frozen, mode, ...chooseOverlay(context, naming, frozen)}];
	});
	const external = inMode(disks, 'external');
	for (const disk of external) {
		refuseTarget(context, disk, consequences);
	}

	const memoryPath = method.memory === 'external' ? chooseMemoryPath(context, naming, external) : undefined;
	if (memoryPath !== undefined) {
		warnOfRoom(context, memoryPath, consequences);
	}

	refuseShared(context, [
		...external.map(disk => ({what: disk.target, path: disk.overlayPath})),
		...(memoryPath === undefined ? [] : [{what: 'the memory', path: memoryPath}]),
	]);
	return {disks, memoryPath, consequences};
}
