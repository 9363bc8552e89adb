/**
Creating a snapshot of a running domain. Whoever runs it does the work; what is recorded is settled here.
*/
import {succeed, type Result} from '../../model/result.ts';
import type {PlanContext} from '../../planner/context.ts';
import {requireInternal} from './disks.ts';
import {recordSteps} from './record.ts';
import type {CreateParts, CreateRequest} from './request.ts';

/** Appends blockers to the context; fails only where an XML document cannot be made or changed. */
export function planOnline(context: PlanContext, request: CreateRequest): Result<CreateParts> {
	const {action, method} = request;
	if (method.by === 'savevm') {
		requireInternal(context, request.disks, action.snapshot);
	}

	const isRunning = context.inventory.details.domain.state === 'running';
	const records = context.can.recordsRunning && !action.hasNoMetadata
		? succeed([])
		: recordSteps(context, {...request, state: method.memory === 'no' ? 'disk-snapshot' : (isRunning ? 'running' : 'paused')});
	return records.ok ? context.hypervisor.snapshotRunning(context, {...request, records: records.value}) : records;
}
