/**
How far a job or a migration of a bare QEMU has come, in bytes.
*/
import type {Copied} from '../../../engine/ports.ts';
import type {Progress} from '../../../model/plan/progress.ts';
import type {Ask} from './end.ts';

type QmpProgress = Extract<Progress, {kind: 'qmp-job' | 'qmp-migration'}>;

/** The jobs whose progress is told in bytes; others count in units of their own. */
const byteJobs = new Set(['backup', 'commit', 'mirror', 'stream']);

type Job = {id: string; type: string; 'current-progress': number; 'total-progress': number};
type Migration = {status?: string; ram?: {total: number; remaining: number}};

/** Undefined: not known at this moment, or not in bytes. */
export async function readQmpProgress(ask: Ask, progress: QmpProgress): Promise<Copied | undefined> {
	if (progress.kind === 'qmp-job') {
		const jobs = await ask('query-jobs');
		const job = jobs.ok ? (jobs.value as Job[]).find(candidate => candidate.id === progress.id) : undefined;
		return job === undefined || !byteJobs.has(job.type) || job['total-progress'] <= 0
			? undefined
			: {doneBytes: job['current-progress'], totalBytes: job['total-progress']};
	}

	const migration = await ask('query-migrate');
	const ram = migration.ok ? (migration.value as Migration).ram : undefined;
	return ram === undefined || ram.total <= 0
		? undefined
		: {doneBytes: Math.max(0, ram.total - ram.remaining), totalBytes: ram.total};
}
