/**
What a revert to an external snapshot means for each disk: which image it is put back on, and which disks keep what they have (R6, R7, R10).
*/
import {stampOf} from '../../model/text/format.ts';
import {hasProcess, headDisks, isKeptOutOfSnapshots, isWritableMedium, type Disk} from '../../model/domain/domain.ts';
import {chainOf, isContentHeld, imageAt} from '../../model/images/image-graph.ts';
import type {Blocker} from '../../model/failure.ts';
import {isImageName, isInNetwork} from '../../model/qemu/network-image.ts';
import {layoutOn, type FileFacts, type ImagePlace, type Layout} from '../../model/images/image.ts';
import {ownerModel} from '../../model/images/image-owner.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {isDrive} from '../../model/domain/start-files.ts';
import type {PlanContext} from '../context.ts';
import {readOutRemedy, requireLayersOfRecord, requireSecrets} from '../checks/recorded-chains.ts';
import {noFolderFor, overlayStem} from '../storage/overlay-site.ts';
import {isOpened} from '../encryption/keys.ts';
import {isFileBacked, placeInXml, storageOf, storageWord} from '../storage/storage.ts';
import {buildFor, type Build} from './build-folder.ts';
import {overlayPath} from './overlay-name.ts';

/** A disk that gets a new overlay. */
export type OverlaidDisk = {
	target: string;
	/** The image that stands below: the frozen one, or for a disk that the snapshot left out its present head. */
	basePath: string;
	baseFormat: string;
	overlayPath: string;
	/** What the domain writes to at this moment; undefined where it no longer has the disk. */
	headPath: string | undefined;
	/** Whose owner and mode the overlay gets. */
	like: FileFacts | undefined;
	/** The head of a running domain: libvirt gives it back to its owner when the domain stops, and only then it tells whose the overlay is to be. */
	ownedLater?: {headPath: string; file: FileFacts};
	layout: Layout;
	/** Undefined: it is made in place. */
	build?: Build;
	/** Set where the image below is in use, so that nobody may open it to ask. */
	sizeBytes?: number;
	wasLeftOut: boolean;
	/** Of a branch: the overlay on the one that its first snapshot freezes. */
	layer?: 'upper';
	/** It stands alone; `sizeBytes` is its size. */
	hasNoBacking?: true;
	/** Its file is reserved for QEMU, which writes it. */
	isMadeByQemu?: true;
	/** The domain's own QEMU has the image below, or its server, for itself, though the disk is not on it: nobody may look at it before QEMU has ended. */
	isHeldOpen?: true;
};

/** Whether the image below is only free when the domain is off. */
export function needsStop({wasLeftOut, isHeldOpen}: OverlaidDisk): boolean {
	return wasLeftOut || isHeldOpen === true;
}

export type RevertDisks = {
	overlaid: OverlaidDisk[];
	/** Left out by the snapshot, and free to be written on: they keep their file. */
	untouched: Array<ImagePlace & {target: string}>;
	/** Left out by the snapshot, and on no image file: block devices, the network. The definition of then is put in place, and names them as it did. */
	outside: Disk[];
	/** In the domain today, not in the snapshot's: they leave the definition. */
	leaving: Disk[];
};

function baseFacts(context: PlanContext, basePath: string, headPath: string | undefined) {
	const base = imageAt(context.graph, basePath);
	const head = headPath === undefined ? undefined : imageAt(context.graph, headPath);
	const layout = layoutOn(base);
	const isHeldByLibvirt = hasProcess(context.inventory.details.domain) && context.can.changesOwners;
	return isHeldByLibvirt && head?.file?.isRegular
		? {like: ownerModel(base?.file), ownedLater: {headPath: head.path, file: head.file}, layout}
		: {like: ownerModel(head?.file, base?.file), layout};
}

/**
Whether the record that keeps the current state freezes this disk although the target left it out. One that the current snapshot left out as well stays out:
nobody wants it in snapshots (it may be shared with others).
*/
function isKeptToo({currentSnapshot, snapshots}: DomainDetails, disk: Disk): boolean {
	const current = snapshots.find(({name}) => name === currentSnapshot);
	return !isKeptOutOfSnapshots(disk) && current?.disks.find(({target}) => target === disk.target)?.mode !== 'no';
}

/** A server in the network may let in nobody beside the domain's own QEMU. */
function isHeldOpen({graph, inventory: {bare, details}}: PlanContext, basePath: string): boolean {
	return bare?.imageNodes?.get(basePath)?.isWritable ?? (hasProcess(details.domain) && chainOf(graph, basePath).some(path => isInNetwork(path)));
}

const unknownStorage = (disk: Disk): Blocker => ({
	kind: 'not-a-file',
	text: `The disk ${disk.target} was not on a file when the snapshot was taken (type ${storageWord(disk)}): this version reverts disks on image files, on block devices and behind NBD servers (without TLS) alone.`,
});

/** `overlayFolder`: for disks that are on no file. `isKept`: the current state is kept in a record of its own. Appends blockers to the context where a disk cannot be put back. */
export function revertDisks(context: PlanContext, given: {snapshot: Snapshot; now: Date; isKept: boolean; overlayFolder?: string}): RevertDisks {
	const {snapshot, now, isKept, overlayFolder} = given;
	const {details, folders} = context.inventory;
	const heads = headDisks(details.domain);
	const then = snapshot.domain?.disks ?? [];
	const taken = new Set<string>(details.images.map(image => image.path));
	const result: RevertDisks = {overlaid: [], untouched: [], outside: [], leaving: heads.filter(head => !then.some(disk => disk.target === head.target))};

	for (const disk of then) {
		if (!isWritableMedium(disk)) {
			continue;
		}

		const {target} = disk;
		const head = heads.find(candidate => candidate.target === target);
		const recorded = snapshot.disks.find(candidate => candidate.target === target);
		const isLeftOut = recorded?.mode !== 'external';
		const base = isLeftOut && head?.sourcePath !== undefined ? head : disk;
		const isGone = base.sourcePath !== undefined && details.missing?.files.has(base.sourcePath);
		if (isLeftOut && (!isFileBacked(base) || (isGone && isDrive(base)))) {
			result.outside.push(...(isDrive(base) ? [] : [base]));
			continue;
		}

		const basePath = storageOf(base)?.path;
		const isNamed = isImageName(basePath);
		const stem = isNamed ? overlayStem(context, {target, basePath}, overlayFolder) : undefined;
		if (!isNamed || stem === undefined) {
			context.blockers.push(isNamed ? noFolderFor(target, basePath) : unknownStorage(base));
			continue;
		}

		if (base.format === undefined) {
			context.blockers.push({
				kind: 'chain-broken',
				text: `The snapshot does not record the image format of ${target}, and formats are never guessed.`,
				remedy: 'Record it in the snapshot\'s <domain>: <driver type=\'…\'/>.',
			});
			continue;
		}

		const isFrozen = isContentHeld(context.graph, basePath) || (isKept && isKeptToo(details, base));
		if (isLeftOut && (isKeptOutOfSnapshots(base) || !isFrozen)) {
			result.untouched.push({target, ...placeInXml(context, {path: basePath, format: base.format})});
			continue;
		}

		if ((base.isEncrypted && !isOpened(context, base)) || base.hasSlices) {
			context.blockers.push({
				kind: 'not-supported',
				text: `The disk ${target} is ${base.isEncrypted && !base.hasSlices ? 'encrypted' : 'a slice of its file'}, and an overlay on it would not be: this version does not revert such disks.`,
				...(base.isEncrypted && {remedy: readOutRemedy(context, basePath)}),
			});
			continue;
		}

		if (!isLeftOut) {
			requireLayersOfRecord(context, disk);
		}

		requireSecrets(context, target, basePath, () => readOutRemedy(context, basePath));
		const overlay = overlayPath(stem, {stamp: stampOf(now), folders, taken});
		const build = buildFor(context, overlay);
		result.overlaid.push({
			target,
			basePath,
			baseFormat: base.format,
			overlayPath: overlay,
			...(build !== undefined && {build}),
			headPath: head && storageOf(head)?.path,
			...baseFacts(context, basePath, head?.sourcePath),
			wasLeftOut: isLeftOut,
			...(!isLeftOut && isHeldOpen(context, basePath) && {isHeldOpen: true}),
		});
	}

	return result;
}
