/**
An export by the monitor of a standalone QEMU, as libvirt does it: an image that is backed by the disk gets what the guest writes over, by a backup job that copies nothing else,
and is what others read over NBD.
*/
import {exportName, exportedTarget} from '../../../model/backup/scratch-file.ts';
import {headDisks} from '../../../model/domain/domain.ts';
import {imageAt} from '../../../model/images/image-graph.ts';
import type {Command} from '../../../model/plan/plan.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {fileCommands, imageCommands} from '../commands.ts';
import type {Export, Hypervisor, Opening, PlanContext} from '../hypervisor.ts';
import {lend, openDisk} from './backup.ts';
import {checkpointsOf} from './checkpoints.ts';
import {mergeActions} from './copy.ts';
import {ask, askIfAlive, factsOf} from './monitor.ts';
import {recordFolders} from './records.ts';

type Opened = Export['disks'][number] & {node: string; layers: string[]};

/** No job, no node, no bitmap of it stays in QEMU. The names are the same in every export, so that one can be ended by whoever comes later. */
const stopServer = (context: PlanContext): Command => askIfAlive(context, 'nbd-server-stop');
const endJob = (context: PlanContext, target: string): Command => askIfAlive(context, 'job-cancel', {id: exportName(target)}, {until: {kind: 'job-gone', id: exportName(target)}});
const closeScratch = (context: PlanContext, target: string): Command => askIfAlive(context, 'blockdev-del', {'node-name': exportName(target)}, {until: {kind: 'node-gone', id: exportName(target)}});
const removeBitmap = (context: PlanContext, {node, headPath, name}: {node: string; headPath: string; name: string}): Command =>
	askIfAlive(context, 'block-dirty-bitmap-remove', {node, name}, {nodes: {node: headPath}, until: {kind: 'bitmap-gone', id: name}});

function makeScratch(context: PlanContext, disk: Opened): Opening[] {
	const {target, headPath, scratchPath: path, node} = disk;
	return [
		{command: fileCommands.reserve(path), end: [{...fileCommands.remove(path), onlyIf: {kind: 'file-exists', path}}]},
		{command: fileCommands.allow(path, 0o600)},
		{command: imageCommands.createEmpty(path, imageAt(context.graph, headPath)?.virtualSizeBytes ?? 0)},
		...lend(context, {path, headPath}).map(command => ({command})),
		{
			command: ask(context, 'blockdev-add', {driver: 'qcow2', 'node-name': exportName(target), cache: {'no-flush': true}, file: {driver: 'file', filename: path}, backing: node}),
			end: [closeScratch(context, target)],
		},
	];
}

/** From here on the guest can go on: all disks are kept as they are at this moment. */
function keepMoment(context: PlanContext, disks: readonly Opened[], {checkpoint}: Export): Opening {
	const recorded = (checkpoint?.disks ?? []).map(({target, path, bitmap}) => ({node: disks.find(disk => disk.target === target)?.node ?? target, headPath: path, name: bitmap}));
	return {
		command: ask(context, 'transaction', {actions: [
			...disks.flatMap(disk => mergeActions(exportName(disk.target), disk)),
			...recorded.map(({node, name}) => ({type: 'block-dirty-bitmap-add', data: {node, name, persistent: true}})),
			...disks.map(({target, node}) => ({type: 'blockdev-backup', data: {
				'job-id': exportName(target), device: node, target: exportName(target), sync: 'none', ...(context.can.sparesGuestOfCopies && {'on-cbw-error': 'break-snapshot'}),
			}})),
		]}),
		end: [
			...disks.map(({target}) => endJob(context, target)),
			...disks.filter(({since}) => since !== undefined).map(({target, node, headPath}) => removeBitmap(context, {node, headPath, name: exportName(target)})),
		],
		undo: recorded.map(bitmap => removeBitmap(context, bitmap)),
	};
}

function recordCheckpoint(context: PlanContext, {checkpoint}: Export): Opening[] {
	if (checkpoint === undefined) {
		return [];
	}

	const {command, undo} = checkpointsOf(context).record(checkpoint.name, checkpoint.recordXml);
	return [{command, undo: undo ?? []}];
}

function begin(context: PlanContext, given: Export): Result<Opening[]> {
	const disks = given.disks.flatMap(disk => openDisk(context, disk, 'Leave --since out: the whole disks need no bitmaps.'));
	return succeed([
		...(given.checkpoint === undefined ? [] : recordFolders(context, ['checkpoints']).map(command => ({command}))),
		...disks.flatMap(disk => makeScratch(context, disk)),
		keepMoment(context, disks, given),
		...recordCheckpoint(context, given),
		// Its end is the first: as long as somebody is served, the bitmap of the changes is in use.
		{command: ask(context, 'nbd-server-start', {addr: {type: 'unix', data: {path: given.socketPath}}}), end: [stopServer(context)]},
		...disks.map(({target, since}): Opening => ({
			command: ask(context, 'block-export-add', {
				type: 'nbd', id: exportName(target), 'node-name': exportName(target), name: target, writable: false, ...(since !== undefined && {bitmaps: [exportName(target)]}),
			}),
		})),
	]);
}

function endUnwatched(context: PlanContext): {commands: Command[]; scratchPaths: string[]} {
	const nodes = [...factsOf(context).imageNodes ?? []];
	const scratch = nodes.flatMap(([path, {nodeName}]) => {
		const target = exportedTarget(nodeName);
		return target === undefined ? [] : [{target, path}];
	});
	const bitmaps = headDisks(context.inventory.details.domain).flatMap(({target, sourcePath}) => {
		const node = nodes.find(([path]) => path === sourcePath)?.[1];
		return node?.dirtyBytes?.has(exportName(target)) ? [removeBitmap(context, {node: node.nodeName, headPath: sourcePath!, name: exportName(target)})] : [];
	});
	return {
		commands: [...(scratch.length === 0 ? [] : [stopServer(context)]), ...scratch.map(({target}) => endJob(context, target)), ...bitmaps, ...scratch.map(({target}) => closeScratch(context, target))],
		scratchPaths: scratch.map(({path}) => path),
	};
}

export const exportsByMonitor: Hypervisor['exports'] = {begin, bitmapOf: exportName, endUnwatched};
