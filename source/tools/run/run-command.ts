/** Running a program that a plan names. */
import type {RunOutput} from '../../engine/ports.ts';
import {placedArgv, shownArgv} from '../../model/plan/placed-command.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {fail, type Result} from '../../model/result.ts';
import {verifyBackup} from '../backups/verify-backup.ts';
import type {Runner, RunRequest} from './run.ts';

/** A failure names the command itself, not the shell that goes before it. */
export async function runCommand(runner: Runner, command: ProgramCommand, request: Omit<RunRequest, 'argv' | 'files' | 'isMutating'>): Promise<Result<RunOutput>> {
	if (command.tool === 'verify') {
		return verifyBackup(runner, command);
	}

	const result = await runner({...request, argv: placedArgv(command), files: command.files, input: command.input, isMutating: true});
	return (command.place ?? command.runAs) === undefined || result.ok || result.failure.kind !== 'tool-failed'
		? result
		: fail({...result.failure, cause: {...result.failure.cause, argv: shownArgv(command)}});
}
