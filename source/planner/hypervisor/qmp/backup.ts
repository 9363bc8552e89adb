/**
A backup by the monitor of a standalone QEMU: it copies its disks while the guest runs.
*/
import type {Command, Step} from '../../../model/plan/plan.ts';
import {chainOf, imageAt} from '../../../model/images/image-graph.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {step} from '../../steps/step.ts';
import {fileCommands} from '../commands.ts';
import type {Backup, CopiedDisk, PlanContext} from '../hypervisor.ts';
import {checkpointsOf} from './checkpoints.ts';
import {
	copySteps, letGoSteps, openSteps, type Copying, type OpenDisk,
} from './copy.ts';
import {ask, askIfAlive, factsOf} from './monitor.ts';
import {nodeOf, refuseAgent} from './nodes.ts';

const whenStopped = 'Recover would end the backup and remove its files; the guest is not touched.';

/** Every layer is asked for the bitmap: a snapshot leaves the earlier part of it in the image that it freezes. Appends a blocker. */
export function openDisk<D extends Pick<CopiedDisk, 'target' | 'headPath' | 'since'>>(context: PlanContext, disk: D, instead = 'Copy everything, which needs no bitmaps: --full.'): Array<D & Pick<OpenDisk, 'node' | 'layers'>> {
	const {imageNodes} = factsOf(context);
	const {graph, blockers} = context;
	const byKey = new Map([...imageNodes ?? []].map(([path, node]) => [graph.keyOf(path), node]));
	const {nodeName} = nodeOf(context, disk.target);
	const below = disk.since === undefined ? [] : chainOf(graph, disk.headPath).slice(1);
	const unknown = below.find(path => !byKey.has(graph.keyOf(path)));
	if (unknown !== undefined) {
		blockers.push({
			kind: 'not-supported',
			text: `QEMU does not say which of its block nodes ${unknown} is.`,
			remedy: instead,
		});
		return [];
	}

	const layers = below.flatMap(path => byKey.get(graph.keyOf(path))!.bitmaps.includes(disk.since!) ? [byKey.get(graph.keyOf(path))!.nodeName] : []);
	return [{...disk, node: nodeName, layers: [nodeName, ...layers]}];
}

/** QEMU may have the rights of another user, to whom most likely its images belong. */
export function lend({graph, inventory: {qemuUser}}: PlanContext, {path, headPath}: Pick<CopiedDisk, 'path' | 'headPath'>): Command[] {
	const owner = qemuUser ?? imageAt(graph, headPath)?.file;
	return owner === undefined || (owner.uid === 0 && owner.gid === 0) ? [] : [fileCommands.own(path, owner)];
}

/** The file goes back to the owner of its folder afterwards. */
const lendStep = (context: PlanContext, disk: CopiedDisk): Step[] => lend(context, disk).map(command => step('create', {id: `lend-${disk.target}`, title: `Give the file for ${disk.target} to QEMU's user`, command, whenStopped}));

/** Appends blockers. */
export function backupRunning(context: PlanContext, backup: Backup): Result<Step[]> {
	const {checkpoint, isQuiesced, stamp, rateBytes} = backup;
	if (isQuiesced) {
		refuseAgent(context);
	}

	const disks = backup.disks.flatMap(disk => openDisk(context, disk));
	if (disks.length === 0) {
		return succeed([]);
	}

	const ownNode = (target: string) => disks.find(disk => disk.target === target)?.node ?? target;
	const copying: Copying = {
		disks,
		stamp,
		rateBytes,
		recorded: (checkpoint?.disks ?? []).map(({target, path, bitmap}) => ({node: ownNode(target), path, bitmap})),
		ask: (execute, parameters, more) => ask(context, execute, parameters, more),
		askBack: (execute, parameters, more) => askIfAlive(context, execute, parameters, more),
		title: `Begin the backup${checkpoint === undefined ? '' : `, and checkpoint "${checkpoint.name}" at the same moment`}`,
		whenStopped,
	};
	return succeed([
		...disks.flatMap(disk => lendStep(context, disk)),
		...openSteps(copying),
		...copySteps(copying),
		...letGoSteps(copying),
		...(checkpoint === undefined ? [] : [checkpointsOf(context).record(checkpoint.name, checkpoint.recordXml)]),
	]);
}
