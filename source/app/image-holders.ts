/**
Who needs an image, in the few words that fit beside it: the head, snapshots of this domain, other domains.
*/
import {headDisks} from '../model/domain.ts';
import type {DomainPicture} from '../model/inventory.ts';
import {frozenPath} from '../model/snapshot.ts';

/** Image path → labels of what pins it directly, the head first. Images that only carry others are not in it. */
export function imageHolders(picture: DomainPicture): Map<string, string[]> {
	const holders = new Map<string, string[]>();
	const add = (path: string | undefined, label: string) => {
		if (path !== undefined) {
			holders.set(path, [...(holders.get(path) ?? []), label]);
		}
	};

	for (const disk of headDisks(picture.domain)) {
		add(disk.sourcePath, `head ${disk.target}`);
	}

	for (const snapshot of picture.snapshots) {
		for (const disk of snapshot.disks) {
			if (disk.mode === 'external' || disk.mode === 'internal') {
				add(frozenPath(snapshot, disk.target), disk.mode === 'internal' ? `${snapshot.name} (inside)` : snapshot.name);
			}
		}
	}

	for (const pin of picture.foreignPins) {
		add(pin.path, pin.label);
	}

	return holders;
}
