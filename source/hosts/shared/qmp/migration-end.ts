/**
When a migration has come to its end, out of QEMU or into it.
*/
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {failure, type Ask, type End} from './end.ts';

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
export function endOfMigration(ask: Ask, command: QmpCommand): End {
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
export function endOfCancelling(ask: Ask): End {
	return {
		async look() {
			const migration = await ask('query-migrate');
			return migration.ok
				? succeed(['none', 'completed', 'failed', 'cancelled'].includes((migration.value as Migration).status ?? 'none'))
				: migration;
		},
	};
}

export function endOfIncoming(ask: Ask, command: QmpCommand): End {
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
