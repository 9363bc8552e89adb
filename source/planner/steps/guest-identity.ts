/**
What tells a guest who and when it is, beside its disks: the generation id, which changes when the guest is put back, and the TPM, which no snapshot of
disks holds.
*/
import type {Consequence} from '../../model/plan/plan.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {tpmFolder} from '../../model/domain/tpm.ts';
import type {PlanContext} from '../context.ts';

export function describeTpmPlace(context: PlanContext, kind: string): string {
	const folder = tpmFolder(context.host.uri, context.uuid);
	const places: Record<string, string> = {
		emulator: `its emulator's state${folder === undefined ? '' : ` (${folder}, unless defined otherwise)`}`,
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
			text: `The TPM is not reverted with the disks (${describeTpmPlace(context, tpm)}): secrets that the guest sealed with it may no longer open. Have the recovery keys of encrypted disks ready.`,
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
		: [{severity: 'warning', text: `The TPM's state is not kept with the snapshot (${describeTpmPlace(context, tpm)}): a revert will not restore it.`}];
}
