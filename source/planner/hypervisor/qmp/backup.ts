/**
A backup by the monitor of a standalone QEMU.
*/
import type {Step} from '../../../model/plan/plan.ts';
import {succeed, type Result} from '../../../model/result.ts';
import type {Backup, PlanContext} from '../hypervisor.ts';

/** Appends blockers. */
export function backupRunning(context: PlanContext, _backup: Backup): Result<Step[]> {
	context.blockers.push({kind: 'not-supported', text: 'A standalone QEMU cannot be backed up yet.', remedy: 'Shut it down, and copy its images.'});
	return succeed([]);
}
