/**
Making new overlays so that nothing can be overwritten and everything can be taken back: reserve the name, give it its owner, write the overlay,
open it with its whole chain, and have it on disk before anything refers to it.
*/
import {posix} from 'node:path';
import {layoutOn, type FileFacts} from '../../model/images/image.ts';
import {isOwnedByRoot} from '../../model/images/image-owner.ts';
import type {CreatedFile, ProgramCommand, Step} from '../../model/plan/plan.ts';
import {fileCommands, imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import type {NewOverlay} from '../disk-plan.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {shortName} from '../../model/qemu/network-image.ts';
import {buildFor, buildPath, layerId, openBuildFolders, publishStep} from './build-folder.ts';
import type {OverlaidDisk} from './revert-disks.ts';
import {reserving, step} from './step.ts';

const whenStopped = 'The new images would be removed again: the domain is as it was.';

/** The files of overlays, for the picture of the images. */
export function overlayFiles(disks: readonly OverlaidDisk[]): CreatedFile[] {
	return disks.map(({overlayPath: path, basePath, hasNoBacking}) => ({path, ...(!hasNoBacking && {backingPath: basePath}), format: 'qcow2'}));
}

/** The overlay that the disk goes on in, as those of a revert are made. */
export function toOverlaid(context: PlanContext, disk: NewOverlay): OverlaidDisk {
	const head = imageAt(context.graph, disk.headPath);
	const build = buildFor(context, disk.overlayPath);
	return {
		...(build !== undefined && {build}),
		target: disk.target,
		basePath: disk.headPath,
		baseFormat: disk.format,
		overlayPath: disk.overlayPath,
		headPath: disk.headPath,
		like: head?.file,
		layout: layoutOn(head),
		wasLeftOut: false,
		...(disk.reuse === 'no-backing-file' && {hasNoBacking: true, sizeBytes: head?.virtualSizeBytes ?? 0}),
	};
}

export const filesAt = (paths: readonly string[]): CreatedFile[] => paths.map(path => ({path}));

/** What is built on nothing is no overlay. */
const kindOf = ({layer, hasNoBacking}: OverlaidDisk) => `${layer ?? 'new'} ${hasNoBacking ? 'image' : 'overlay'}`;

const overlayOf = (disk: OverlaidDisk) => `${kindOf(disk)} of ${disk.target}`;

/** Bits beyond 0600 that an image may have so that its group (QEMU's, with dynamic_ownership=0) can open it. Never for others. */
function wantedMode(like: FileFacts | undefined): number {
	return ((like?.mode ?? 0o600) & 0o060) | 0o600;
}

function createStep(disk: OverlaidDisk, path: string): Step {
	const {target, basePath: backingPath, baseFormat: backingFormat, layout, sizeBytes} = disk;
	return step('create', disk.hasNoBacking
		? {id: layerId(disk, `create-${target}`), title: `Create an empty image for ${target}`, command: imageCommands.createEmpty(path, sizeBytes!), whenStopped}
		: {
			id: layerId(disk, `create-${target}`),
			title: `Create the ${overlayOf(disk)} on ${shortName(backingPath)}`,
			command: imageCommands.createOverlay({path, backingPath, backingFormat, layout, sizeBytes}),
			whenStopped,
		});
}

/** The name and the file of an overlay, with the owner that it needs. */
export function makeSteps(disk: OverlaidDisk): Step[] {
	const {target} = disk;
	const path = buildPath(disk);
	const steps: Step[] = [step('create', {
		id: layerId(disk, `reserve-${target}`),
		title: `Create an empty file for the ${overlayOf(disk)}`,
		...reserving(path),
		whenStopped,
	})];
	if (disk.like && !isOwnedByRoot(disk.like)) {
		steps.push(step('create', {
			id: layerId(disk, `own-${target}`),
			title: 'Copy the owner of the disk to it',
			command: fileCommands.own(path, disk.like),
			whenStopped,
		}));
	}

	if (wantedMode(disk.like) !== 0o600) {
		steps.push(step('create', {
			id: layerId(disk, `allow-${target}`),
			title: 'Copy the mode of the disk to it',
			command: fileCommands.allow(path, wantedMode(disk.like)),
			whenStopped,
		}));
	}

	return disk.isMadeByQemu ? steps : [...steps, createStep(disk, path)];
}

/**
Once a running domain is off, libvirt has given its heads back to their owners, and the overlays follow them. A head that is root's was made by libvirt, and
tells nothing.
*/
export function laterOwnerSteps(disks: OverlaidDisk[]): Step[] {
	return disks.flatMap((disk): Step[] => {
		const {target, like, ownedLater} = disk;
		const path = buildPath(disk);
		if (ownedLater === undefined) {
			return [];
		}

		const {headPath, file} = ownedLater;
		const onlyIfOwned = (id: string, title: string, command: ProgramCommand) => step('switch', {
			id: layerId(disk, `${id}-${target}-later`),
			title,
			command: {...command, onlyIf: {kind: 'not-owned-by-root', path: headPath}},
			skippedNote: `${shortName(headPath)} belongs to root, so the ${kindOf(disk)} keeps the owner that it has.`,
			whenStopped,
		});
		return [
			onlyIfOwned('own', `Give the ${overlayOf(disk)} the owner of ${shortName(headPath)} while the domain is off`, fileCommands.ownLike(path, headPath)),
			...(wantedMode(file) === wantedMode(like) ? [] : [onlyIfOwned('allow', 'Copy its mode too', fileCommands.allow(path, wantedMode(file)))]),
		];
	});
}

/** One check per frozen image: it opens with its whole chain, and nobody writes to it. */
export function checkSteps(disks: OverlaidDisk[]): Step[] {
	return disks.map(disk => step('check', {
		id: `check-${disk.target}`,
		title: `Check that the chain under ${shortName(disk.basePath)} is complete`,
		command: imageCommands.infoWithChain(disk.basePath, disk.baseFormat),
	}));
}

/** All of one layer. `bitmaps`: steps that add something to the overlays before they are opened and brought to disk. */
export function overlaySteps(disks: OverlaidDisk[], bitmaps: Step[] = []): Step[] {
	if (disks.length === 0) {
		return [];
	}

	const paths = disks.map(disk => buildPath(disk));
	const folders = [...new Set(paths.map(path => posix.dirname(path)))];
	const published = [...new Set(disks.filter(({build}) => build !== undefined).map(disk => posix.dirname(disk.overlayPath)))];
	return [
		...(disks[0]!.layer === 'upper' ? [] : openBuildFolders(disks)),
		...disks.flatMap(disk => makeSteps(disk)),
		...bitmaps,
		...disks.filter(({sizeBytes, hasNoBacking}) => sizeBytes === undefined || hasNoBacking).map(disk => step('create', {
			id: layerId(disk, `open-${disk.target}`),
			title: `Check that the ${overlayOf(disk)} opens${disk.hasNoBacking ? '' : ' with its chain'}`,
			command: imageCommands.infoWithChain(buildPath(disk), 'qcow2'),
			whenStopped,
		})),
		step('create', {
			id: layerId(disks[0]!, 'sync'),
			title: `Flush the ${kindOf(disks[0]!)}s to disk`,
			command: fileCommands.sync([...paths, ...folders]),
			whenStopped,
		}),
		...disks.flatMap(disk => publishStep(disk)),
		...(published.length === 0
			? []
			: [step('create', {
				id: layerId(disks[0]!, 'sync-folders'),
				title: 'Flush their folders to disk',
				command: fileCommands.sync(published),
				whenStopped,
			})]),
	];
}
