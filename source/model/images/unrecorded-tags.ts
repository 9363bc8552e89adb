/**
Internal snapshots that only the images know: `qemu-img snapshot -c` made them, or their records were lost.
*/
import {headDisks, isWritableMedium} from '../domain/domain.ts';
import type {DomainDetails} from '../domain/inventory.ts';

export type UnrecordedTag = {
	tag: string;
	/** Unix seconds; undefined where the image does not say. */
	createdAt: number | undefined;
	targets: string[];
	/** It holds the memory of a guest, of which nobody knows the machine that it belongs to. */
	hasMemory: boolean;
};

/** Internal snapshots in the images that the domain writes to, without one that bears the name of a record. */
export function unrecordedTags({domain, snapshots, images}: Pick<DomainDetails, 'domain' | 'snapshots' | 'images'>): UnrecordedTag[] {
	const names = new Set(snapshots.map(({name}) => name));
	const tags = new Map<string, UnrecordedTag>();
	for (const {target, sourcePath} of headDisks(domain).filter(disk => isWritableMedium(disk))) {
		for (const {tag, createdAt, memoryBytes} of images.find(({path}) => path === sourcePath)?.internalSnapshots ?? []) {
			if (!names.has(tag)) {
				const known = tags.get(tag) ?? {tag, createdAt, targets: [], hasMemory: false};
				tags.set(tag, {...known, targets: [...known.targets, target], hasMemory: known.hasMemory || memoryBytes > 0});
			}
		}
	}

	return [...tags.values()].sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
}
