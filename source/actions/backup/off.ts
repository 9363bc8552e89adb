/**
A backup of a domain that is off: qemu-img copies its disks.
*/
import type {Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {PlanContext} from '../../planner/context.ts';
import type {Backup} from '../../planner/hypervisor/hypervisor.ts';

/** Appends blockers. */
export function backupOff(context: PlanContext, _backup: Backup): Result<Step[]> {
	context.blockers.push({kind: 'domain-state', text: 'The domain is off, and cannot be backed up yet.', remedy: 'Start it, or copy its images.'});
	return succeed([]);
}
