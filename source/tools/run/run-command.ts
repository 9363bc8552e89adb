/** Running a program that a plan names. */
import type {RunOutput} from '../../engine/ports.ts';
import {placedArgv, shownArgv} from '../../model/plan/placed-command.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {
	fail, mapResult, succeed, type Result,
} from '../../model/result.ts';
import {verifyBackup} from '../backups/verify-backup.ts';
import type {Runner, RunRequest} from './run.ts';

const mostTries = 10;

/** QEMU times how fast it hashes before it makes an encrypted image, and fails where the processor's time has not gone on meanwhile (7.2): another time it has. */
const cannotTime = (result: Result<RunOutput>): boolean => !result.ok && result.failure.kind === 'tool-failed' && result.failure.cause.stderr.includes('Unable to get accurate CPU usage');

/** A passphrase is asked for just before it is needed, and is nowhere but between two programs. */
async function inputOf(runner: Runner, {input, inputFrom}: ProgramCommand): Promise<Result<string | undefined>> {
	const secret = inputFrom === undefined ? undefined : await runner({argv: inputFrom, where: 'here', timeoutMs: 60_000});
	return secret === undefined ? succeed(input) : mapResult(secret, ({stdout}) => stdout);
}

/** A failure names the command itself, not the shell that goes before it. */
export async function runCommand(runner: Runner, command: ProgramCommand, request: Omit<RunRequest, 'argv' | 'files' | 'isMutating'>): Promise<Result<RunOutput>> {
	if (command.tool === 'verify') {
		return verifyBackup(runner, command);
	}

	const given = await inputOf(runner, command);
	if (!given.ok) {
		return given;
	}

	const run = async () => runner({...request, argv: placedArgv(command), files: command.files, input: given.value, isMutating: true});
	let result = await run();
	for (let tries = 1; tries < mostTries && cannotTime(result); tries++) {
		result = await run();
	}

	return (command.place ?? command.runAs ?? command.inputFrom) === undefined || result.ok || result.failure.kind !== 'tool-failed'
		? result
		: fail({...result.failure, cause: {...result.failure.cause, argv: shownArgv(command)}});
}
