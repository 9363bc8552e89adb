/**
The end of an export, whoever watches it: its job, and what belongs to it.
*/
import {setTimeout} from 'node:timers/promises';
import {runCommand} from '../../engine/folder/run-folder-plan.ts';
import type {Failure} from '../../model/failure.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Command} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {fileCommands} from '../../planner/hypervisor/commands.ts';
import type {CommandContext} from '../context.ts';

const pollMs = 250;
/** libvirt removes the scratch files once QEMU has let go of them. */
const patienceMs = 30_000;

export type Ending = {commands: readonly Command[]; files: readonly string[]; inventory: Inventory};

/** A standalone QEMU that nothing is recorded of is not known any longer once its process has gone. What cannot be asked goes on. */
export async function hasEnded({host}: Pick<CommandContext['world'], 'host'>, uuid: string): Promise<boolean> {
	const active = await host.observe({kind: 'backup-active', uuid});
	return active.ok ? !active.value : active.failure.kind === 'domain-not-found';
}

/** Ends the job, if there is one, and waits until its files have gone. Fails where they stay. */
export async function endExport({world: {host}}: CommandContext, {commands, files, inventory}: Ending): Promise<Result<void>> {
	const {domain} = inventory.details;
	let failure: Failure | undefined;
	for (const command of commands) {
		const ran = await runCommand({host}, command);
		failure ??= ran.ok ? undefined : ran.failure;
	}

	const deadline = performance.now() + patienceMs;
	for (;;) {
		if (await hasEnded({host}, domain.uuid)) {
			break;
		}

		if (performance.now() > deadline) {
			return fail(failure ?? {kind: 'busy', what: 'The export', ...(inventory.bare === undefined && {remedy: 'See "virsh domjobinfo"; "virsh domjobabort" ends it.'})});
		}

		await setTimeout(pollMs);
	}

	for (const path of files) {
		const exists = await host.observe({kind: 'file-exists', path});
		const removed = exists.ok && exists.value ? await host.run(fileCommands.remove(path)) : succeed(undefined);
		if (!removed.ok) {
			return fail({kind: 'file-stays', path, reason: 'it could not be removed'});
		}
	}

	return succeed(undefined);
}
