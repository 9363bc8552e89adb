/**
What was written since the current snapshot: what the overlays hold that the disks got then. A disk that it left out, or that it is inside of, tells nothing of that.
*/
import {usedBytes, type Image} from '../images/image.ts';
import {headDisks} from './domain.ts';
import type {DomainDetails} from './inventory.ts';
import {frozenPath} from './snapshot.ts';

/** Bytes on the host by disk; empty: none of the disks tells. */
export function writtenSince({domain, snapshots, currentSnapshot, images}: Pick<DomainDetails, 'domain' | 'snapshots' | 'currentSnapshot' | 'images'>): Map<string, number> {
	const current = snapshots.find(({name}) => name === currentSnapshot);
	const byPath = new Map<string | undefined, Image>(current === undefined ? [] : images.map(image => [image.path, image]));
	return new Map(headDisks(domain).flatMap(({target, sourcePath}) => {
		const image = byPath.get(sourcePath);
		const bytes = image?.backingPath !== undefined && frozenPath(current!, target) === image.backingPath ? usedBytes(image) : undefined;
		return bytes === undefined ? [] : [[target, bytes] as const];
	}));
}
