/**
What tells a guest who and when it is, beside its disks: the generation id, which changes when the guest is put back, and the TPM, which no snapshot of
disks holds.
*/
import type {Consequence} from '../../model/plan/plan.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {PlanContext} from '../context.ts';

/**
Where libvirt lets its TPM emulator keep its state, unless the definition says otherwise (`tpm2/tpm2-00.permall` in a folder of the domain's UUID; every boot writes to
it; seen on 9.0 with swtpm 0.7). Other daemons than the host's own have other places.
*/
const swtpmFolder = '/var/lib/libvirt/swtpm';

function whereTpmIs(context: PlanContext, kind: string): string {
	const isSystem = context.host.uri.includes('/system');
	const places: Record<string, string> = {
		emulator: `its emulator's state${isSystem ? ` (${swtpmFolder}/${context.uuid}, unless defined otherwise)` : ''}`,
		passthrough: 'it is a device of the host',
		external: 'its emulator runs outside libvirt',
	};
	return places[kind] ?? `its backend is "${kind}"`;
}

/** For a revert or a branch. `resumes`: with memory, in which the state of an emulated TPM travels (11.3: rolled back at once), and libvirt makes a new id itself. */
export function describeIdentity(context: PlanContext, snapshot: Snapshot, {resumes}: {resumes: boolean}): Consequence[] {
	const {tpm, generationId} = snapshot.domain ?? {};
	const consequences: Consequence[] = [];
	if (tpm !== undefined && !resumes) {
		consequences.push({
			severity: 'warning',
			text: `The TPM is not reverted with the disks (${whereTpmIs(context, tpm)}): secrets that the guest sealed with it may no longer open. Have the recovery keys of encrypted disks ready.`,
		});
	}

	if (generationId !== undefined && !resumes) {
		consequences.push({severity: 'info', text: 'The domain gets a new generation id (<genid>), so that the guest can tell that it was reverted.'});
	}

	return consequences;
}

/** For a new snapshot. */
export function describeTpmLeftOut(context: PlanContext): Consequence[] {
	const {definition, liveDefinition} = context.inventory.details.domain;
	const {tpm} = liveDefinition ?? definition;
	return tpm === undefined
		? []
		: [{severity: 'warning', text: `The TPM's state is not kept with the snapshot (${whereTpmIs(context, tpm)}): a revert will not restore it.`}];
}
