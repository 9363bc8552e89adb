/**
Resuming from a memory file: whether the file is fit for it, and the definition that QEMU is started with.
*/
import type {DomainDefinition} from '../../model/domain/domain.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {MemoryFileFacts} from '../../model/domain/inventory.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

function misfits(inFile: DomainDefinition, inSnapshot: DomainDefinition, presentName: string): string[] {
	const found: string[] = [];
	if (inFile.uuid !== inSnapshot.uuid) {
		found.push('it belongs to another domain');
	}

	if (inFile.name !== presentName) {
		found.push(`the domain was called "${inFile.name}" at that time, and libvirt cannot resume it under another name`);
	}

	if (inFile.memoryBytes !== inSnapshot.memoryBytes) {
		found.push('the size of the guest memory differs');
	}

	if (inFile.machine !== inSnapshot.machine || inFile.arch !== inSnapshot.arch) {
		found.push('the machine type differs');
	}

	const targets = new Set(inFile.disks.map(disk => disk.target));
	for (const disk of inSnapshot.disks) {
		if (!targets.has(disk.target)) {
			found.push(`it knows no disk ${disk.target}`);
		}
	}

	return found;
}

/** The facts of the snapshot's memory file if it can be resumed from; else blockers are appended (R5, R8, L4). */
export function usableMemory(context: PlanContext, snapshot: Snapshot): Extract<MemoryFileFacts, {kind: 'good'}> | undefined {
	if (snapshot.memory.mode !== 'external') {
		return undefined;
	}

	if (!snapshot.disks.some(disk => disk.mode === 'external')) {
		context.blockers.push({
			kind: 'memory-only',
			text: 'The snapshot holds memory but no disk: the memory would resume on disks that have changed since, and the guest would destroy its file systems.',
			remedy: `Nothing of it can be restored safely. Delete it: vsnap-tui delete -- ${quoteForShell(context.inventory.details.domain.name)} ${quoteForShell(snapshot.name)}`,
		});
		return undefined;
	}

	const {path} = snapshot.memory;
	const facts: MemoryFileFacts = context.inventory.memoryFiles.get(path) ?? {kind: 'bad', path, reason: 'it was not found'};
	const reasons = facts.kind === 'bad'
		? [facts.reason]
		: [
			// This libvirt would find out when the domain is off.
			...(facts.format === undefined ? [] : [context.can.refusesMemory(facts.format)].filter(reason => reason !== undefined)),
			...(snapshot.domain ? misfits(facts.definition, snapshot.domain, context.inventory.details.domain.name) : []),
		];
	for (const reason of reasons) {
		context.blockers.push({
			kind: 'memory-file',
			text: `The memory file ${path} cannot be used: ${reason}.`,
			remedy: (facts.kind === 'bad' ? facts.remedy : undefined) ?? 'Revert with --shutoff to restore only the disks, or restore the file.',
		});
	}

	return facts.kind === 'good' && reasons.length === 0 ? facts : undefined;
}
