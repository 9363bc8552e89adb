/**
What a backup builds on, and what it copies of each disk.
*/
import type {BackupAction} from '../../model/plan/request.ts';
import type {Manifest} from '../../model/backup/manifest.ts';
import {healthOf, type DiskHealth} from '../../model/domain/checkpoint-health.ts';
import {headDisks, isWritableMedium, type Disk} from '../../model/domain/domain.ts';
import {encryptedLayers} from '../../model/domain/recorded-chain.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {PlanContext} from '../../planner/context.ts';
import type {CopiedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {findCheckpoint} from '../../planner/records/checkpoint-plan.ts';

/** The checkpoint that the changes are copied since, and the point of the folder that was made with it. */
export type Base = {checkpoint: Checkpoint; point: Manifest};

export type ChosenDisk = CopiedDisk & {
	virtualSizeBytes: number;
	/** The name of the file that it is built on, of the earlier point. */
	backing: string | undefined;
	atLeastBytes: number;
	/** It is not known how much has changed: while the domain is off nobody counts it. */
	isUncounted: boolean;
};

/** `whyFull`: where the latest was wanted and there is none to build on, in a sentence. */
type ChosenBase = {base: Base | undefined; whyFull: string | undefined};

/** Appends blockers; fails with `checkpoint-not-found`. */
export function chooseBase(context: PlanContext, {since, to}: BackupAction, {points}: BackupFolder): Result<ChosenBase> {
	const {domain, checkpoints} = context.inventory.details;
	const own = points.filter(point => point.domain.uuid === domain.uuid);
	if (since.kind === 'full') {
		return succeed({base: undefined, whyFull: undefined});
	}

	if (since.kind === 'latest') {
		const latest = own.at(-1);
		const found = latest && checkpoints.find(({name}) => name === latest.checkpoint);
		return succeed(found === undefined
			? {base: undefined, whyFull: latest === undefined ? 'the folder has none of this domain yet' : (latest.checkpoint === null ? `the last one, ${latest.point}, was made without a checkpoint` : `the checkpoint of the last one, "${latest.checkpoint}", has gone`)}
			: {base: {checkpoint: found, point: latest!}, whyFull: undefined});
	}

	const checkpoint = findCheckpoint(context, since.name);
	if (!checkpoint.ok) {
		return checkpoint;
	}

	const point = own.findLast(candidate => candidate.checkpoint === since.name);
	if (point === undefined) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `${to} has no backup that was made with the checkpoint "${since.name}": the changes since then alone would restore nothing.`,
			remedy: 'Leave --since out: the backup then builds on the last one there, or is a full one.',
		});
		return succeed({base: undefined, whyFull: undefined});
	}

	return succeed({base: {checkpoint: checkpoint.value, point}, whyFull: undefined});
}

/** The file of the disk in that point, if it and all that it is built on are there. */
function wholeFile(point: Manifest, {points, folder}: BackupFolder, target: string): Manifest['disks'][number] | undefined {
	const own = point.disks.find(({disk}) => disk === target);
	const files = new Map(points.flatMap(({disks}) => disks.map(disk => [disk.file, disk] as const)));
	for (let at = own; at !== undefined; at = at.backing === null ? undefined : files.get(at.backing)) {
		if (!folder.names.has(at.file) || (at.backing !== null && !files.has(at.backing))) {
			return undefined;
		}
	}

	return own;
}

const healthReasons: Record<Exclude<DiskHealth['health'], 'good'>, string> = {
	broken: 'its bitmap is broken, as after a crash or a failed start of QEMU', missing: 'its bitmap is not there', unknown: 'the state of its bitmap is not known',
};

/** Why the changes since the checkpoint alone cannot be copied of this disk, as the end of a sentence; undefined: they can. */
function whyWhole(context: PlanContext, disk: {target: string; virtualSizeBytes: number}, {base, folder}: {base: Base; folder: BackupFolder}): string | undefined {
	const {domain, checkpoints} = context.inventory.details;
	const health = healthOf(base.checkpoint, {domain, graph: context.graph, all: checkpoints}).find(({target}) => target === disk.target);
	if (health === undefined) {
		return `the checkpoint "${base.checkpoint.name}" does not include it`;
	}

	if (health.health === 'unknown' && domain.state === 'paused') {
		return domain.isFreshlyResumed ? 'QEMU tells of no bitmap while the guest is paused; resume it for a moment first to copy the changes alone' : 'QEMU tells of no bitmap of the paused guest: they are broken, or QEMU has not activated its disks yet';
	}

	if (health.health !== 'good') {
		return healthReasons[health.health];
	}

	const file = wholeFile(base.point, folder, disk.target);
	return file === undefined
		? `the backup ${base.point.point} has no whole file of it`
		: (file.virtualSizeBytes === disk.virtualSizeBytes ? undefined : 'its size has changed since');
}

/** What the layers of the chain hold, at most. */
const allocatedOf = ({graph}: PlanContext, path: string): number => chainOf(graph, path).reduce((sum, link) => sum + (imageAt(graph, link)?.allocatedBytes ?? 0), 0);

const isCopied = (disk: Disk): boolean => isWritableMedium(disk) && disk.device !== 'floppy' && disk.transient === undefined;

/** By itself, or by an image that it is backed by. */
export const holdsEncrypted = ({graph}: Pick<PlanContext, 'graph'>, {sourcePath, isEncrypted}: Disk): boolean => isEncrypted || (sourcePath !== undefined && encryptedLayers(graph, sourcePath).length > 0);

/** Its image; or why it cannot be copied, as the end of a sentence. libvirt has to be given a target of exactly the size that the guest sees (9.0 dies of another). */
function copiedImage({graph}: PlanContext, {sourcePath, isEncrypted, hasSlices}: Disk): Image | string {
	const image = sourcePath === undefined ? undefined : imageAt(graph, sourcePath);
	if (image === undefined) {
		return 'its image is not a file on this host';
	}

	return hasSlices || (isEncrypted && image.format === 'raw')
		? `it is ${hasSlices ? 'a slice of its file' : 'encrypted as a whole (LUKS)'}, and how large it is for the guest is not known`
		: image;
}

/** Appends blockers. `notes`: sentences on disks that are left out or copied whole. */
export function chooseTargets(context: PlanContext, action: BackupAction, given: {base: Base | undefined; folder: BackupFolder; fileOf: (target: string) => string}): {disks: ChosenDisk[]; notes: string[]} {
	const {base, folder, fileOf} = given;
	const notes: string[] = [];
	const all = headDisks(context.inventory.details.domain).filter(disk => isCopied(disk));
	const refuse = (text: string, remedy?: string) => context.blockers.push({kind: 'not-supported', text, ...(remedy !== undefined && {remedy})});
	if (all.length === 0) {
		refuse('The domain writes to no disk that can be copied.');
		return {disks: [], notes};
	}

	for (const target of action.disks.filter(named => !all.some(disk => disk.target === named))) {
		refuse(`The domain writes to no disk "${target}" that can be copied.`, `It writes to ${all.map(disk => disk.target).join(', ')}.`);
	}

	const imageOf = (disk: Disk) => copiedImage(context, disk);
	const asked = all.filter(({target}) => action.disks.length === 0 || action.disks.includes(target));
	const disks = asked.flatMap((disk): ChosenDisk[] => {
		const {target} = disk;
		const image = imageOf(disk);
		if (typeof image === 'string') {
			const others = [asked, all].map(group => group.filter(other => typeof imageOf(other) !== 'string')).find(group => group.length > 0);
			refuse(`${target} cannot be copied: ${image}.`, others === undefined ? 'While the domain runs, virsh backup-begin copies such a disk.' : `Name the other disks: ${others.map(other => `--disk ${other.target}`).join(' ')}.`);
			return [];
		}

		if (holdsEncrypted(context, disk) && action.isDecrypted !== true) {
			const plain = asked.filter(other => !holdsEncrypted(context, other)).map(other => `--disk ${other.target}`);
			refuse(`What is on ${target} is encrypted, and its copy would not be.`, `To have it so all the same: --decrypt.${plain.length === 0 ? '' : ` Or name the other disks: ${plain.join(' ')}.`}`);
			return [];
		}

		if (holdsEncrypted(context, disk)) {
			notes.push(`What is on ${target} is encrypted, and its copy is not.`);
		}

		const {virtualSizeBytes} = image;
		const why = base && whyWhole(context, {target, virtualSizeBytes}, {base, folder});
		const recorded = why === undefined ? base?.checkpoint.disks.find(disk => disk.target === target) : undefined;
		if (why !== undefined) {
			notes.push(`${target} is copied whole: ${why}.`);
		}

		const allBytes = Math.min(allocatedOf(context, image.path), virtualSizeBytes);
		return [{
			target,
			headPath: image.path,
			path: fileOf(target),
			since: recorded?.bitmap,
			backing: recorded?.bitmap === undefined ? undefined : wholeFile(base!.point, folder, target)!.file,
			virtualSizeBytes,
			atLeastBytes: 0,
			isUncounted: recorded?.bitmap !== undefined && recorded.sizeBytes === undefined,
			atMostBytes: recorded?.bitmap === undefined ? allBytes : Math.min(recorded.sizeBytes ?? allBytes, virtualSizeBytes),
		}];
	});
	const leftOut = all.filter(({target}) => !disks.some(disk => disk.target === target)).map(({target}) => target);
	return {disks, notes: [...notes, ...(leftOut.length === 0 ? [] : [`${leftOut.join(', ')} is left out: this point cannot restore it.`])]};
}

