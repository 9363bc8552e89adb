/**
Records without a `<domain>`, as libvirt wrote them before it kept one.
*/
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Blocker} from '../../model/failure.ts';

/** For an action that goes back to the snapshot; undefined: its record holds the domain. */
export function lackOfDomain({name, domain, domainXml}: Snapshot, remedy = 'Write the <domain> into its record (virsh snapshot-edit).'): Blocker | undefined {
	return domain === undefined || domainXml === undefined
		? {kind: 'snapshot-lacks-domain', text: `The record of "${name}" holds no <domain>, as very old ones do: it is unknown which images it kept.`, remedy}
		: undefined;
}
