/**
A checkpoint that is to be made, alone or with a backup: which disks can take part, and its documents.
*/
import {headDisks, isWritableMedium, type Disk} from '../../model/domain/domain.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {mapResult, together, type Result} from '../../model/result.ts';
import {buildCheckpointXml} from '../../model/xml/build/checkpoint.ts';
import type {PlanContext} from '../context.ts';
import type {RecordedDisk} from '../hypervisor/hypervisor.ts';
import {lastCheckpoint} from './checkpoint-plan.ts';

export type NewCheckpointParts = {
	name: string;
	parent: string | undefined;
	/** For libvirt, which finds parent and time by itself; and as it is recorded where nobody else does. */
	requestXml: string;
	recordXml: string;
	disks: RecordedDisk[];
};

/** Why the disk can have no bitmap, as the end of a sentence; undefined: it can. */
export function bitmapMisfit({graph}: PlanContext, disk: Disk): string | undefined {
	const image = disk.sourcePath === undefined ? undefined : imageAt(graph, disk.sourcePath);
	const rules: Array<[boolean, string]> = [
		[!isWritableMedium(disk), 'the guest does not write to it'],
		[disk.transient !== undefined, 'it is transient: QEMU allows no checkpoint of it'],
		[disk.sourcePath === undefined || image === undefined, 'its image is not a file on this host'],
		[(image?.format ?? 'qcow2') !== 'qcow2', `its image is ${image?.format ?? 'unknown'}, and only qcow2 can hold a bitmap`],
		[image?.isVersion2 === true, 'its image is qcow2 of version 2 (compat 0.10), which holds no bitmap'],
	];
	return rules.find(([holds]) => holds)?.[1];
}

function refuseNames(context: PlanContext, checkpoint: string, recorded: readonly RecordedDisk[]): void {
	const {checkpoints} = context.inventory.details;
	const problem = checkpointNameProblem(checkpoint);
	if (problem !== undefined) {
		context.blockers.push({kind: 'name', text: `The name for the checkpoint ${problem}.`, remedy: 'Choose another name.'});
	} else if (checkpoints.some(({name}) => name === checkpoint)) {
		context.blockers.push({kind: 'name-taken', text: `A checkpoint "${checkpoint}" exists already.`, remedy: 'Choose another name.'});
	}

	for (const {target, path, bitmap} of recorded) {
		if (bitmap !== checkpoint && !context.can.namesBitmaps) {
			context.blockers.push({kind: 'not-supported', text: `libvirt wants the bitmap of ${target} to be called like the checkpoint.`, remedy: 'Leave --bitmap out.'});
		}

		const bitmapProblem = bitmap === checkpoint ? undefined : checkpointNameProblem(bitmap);
		if (bitmapProblem !== undefined) {
			context.blockers.push({kind: 'name', text: `The name for the bitmap of ${target} ${bitmapProblem}.`, remedy: 'Choose another name.'});
		}

		if (imageAt(context.graph, path)?.bitmaps.some(({name}) => name === bitmap)) {
			context.blockers.push({
				kind: 'name-taken',
				text: `${path} holds a bitmap "${bitmap}" already, which no checkpoint of that name accounts for.`,
				remedy: 'Choose another name, or remove that bitmap if nobody needs it (vsnap-tui doctor).',
			});
		}
	}
}

/** `recorded`: those that take part; the others are left out. Appends blockers; fails with `unreadable` where a document cannot be made. */
export function newCheckpoint(context: PlanContext, given: {name: string; description: string | undefined; recorded: RecordedDisk[]; now: Date}): Result<NewCheckpointParts> {
	const {name, description, recorded, now} = given;
	const {domain, checkpoints} = context.inventory.details;
	refuseNames(context, name, recorded);
	const parent = lastCheckpoint(checkpoints)?.name;
	const disks = headDisks(domain).filter(disk => isWritableMedium(disk)).map(({target}) => ({target, bitmap: recorded.find(disk => disk.target === target)?.bitmap}));
	return mapResult(together({
		requestXml: buildCheckpointXml({name, description, disks}),
		recordXml: buildCheckpointXml({
			name, description, disks, recorded: {parent, createdAt: Math.floor(now.getTime() / 1000)},
		}),
	}), documents => ({name, parent, ...documents, disks: recorded}));
}
