/**
Internal snapshots that only the images know: `qemu-img snapshot -c` made them, or their records were lost.
*/
import {headDisks, isWritableMedium} from '../domain/domain.ts';
import type {DomainDetails} from '../domain/inventory.ts';
import {nameProblem} from '../domain/snapshot-name.ts';
import {frozenPath} from '../domain/snapshot.ts';

type UnrecordedTag = {
	tag: string;
	/** Unix seconds; undefined where the image does not say. */
	createdAt: number | undefined;
	targets: string[];
	/** By target, the image that it lies inside: what the disk writes to, or what a snapshot froze. */
	paths: Map<string, string>;
	/** It holds the memory of a guest, of a machine that is not known. */
	hasMemory: boolean;
	/** Every disk holds it in the image that it writes to: without one of them QEMU does not resume from its memory. */
	isWhole: boolean;
	/** A snapshot of another kind bears its name, so no record can. */
	isNameTaken: boolean;
};

type Known = Pick<DomainDetails, 'domain' | 'snapshots' | 'images'>;

const writtenPlaces = ({domain}: Known) => headDisks(domain).filter(disk => isWritableMedium(disk)).flatMap(({target, sourcePath}) => sourcePath === undefined ? [] : [{target, path: sourcePath}]);

/** What each disk writes to, then what external snapshots froze of it. An image further down may be somebody else's. */
function ownPlaces(details: Known): Array<{target: string; path: string}> {
	const frozen = details.snapshots.flatMap(snapshot => snapshot.disks.filter(({mode}) => mode === 'external').flatMap(({target}) => {
		const path = frozenPath(snapshot, target);
		return path === undefined ? [] : [{target, path}];
	}));
	return [...writtenPlaces(details), ...frozen];
}

/** Internal snapshots in the images of the domain, without those that the record of an internal snapshot tells of. */
export function unrecordedTags(details: Known): UnrecordedTag[] {
	const {snapshots, images} = details;
	const tagged = new Map(images.filter(({internalSnapshots}) => internalSnapshots.length > 0).map(image => [image.path, image.internalSnapshots]));
	if (tagged.size === 0) {
		return [];
	}

	const names = new Set(snapshots.map(({name}) => name));
	const recorded = new Set(snapshots.filter(({disks}) => disks.some(({mode}) => mode === 'internal')).map(({name}) => name));
	const tags = new Map<string, UnrecordedTag>();
	for (const {target, path} of ownPlaces(details)) {
		for (const {tag, createdAt, memoryBytes} of tagged.get(path) ?? []) {
			const known = tags.get(tag) ?? {tag, createdAt, targets: [], paths: new Map<string, string>(), hasMemory: false, isWhole: false, isNameTaken: names.has(tag)};
			if (!recorded.has(tag) && !known.paths.has(target)) {
				tags.set(tag, {...known, targets: [...known.targets, target], paths: new Map([...known.paths, [target, path]]), hasMemory: known.hasMemory || memoryBytes > 0});
			}
		}
	}

	const heads = writtenPlaces(details);
	return [...tags.values()].map(found => ({...found, isWhole: heads.every(({target, path}) => found.paths.get(target) === path)})).sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
}

/** Whether a record can be made of it, under its own name. */
export function isAdoptable({tag, hasMemory, isWhole, isNameTaken}: UnrecordedTag): boolean {
	return (!hasMemory || isWhole) && !isNameTaken && nameProblem(tag) === undefined;
}
