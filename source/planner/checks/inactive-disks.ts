/**
A guest that was resumed paused: QEMU from 10.0 on leaves its images inactive until the guest runs for the first time. Bitmaps of inactive images are
invisible, so an overlay that is made then would not carry them on, and every checkpoint would end; and no block job takes such an image (10.0, 11.1).
*/
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

/** `because`: what would go wrong, as a sentence. Appends a blocker. libvirt has no other way to activate them than to let the guest run (tried on 11.3). */
export function requireActiveDisks(context: PlanContext, because: string): void {
	const name = quoteForTerminal(context.inventory.details.domain.name);
	if (context.can.activatesLate && context.inventory.details.domain.isFreshlyResumed === true) {
		context.blockers.push({
			kind: 'domain-state',
			text: `The domain was restored paused, and QEMU has not activated its disks yet. ${because}`,
			remedy: context.can.isKnownToVirsh
				? `Resume the guest for a moment (virsh resume ${name}; virsh suspend ${name}), then try again.`
				: 'Activate them (QMP: blockdev-set-active {"active":true}), then try again.',
		});
	}
}

/** For a snapshot with overlays. */
export function describeUncontinued(checkpoints: readonly Checkpoint[]): string {
	return `The bitmaps of the checkpoints (${checkpoints.map(({name}) => name).join(', ')}) would not continue in the new overlays.`;
}
