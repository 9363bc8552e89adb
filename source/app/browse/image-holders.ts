/**
Who needs an image, in the few words that fit beside it: the head, snapshots of this domain, other domains.
*/
import {holdingsOf} from '../../model/images/describe-images.ts';
import {isWritableMedium} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';

/** `isHead`: a disk of this domain writes to the image. `isInside`: the snapshot is within it, and does not freeze it. */
type Holder = {label: string; isHead: boolean; snapshot?: string; isInside?: true; target?: string};

function holderOf(pin: Pin, details: DomainDetails): Holder {
	const {domain} = details;
	if (pin.domainUuid !== domain.uuid) {
		return {label: pin.label, isHead: false};
	}

	if (pin.snapshot !== undefined) {
		const isInside = pin.hold === 'existence';
		return {
			label: isInside ? `${pin.snapshot} (inside)` : pin.snapshot, isHead: false, snapshot: pin.snapshot, ...(isInside && {isInside}),
		};
	}

	const isWritten = [...domain.definition.disks, ...(domain.liveDefinition?.disks ?? [])].some(disk => disk.sourcePath === pin.path && isWritableMedium(disk));
	return pin.target === undefined ? {label: 'NVRAM', isHead: false} : {label: `${isWritten ? 'head' : 'medium'} ${pin.target}`, isHead: isWritten, target: pin.target};
}

/** Kept for each picture: a screen asks several times for one key press, and on a long chain the answer takes a while. */
const known = new WeakMap<DomainDetails, Map<string, Holder[]>>();

/** Image path → what pins it directly, the head first. Images that only carry others have none. */
export function imageHolders(details: DomainDetails): ReadonlyMap<string, Holder[]> {
	const holders = known.get(details) ?? gatherHolders(details);
	known.set(details, holders);
	return holders;
}

function gatherHolders(details: DomainDetails): Map<string, Holder[]> {
	return new Map(holdingsOf(details).map(({image, direct}) => {
		const holders = new Map(direct.map(pin => holderOf(pin, details)).map(holder => [holder.label, holder]));
		return [image.path, [...holders.values()].sort((a, b) => Number(b.isHead) - Number(a.isHead))];
	}));
}
