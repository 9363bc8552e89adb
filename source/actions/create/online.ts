/**
Creating a snapshot of a running domain. Whoever runs it does the work; which files there are, and what is recorded, is settled here.
*/
import {mapResult, succeed, type Result} from '../../model/result.ts';
import type {SnapshotMemory} from '../../model/domain/snapshot.ts';
import {refuseFolders} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {filesAt, overlayFiles, toOverlaid} from '../../planner/steps/overlay.ts';
import {partakingDisks, requireInternal} from './disks.ts';
import {recordSteps} from './record.ts';
import type {CreateParts, CreateRequest} from './request.ts';
import {chooseTargets, type TargetedDisk} from './targets.ts';

/** Appends blockers to the context; fails only where an XML document cannot be made or changed. */
export function planOnline(context: PlanContext, {action, way, disks: all, now}: CreateRequest): Result<CreateParts> {
	const internal = partakingDisks(context, all, 'internal');
	const external = partakingDisks(context, all, 'external');
	if (way.by === 'savevm') {
		requireInternal(context, all, internal, action.snapshot);
	}

	const {disks: targeted, memoryPath, consequences} = chooseTargets(context, action, {disks: external, hasMemory: way.memory === 'external', now});
	const isMade = ({reuse}: TargetedDisk) => reuse !== 'existing';
	const created = [...overlayFiles(targeted.filter(disk => isMade(disk)).map(disk => toOverlaid(context, disk))), ...filesAt(memoryPath === undefined ? [] : [memoryPath])];
	refuseFolders(context, created.map(({path}) => path));
	const memory: SnapshotMemory = way.memory === 'external' ? {mode: 'external', path: memoryPath ?? ''} : {mode: way.memory};
	const heads = new Map(targeted.map(({target, overlayPath}) => [target, overlayPath]));
	const isRunning = context.inventory.details.domain.state === 'running';
	const records = context.can.recordsRunning && !action.hasNoMetadata
		? succeed([])
		: recordSteps(context, {action, disks: all, overlays: heads, now, state: way.memory === 'no' ? 'disk-snapshot' : (isRunning ? 'running' : 'paused'), memory});
	if (!records.ok) {
		return records;
	}

	const modes = all.map(({disk: {target}, mode}) => ({target, mode}));
	return mapResult(context.hypervisor.snapshotRunning(context, {action, now, memory, modes, internal, external: targeted, records: records.value}), work => ({
		steps: work.steps,
		consequences: [...consequences, ...work.consequences],
		heads,
		created,
		written: internal.map(({headPath}) => headPath),
		adopted: targeted.filter(disk => !isMade(disk)).map(({overlayPath}) => overlayPath),
		bases: [...internal, ...external].map(({headPath}) => headPath),
	}));
}
