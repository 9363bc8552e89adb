/**
When the work of a QMP command has come to its end, which is often later than its reply: one look at a time, by asking QEMU. Waiting between looks is left to
run-qmp.ts.
*/
import type {RunOptions} from '../../../engine/ports.ts';
import {movingBitmaps} from '../../../model/plan/carry-bitmaps.ts';
import type {MovedBitmaps, QmpCommand} from '../../../model/plan/plan.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {failure, type Ask, type End} from './end.ts';
import {endOfCancelling, endOfIncoming, endOfMigration} from './migration-end.ts';
import type {QmpEvent} from './qmp.ts';

type NodeOfBitmaps = {'node-name'?: string; 'dirty-bitmaps'?: Array<{name?: string}>};

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

/** What the events said of a job that is dismissed by itself, as most block jobs are: query-jobs then knows nothing of it any more. */
function followJob(id: string) {
	let reported: {description?: string; isCancelled?: boolean} | undefined;
	return {
		reportedEnd: () => reported,
		onEvent({name, data}: QmpEvent): void {
			if (name === 'BLOCK_JOB_COMPLETED' && data.device === id) {
				reported = typeof data.error === 'string' ? {description: data.error} : {};
			} else if (name === 'BLOCK_JOB_CANCELLED' && data.device === id) {
				reported = {description: 'the job was cancelled', isCancelled: true};
			} else if (name === 'JOB_STATUS_CHANGE' && data.id === id && data.status === 'aborting') {
				reported ??= {description: 'the job failed without giving a reason'};
			}
		},
	};
}

/** A job whose end is its conclusion. It is dismissed then, so that its name is free again. */
function endOfJob(ask: Ask, command: QmpCommand, id: string, moved?: MovedBitmaps): End {
	const {onEvent, reportedEnd} = followJob(id);
	return {
		onEvent,
		stop: {execute: 'job-cancel', parameters: {id}},
		wasBegun: async () => makesJob(command, id) ? wasMade(ask, id) : wasConcluded(ask, id),
		async look() {
			const job = await readJob(ask, id);
			if (!job.ok) {
				return job;
			}

			if (job.value?.status === 'pending' && moved !== undefined) {
				return finalize(ask, id, moved);
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

			const reported = reportedEnd();
			if (reported?.description !== undefined) {
				return failure(command, reported.description, reported.isCancelled ? 'Cancelled' : undefined);
			}

			return reported === undefined ? failure(command, `there is no job "${id}", and it is not known how it ended`) : succeed(true);
		},
	};
}

/** Those that an earlier run has made, cut off by a crash, are made anew: the guest has gone on since, and the head has recorded it. */
async function removeMade(ask: Ask, node: unknown, made: ReadonlyArray<{name: string}>): Promise<Result<unknown>> {
	const nodes = made.length === 0 ? succeed([]) : await ask('query-named-block-nodes');
	if (!nodes.ok) {
		return nodes;
	}

	const found = (nodes.value as NodeOfBitmaps[]).find(candidate => candidate['node-name'] === node)?.['dirty-bitmaps'] ?? [];
	for (const {name} of made.filter(bitmap => found.some(one => one.name === bitmap.name))) {
		const removed = await ask('block-dirty-bitmap-remove', {node, name});
		if (!removed.ok) {
			return removed;
		}
	}

	return succeed(undefined);
}

async function move(ask: Ask, moved: MovedBitmaps): Promise<Result<unknown>> {
	const removed = await removeMade(ask, moved.nodes.into, moved.bitmaps.filter(({isNew}) => isNew));
	return removed.ok ? ask('transaction', movingBitmaps(moved)) : removed;
}

/** Where that fails the job ends without having changed which image lies below which. */
async function finalize(ask: Ask, id: string, moved: MovedBitmaps): Promise<Result<boolean>> {
	const merged = await move(ask, moved);
	const told = merged.ok ? await ask('job-finalize', {id}) : merged;
	if (!told.ok) {
		await ask('job-cancel', {id});
	}

	return told.ok ? succeed(false) : told;
}

/** A copying job that is told to complete once it is ready: one piece, because a crash between the two would leave a job that nobody ends. */
function endOfPivot(ask: Ask, command: QmpCommand, {id, moved, onPivot}: {id: string; moved: MovedBitmaps | undefined; onPivot: RunOptions['onPivot']}): End {
	const end = endOfJob(ask, command, id);
	let wasSent = false;
	return {
		...end,
		async look() {
			const job = wasSent ? succeed(undefined) : await readJob(ask, id);
			if (!job.ok || job.value?.status !== 'ready') {
				return job.ok ? end.look() : job;
			}

			const moving = moved === undefined ? succeed(undefined) : await move(ask, moved);
			if (!moving.ok) {
				// The guest stays where it is.
				await ask('job-cancel', {id});
				return moving;
			}

			const noted = await onPivot?.() ?? succeed(undefined);
			if (!noted.ok) {
				return noted;
			}

			wasSent = true;
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

/** Whatever came of it: one that has concluded is dismissed. */
function endOfAnyJob(ask: Ask, id: string): End {
	const look = async (): Promise<Result<boolean>> => {
		const job = await readJob(ask, id);
		if (!job.ok || job.value?.status !== 'concluded') {
			return job.ok ? succeed(job.value === undefined) : job;
		}

		const dismissed = await ask('job-dismiss', {id});
		return dismissed.ok ? succeed(true) : dismissed;
	};

	return {wasBegun: look, look};
}

/** Removed a second time, QEMU would refuse. */
function endOfBitmap(ask: Ask, {arguments: {node}}: QmpCommand, name: string): End {
	const look = async (): Promise<Result<boolean>> => {
		const nodes = await ask('query-named-block-nodes');
		const found = nodes.ok ? (nodes.value as NodeOfBitmaps[]).find(candidate => candidate['node-name'] === node) : undefined;
		return nodes.ok ? succeed(!(found?.['dirty-bitmaps'] ?? []).some(bitmap => bitmap.name === name)) : nodes;
	};

	return {wasBegun: look, look};
}

/** A copying job that has to become ready; its end before that is a failure. */
function endOfCopying(ask: Ask, command: QmpCommand, id: string): End {
	const {onEvent, reportedEnd} = followJob(id);
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

			const said = reportedEnd();
			return failure(command, job.value?.error ?? said?.description ?? 'the job ended before it was ready', said?.isCancelled ? 'Cancelled' : undefined);
		},
	};
}

/** How the end of this command is seen; undefined where its reply is the end, and for `gone`, which is seen by the connection. */
export function findEnd(ask: Ask, command: QmpCommand, onPivot: RunOptions['onPivot']): End | undefined {
	switch (command.until?.kind) {
		case 'job': {
			return endOfJob(ask, command, command.until.id, command.until.moved);
		}

		case 'job-ready': {
			return endOfCopying(ask, command, command.until.id);
		}

		case 'job-pivot': {
			return endOfPivot(ask, command, {id: command.until.id, moved: command.until.moved, onPivot});
		}

		case 'node-gone': {
			return endOfNode(ask, command.until.id);
		}

		case 'job-gone': {
			return endOfAnyJob(ask, command.until.id);
		}

		case 'bitmap-gone': {
			return endOfBitmap(ask, command, command.until.id);
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
