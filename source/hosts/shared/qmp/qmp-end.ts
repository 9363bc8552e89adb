/**
When the work of a QMP command has come to its end, which is often later than its reply: one look at a time, by asking QEMU. Waiting between looks is left to
run-qmp.ts.
*/
import type {RunOptions} from '../../../engine/ports.ts';
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import type {QmpEvent} from './qmp.ts';

export type Ask = (execute: string, parameters?: Record<string, unknown>) => Promise<Result<unknown>>;

/** One look: true when the end is reached, false when it is to be waited for; a failure is a bad end. */
type Look = () => Promise<Result<boolean>>;

export type End = {
	/** Before the command is sent: whether an earlier run of it, cut off by a crash, has begun the work or ended it. */
	wasBegun?: () => Promise<Result<boolean>>;
	look: Look;
	/** Told every event of the monitor from before the command is sent. */
	onEvent?: (event: QmpEvent) => void;
	/** Ends the work where it takes too long, so that it does not go on behind the back of whoever puts things back. */
	stop?: {execute: string; parameters: Record<string, unknown>};
};

type Job = {id: string; status: string; error?: string};

async function readJob(ask: Ask, id: string): Promise<Result<Job | undefined>> {
	const jobs = await ask('query-jobs');
	return jobs.ok ? succeed((jobs.value as Job[]).find(job => job.id === id)) : jobs;
}

/** Whether this command is the one that makes the job, not one that only speaks to it, like `job-complete`. */
function makesJob(command: QmpCommand, id: string): boolean {
	return command.arguments['job-id'] === id;
}

/** A job of this name that is at work is the one that is wanted. One that has concluded may be of another day: it is cleared away, for its name is needed. */
async function wasMade(ask: Ask, id: string): Promise<Result<boolean>> {
	const job = await readJob(ask, id);
	if (!job.ok || job.value?.status !== 'concluded') {
		return job.ok ? succeed(job.value !== undefined) : job;
	}

	const dismissed = await ask('job-dismiss', {id});
	return dismissed.ok ? succeed(false) : dismissed;
}

/** What is said to a job that has concluded would be refused, though its end is what was wanted. */
async function wasConcluded(ask: Ask, id: string): Promise<Result<boolean>> {
	const job = await readJob(ask, id);
	return job.ok ? succeed(job.value?.status === 'concluded') : job;
}

function failure(command: QmpCommand, description: string, kind = 'GenericError'): Result<never> {
	return fail({kind: 'qmp-failed', command: command.execute, class: kind, description});
}

/** What the events said of a job that is dismissed by itself, as most block jobs are: query-jobs then knows nothing of it any more. */
function followJob(id: string) {
	let said: {description?: string; isCancelled?: boolean} | undefined;
	return {
		saidOfEnd: () => said,
		onEvent({name, data}: QmpEvent): void {
			if (name === 'BLOCK_JOB_COMPLETED' && data.device === id) {
				said = typeof data.error === 'string' ? {description: data.error} : {};
			} else if (name === 'BLOCK_JOB_CANCELLED' && data.device === id) {
				said = {description: 'the job was cancelled', isCancelled: true};
			} else if (name === 'JOB_STATUS_CHANGE' && data.id === id && data.status === 'aborting') {
				said ??= {description: 'the job failed without giving a reason'};
			}
		},
	};
}

/** A job whose end is its conclusion. It is dismissed then, so that its name is free again. */
function endOfJob(ask: Ask, command: QmpCommand, id: string): End {
	const {onEvent, saidOfEnd} = followJob(id);
	return {
		onEvent,
		stop: {execute: 'job-cancel', parameters: {id}},
		wasBegun: async () => makesJob(command, id) ? wasMade(ask, id) : wasConcluded(ask, id),
		async look() {
			const job = await readJob(ask, id);
			if (!job.ok) {
				return job;
			}

			if (job.value?.status === 'concluded') {
				const dismissed = await ask('job-dismiss', {id});
				if (job.value.error !== undefined) {
					return failure(command, job.value.error);
				}

				return dismissed.ok ? succeed(true) : dismissed;
			}

			if (job.value !== undefined) {
				return succeed(false);
			}

			const said = saidOfEnd();
			if (said?.description !== undefined) {
				return failure(command, said.description, said.isCancelled ? 'Cancelled' : undefined);
			}

			return said === undefined ? failure(command, `there is no job "${id}", and it is not known how it ended`) : succeed(true);
		},
	};
}

/** A copying job that is told to complete once it is ready: one piece, because a crash between the two would leave a job that nobody ends. */
function endOfPivot(ask: Ask, command: QmpCommand, {id, onPivot}: {id: string; onPivot: RunOptions['onPivot']}): End {
	const end = endOfJob(ask, command, id);
	let isTold = false;
	return {
		...end,
		async look() {
			const job = isTold ? succeed(undefined) : await readJob(ask, id);
			if (!job.ok || job.value?.status !== 'ready') {
				return job.ok ? end.look() : job;
			}

			const noted = await onPivot?.() ?? succeed(undefined);
			if (!noted.ok) {
				return noted;
			}

			isTold = true;
			const told = await ask('job-complete', {id});
			return told.ok ? succeed(false) : told;
		},
	};
}

/** A node that has gone by itself needs no deleting: asked for again, QEMU would refuse. */
function endOfNode(ask: Ask, name: string): End {
	const look = async (): Promise<Result<boolean>> => {
		const nodes = await ask('query-named-block-nodes');
		return nodes.ok ? succeed(!(nodes.value as Array<{'node-name'?: string}>).some(node => node['node-name'] === name)) : nodes;
	};

	return {wasBegun: look, look};
}

/** A copying job that has to become ready; its end before that is a failure. */
function endOfCopying(ask: Ask, command: QmpCommand, id: string): End {
	const {onEvent, saidOfEnd} = followJob(id);
	return {
		onEvent,
		stop: {execute: 'job-cancel', parameters: {id}},
		...(makesJob(command, id) && {wasBegun: async () => wasMade(ask, id)}),
		async look() {
			const job = await readJob(ask, id);
			if (!job.ok) {
				return job;
			}

			if (job.value !== undefined && job.value.status !== 'concluded') {
				return succeed(job.value.status === 'ready' || job.value.status === 'standby');
			}

			if (job.value !== undefined) {
				await ask('job-dismiss', {id});
			}

			const said = saidOfEnd();
			return failure(command, job.value?.error ?? said?.description ?? 'the job ended before it was ready', said?.isCancelled ? 'Cancelled' : undefined);
		},
	};
}

type Migration = {status?: string; 'error-desc'?: string};

/** Fails with `qmp-failed` where the migration has failed; `unexplained`: what is said of that where QEMU gave no reason. */
async function readMigration(ask: Ask, command: QmpCommand, unexplained: string): Promise<Result<string | undefined>> {
	const migration = await ask('query-migrate');
	if (!migration.ok) {
		return migration;
	}

	const {status, 'error-desc': description} = migration.value as Migration;
	return status === 'failed' ? failure(command, description ?? unexplained) : succeed(status);
}

async function readStatus(ask: Ask): Promise<Result<string>> {
	const status = await ask('query-status');
	return status.ok ? succeed((status.value as {status: string}).status) : status;
}

/**
An outgoing migration. QEMU calls it completed a moment before it closes the file and waits for the program at the other end of the pipe: that is done once
the domain is no longer in `finish-migrate` and the main loop has gone round.
*/
function endOfMigration(ask: Ask, command: QmpCommand): End {
	return {
		stop: {execute: 'migrate_cancel', parameters: {}},
		async look() {
			const status = await readMigration(ask, command, 'the migration failed without giving a reason');
			if (!status.ok) {
				return status;
			}

			if (status.value === 'cancelled') {
				return failure(command, 'the migration was cancelled', 'Cancelled');
			}

			if (status.value !== 'completed') {
				return succeed(false);
			}

			const state = await readStatus(ask);
			if (!state.ok || state.value === 'finish-migrate') {
				return state.ok ? succeed(false) : state;
			}

			for (let round = 0; round < 2; round++) {
				const asked = await ask('query-status');
				if (!asked.ok) {
					return asked;
				}
			}

			return succeed(true);
		},
	};
}

/** `migrate_cancel` is answered at once; the migration ends a moment later. */
function endOfCancelling(ask: Ask): End {
	return {
		async look() {
			const migration = await ask('query-migrate');
			return migration.ok
				? succeed(['none', 'completed', 'failed', 'cancelled'].includes((migration.value as Migration).status ?? 'none'))
				: migration;
		},
	};
}

function endOfIncoming(ask: Ask, command: QmpCommand): End {
	return {
		async wasBegun() {
			const state = await readStatus(ask);
			const migration = await ask('query-migrate');
			if (!state.ok || !migration.ok) {
				return state.ok ? migration as Result<never> : state;
			}

			const {status = 'none'} = migration.value as Migration;
			return succeed(status === 'completed' || (state.value === 'inmigrate' && ['setup', 'active'].includes(status)));
		},
		async look() {
			const status = await readMigration(ask, command, 'the memory could not be read, and QEMU gave no reason');
			if (!status.ok) {
				return status;
			}

			const state = await readStatus(ask);
			return state.ok ? succeed(state.value !== 'inmigrate') : state;
		},
	};
}

/** How the end of this command is seen; undefined where its reply is the end, and for `gone`, which is seen by the connection. */
export function findEnd(ask: Ask, command: QmpCommand, onPivot: RunOptions['onPivot']): End | undefined {
	switch (command.until?.kind) {
		case 'job': {
			return endOfJob(ask, command, command.until.id);
		}

		case 'job-ready': {
			return endOfCopying(ask, command, command.until.id);
		}

		case 'job-pivot': {
			return endOfPivot(ask, command, {id: command.until.id, onPivot});
		}

		case 'node-gone': {
			return endOfNode(ask, command.until.id);
		}

		case 'migration': {
			return endOfMigration(ask, command);
		}

		case 'incoming': {
			return endOfIncoming(ask, command);
		}

		default: {
			return command.execute === 'migrate_cancel' ? endOfCancelling(ask) : undefined;
		}
	}
}
