/**
Other domains that have an image of this chain as a disk of their own. One that runs changes it at this moment; one that is off may be a template, whose
image holds what it held as long as nobody starts it.
*/
import {chainOf, imageAt, sharersOfDataFile} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {refuseOnce, type PlanContext} from '../context.ts';

/** The permission bits that let somebody write. */
const writeBits = 0o222;

/** Moments are recorded in whole seconds. */
const toleranceSeconds = 1;

function hasChangedSince(image: Image | undefined, since: number): boolean {
	return image?.file === undefined || Number(image.file.modifiedAt) > since + toleranceSeconds;
}

/** libvirt starts no domain on an image that QEMU's user may not write; only a QEMU of root could. */
function isWriteProtected(image: Image | undefined): boolean {
	return image?.file !== undefined && (image.file.mode & writeBits) === 0;
}

function foreignHeadsOf(context: PlanContext, link: string): Pin[] {
	const key = context.graph.keyOf(link);
	return (context.graph.nodes.get(key)?.pins ?? []).filter(pin => pin.hold === 'head' && pin.domainUuid !== context.uuid);
}

/**
Appends blockers for those that run and those whose image was written to since, and gives warnings for the others. `since`: Unix seconds of the moment that
the images hold.
*/
export function refuseForeignHeads(context: PlanContext, path: string, since: number): Consequence[] {
	const warnings = new Map<string, Consequence>();
	for (const link of chainOf(context.graph, path).flatMap(layer => [layer, ...sharersOfDataFile(context.graph, layer)])) {
		const image = imageAt(context.graph, link);
		for (const {label, isIdle} of foreignHeadsOf(context, link)) {
			if (!isIdle) {
				refuseOnce(context, {
					kind: 'image-in-use',
					text: `The image ${link} is being written to by another domain (${label}).`,
					remedy: 'Shut that domain down first; then give it its own overlay, or keep it off.',
					image: link,
				});
			} else if (hasChangedSince(image, since)) {
				refuseOnce(context, {
					kind: 'image-in-use',
					text: `The image ${link} is a disk of another domain (${label}) and was written to since: it no longer holds the state of the snapshot.`,
					remedy: `Restore it from a backup, or delete only the record of the snapshot (vsnap-tui delete ${quoteForTerminal(context.inventory.details.domain.name)} SNAPSHOT --metadata).`,
				});
			} else if (!isWriteProtected(image)) {
				const text = `${link} is a disk of another domain as well (${label}), which is off and has not written to it: if that domain is started, it changes what this one reads. Remove the image's write permission, or give that domain an overlay.`;
				warnings.set(text, {severity: 'warning', text});
			}
		}
	}

	return [...warnings.values()];
}
