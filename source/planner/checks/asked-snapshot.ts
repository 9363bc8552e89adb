/**
The snapshot that an action names: it has to be there, and to say which images it kept.
*/
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {fail, succeed, type Result} from '../../model/result.ts';

/** Fails with `snapshot-not-found`. */
export function findSnapshot({details: {domain, snapshots}}: Inventory, name: string): Result<Snapshot> {
	const snapshot = snapshots.find(candidate => candidate.name === name);
	return snapshot === undefined ? fail({kind: 'snapshot-not-found', domain: domain.name, name, known: snapshots.map(candidate => candidate.name)}) : succeed(snapshot);
}

/** Very old versions of libvirt wrote records without a `<domain>`. For an action that goes back to the snapshot; undefined: its record holds the domain. */
export function lackOfDomain({name, domain, domainXml}: Snapshot, remedy = 'Add the <domain> to its record (virsh snapshot-edit).'): Blocker | undefined {
	return domain === undefined || domainXml === undefined
		? {kind: 'snapshot-lacks-domain', text: `The record of "${name}" holds no <domain>, as in very old ones: it is not known which images it kept.`, remedy}
		: undefined;
}
