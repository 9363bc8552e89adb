/**
A command of a plan on a libvirt host, to the end of its work.
*/
import type {Host, RunOutput} from '../../engine/ports.ts';
import {succeed, type Result} from '../../model/result.ts';
import {runCommand} from '../../tools/run/run-command.ts';
import type {Runner} from '../../tools/run/run.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import type {Virsh} from './virsh.ts';
import {waitForBackup} from './wait-for-backup.ts';

/** As libvirt 9.0 to 12.8 say it of a disk. */
const isOver = (ran: Result<RunOutput>): boolean => !ran.ok && ran.failure.kind === 'tool-failed' && ran.failure.cause.stderr.includes('does not have an active block job');

export function createRun({virsh, runner, monitors}: {virsh: Virsh; runner: Runner; monitors: Monitors}): Host['run'] {
	return async (command, runOptions = {}) => {
		if (command.tool === 'qmp') {
			return monitors.run(command, runOptions);
		}

		const {timeoutMs, signal} = runOptions;
		if (command.until === undefined || command.until.kind === 'disk-job') {
			const ran = await runCommand(runner, command, {where: command.tool === 'virsh' ? 'here' : 'host', timeoutMs, signal, isDaemon: command.tool === 'qemu-storage-daemon'});
			return command.until !== undefined && isOver(ran) ? succeed({stdout: '', stderr: '', durationMs: 0}) : ran;
		}

		// It asks what the command asks, until the answer is that the job is over.
		const startedAt = performance.now();
		const ended = await waitForBackup(virsh, command.until.uuid, {timeoutMs});
		return ended.ok ? succeed({stdout: '', stderr: '', durationMs: Math.round(performance.now() - startedAt)}) : ended;
	};
}
