/**
Who needs an image, in the few words that fit beside it: the head, snapshots of this domain, other domains.
*/
import {holdingsOf} from '../../model/images/describe-images.ts';
import {isWritableMedium} from '../../model/domain/domain.ts';
import type {DomainPicture} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';

/** `isHead`: a disk of this domain writes to the image. */
export type Holder = {label: string; isHead: boolean};

function holderOf(pin: Pin, picture: DomainPicture): Holder {
	const {domain} = picture;
	if (pin.domainUuid !== domain.uuid) {
		return {label: pin.label, isHead: false};
	}

	if (pin.snapshot !== undefined) {
		return {label: pin.hold === 'existence' ? `${pin.snapshot} (inside)` : pin.snapshot, isHead: false};
	}

	const isWritten = [...domain.definition.disks, ...(domain.liveDefinition?.disks ?? [])].some(disk => disk.sourcePath === pin.path && isWritableMedium(disk));
	return pin.target === undefined ? {label: 'NVRAM', isHead: false} : {label: `${isWritten ? 'head' : 'medium'} ${pin.target}`, isHead: isWritten};
}

/** Kept for each picture: a screen asks several times for one key press, and on a long chain the answer takes a while. */
const known = new WeakMap<DomainPicture, Map<string, Holder[]>>();

/** Image path → what pins it directly, the head first. Images that only carry others have none. */
export function imageHolders(picture: DomainPicture): ReadonlyMap<string, Holder[]> {
	const holders = known.get(picture) ?? gatherHolders(picture);
	known.set(picture, holders);
	return holders;
}

function gatherHolders(picture: DomainPicture): Map<string, Holder[]> {
	return new Map(holdingsOf(picture).map(({image, direct}) => {
		const holders = new Map(direct.map(pin => holderOf(pin, picture)).map(holder => [holder.label, holder]));
		return [image.path, [...holders.values()].sort((a, b) => Number(b.isHead) - Number(a.isHead))];
	}));
}
