/**
Heads that QEMU may not open at the next start: where libvirt leaves the owners of images alone, nobody else gives them to QEMU's user.
*/
import {hasProcess, isWritableMedium} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {FileFacts} from '../../model/images/image.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {report, type Examination} from './domain-check.ts';

/** What the groups of QEMU's user are is not known, so a group of its own that may write is taken for one of them. */
function mayOpen({uid: owner, gid, mode}: FileFacts, uid: number): boolean {
	const has = (bits: number) => (mode & bits) === bits;
	return uid === 0 || (owner === uid ? has(0o600) : has(0o006) || (gid !== 0 && has(0o060)));
}

export function findOwnerTroubles(examination: Examination): void {
	const {details: {domain}, surroundings: {fileOwnership}, context: {graph}} = examination;
	const {fileOwnership: own, disks} = domain.definition;
	const uid = own?.uid ?? fileOwnership?.qemuUid;
	if (hasProcess(domain) || uid === undefined) {
		return;
	}

	for (const {target, sourcePath, keepsOwner} of disks.filter(disk => isWritableMedium(disk) && disk.sourceType === 'file')) {
		const file = sourcePath === undefined ? undefined : imageAt(graph, sourcePath)?.file;
		const reason = [
			keepsOwner ? `its <seclabel> in ${target}` : undefined,
			own?.keepsOwners ? 'the <seclabel> of the domain' : undefined,
			fileOwnership?.keepsOwners ? 'dynamic_ownership = 0 in qemu.conf' : undefined,
		].find(text => text !== undefined);
		if (file !== undefined && reason !== undefined && !mayOpen(file, uid)) {
			report(examination, {
				kind: 'head-not-permitted',
				severity: 'problem',
				text: `QEMU may not open ${sourcePath} (${target}): it runs as user ${uid}, and the file belongs to ${file.uid}:${file.gid} with mode ${file.mode.toString(8).padStart(4, '0')}.`,
				meaning: `The domain cannot start ("Permission denied"), because libvirt leaves the owner of this file alone (${reason}).`,
				remedy: `Give it to the user of QEMU: chown ${uid} ${quoteForShell(sourcePath!)}; chmod u+rw ${quoteForShell(sourcePath!)}.`,
				images: [sourcePath!],
			});
		}
	}
}
