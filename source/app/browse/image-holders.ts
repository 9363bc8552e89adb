/**
Who needs an image, in the few words that fit beside it: the head, snapshots of this domain, other domains.
*/
import {holdingsOf} from '../../model/images/describe-images.ts';
import {isWritableMedium} from '../../model/domain/domain.ts';
import type {DomainPicture} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';

function labelOf(pin: Pin, picture: DomainPicture): string {
	const {domain} = picture;
	if (pin.domainUuid !== domain.uuid) {
		return pin.label;
	}

	if (pin.snapshot !== undefined) {
		return pin.hold === 'existence' ? `${pin.snapshot} (inside)` : pin.snapshot;
	}

	const isWritten = [...domain.definition.disks, ...(domain.liveDefinition?.disks ?? [])].some(disk => disk.sourcePath === pin.path && isWritableMedium(disk));
	return pin.target === undefined ? 'NVRAM' : (isWritten ? `head ${pin.target}` : `medium ${pin.target}`);
}

/** Kept for each picture: a screen asks several times for one key press, and on a long chain the answer takes a while. */
const known = new WeakMap<DomainPicture, Map<string, string[]>>();

/** Image path → labels of what pins it directly, the head first. Images that only carry others have none. */
export function imageHolders(picture: DomainPicture): ReadonlyMap<string, string[]> {
	const holders = known.get(picture) ?? gatherHolders(picture);
	known.set(picture, holders);
	return holders;
}

function gatherHolders(picture: DomainPicture): Map<string, string[]> {
	return new Map(holdingsOf(picture).map(({image, direct}) => {
		const labels = new Set(direct.map(pin => labelOf(pin, picture)));
		return [image.path, [...labels].sort((a, b) => Number(b.startsWith('head ')) - Number(a.startsWith('head ')))];
	}));
}
