/**
What goes on in a QEMU, as its monitor tells it.
*/
import {exportedTarget} from '../../../model/backup/scratch-file.ts';
import type {Job} from '../../../model/domain/inventory.ts';

const wait = 'Wait until it has ended';

/** A commit or copy that is done stays until somebody ends it. */
function jobOf({id = '', type = 'a job', status = ''}: {id?: string; type?: string; status?: string}): Job {
	const named = JSON.stringify({id});
	if (exportedTarget(id) !== undefined) {
		return {text: `an export of ${exportedTarget(id)!} ("${id}", ${status})`, remedy: `${wait}. Where its vsnap-tui was killed, end it: vsnap-tui backup export DOMAIN --end.`};
	}

	return {
		text: `${type} ("${id}", ${status})`,
		remedy: status === 'ready' ? `End it (QMP: job-complete ${named}), or cancel it (job-cancel ${named}).` : `${wait}, or cancel it (QMP: job-cancel ${named}).`,
	};
}

/** Copies, saves and migrations that are going on. */
export function jobsOf(jobs: unknown, blockJobs: unknown, migration: unknown): Job[] {
	const running = (Array.isArray(jobs) ? jobs : []) as Array<{id?: string; type?: string; status?: string}>;
	const block = (Array.isArray(blockJobs) ? blockJobs : []) as Array<{device?: string; type?: string}>;
	const {status} = (migration ?? {}) as {status?: string};
	const known = new Set(running.map(job => job.id));
	return [
		...running.filter(job => !['concluded', 'null', 'undefined'].includes(job.status ?? '')).map(job => jobOf(job)),
		...block.filter(job => !known.has(job.device)).map(job => ({text: `${job.type ?? 'a block job'} on ${job.device ?? 'a disk'}`, remedy: `${wait}.`})),
		...(status !== undefined && ['setup', 'active', 'pre-switchover', 'device', 'cancelling', 'postcopy-active'].includes(status)
			? [{text: `a migration (${status})`, remedy: `${wait}, or cancel it (QMP: migrate_cancel).`}]
			: []),
	];
}
