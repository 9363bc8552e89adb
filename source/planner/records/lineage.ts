/**
Which snapshot the images say is the current one. Records may be wrong: somebody called `snapshot-current`, lost a record, merged by hand. What the domain
writes to is backed by the image that a snapshot froze, and that snapshot is where the domain comes from.
*/
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {chainOf, isWholeChain} from '../../model/images/image-graph.ts';
import {isImageName} from '../../model/qemu/network-image.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import type {PlanContext} from '../context.ts';

export type Head = {target: string; path: string};

/** The image files that the domain writes to. */
export function writtenHeads(context: PlanContext): Head[] {
	return headDisks(context.inventory.details.domain).flatMap(disk =>
		isWritableMedium(disk) && isImageName(disk.sourcePath) ? [{target: disk.target, path: disk.sourcePath}] : []);
}

export function isExternalOn(snapshot: Snapshot, target: string): boolean {
	return snapshot.disks.some(disk => disk.target === target && disk.mode === 'external');
}

/** The overlays that libvirt takes for those in use: of an earlier revert, else those of the snapshot itself. */
export function recordedOverlays(snapshot: Snapshot): Map<string, string> {
	const disks = snapshot.revertDisks.length > 0 ? snapshot.revertDisks : snapshot.disks.filter(disk => disk.mode === 'external');
	return new Map(disks.flatMap(disk => disk.overlayPath === undefined ? [] : [[disk.target, disk.overlayPath]]));
}

/** By the key of an image in the graph: the external snapshots, the domain's or some of them, that froze it. */
export function frozenIndex(context: PlanContext, snapshots: readonly Snapshot[] = context.inventory.details.snapshots): Map<string, Snapshot[]> {
	const index = new Map<string, Snapshot[]>();
	for (const snapshot of snapshots) {
		for (const {target, mode} of snapshot.disks) {
			const path = mode === 'external' ? frozenPath(snapshot, target) : undefined;
			if (isImageName(path)) {
				const key = context.graph.keyOf(path);
				const known = index.get(key);
				if (known) {
					known.push(snapshot);
				} else {
					index.set(key, [snapshot]);
				}
			}
		}
	}

	return index;
}

/** The first image below `path` that a snapshot of the domain froze. */
export function nearestFrozen(context: PlanContext, index: Map<string, Snapshot[]>, path: string): {key: string; snapshots: Snapshot[]} | undefined {
	for (const link of chainOf(context.graph, path).slice(1)) {
		const key = context.graph.keyOf(link);
		const snapshots = index.get(key);
		if (snapshots) {
			return {key, snapshots};
		}
	}

	return undefined;
}

/** Where the images do not tell which snapshot the current state is based on, or were merged by hand. */
export const newSnapshotRemedy = 'Take a snapshot of the current state with vsnap-tui: it becomes current and records the right images.';

type CurrentVerdict = {
	/** Whether the images agree with what the records name as current. */
	isRight: boolean;
	/** The snapshot from which the images come; undefined where they do not say, or not all the same. */
	rightful: Snapshot | undefined;
	/** Disks whose chain leaves out what the current snapshot froze, although its record names what is written to: somebody merged by hand. */
	isHandMerged: boolean;
};

/** The one among the candidates from which all others descend upwards: with partial snapshots the disks are backed by different ones. */
function youngest(snapshots: readonly Snapshot[], candidates: Snapshot[][]): Snapshot | undefined {
	const all = new Set(candidates.flat());
	const fits = [...all].filter(candidate => {
		const line = new Set(withAncestors(snapshots, candidate.name).map(({name}) => name));
		return candidates.every(ofDisk => ofDisk.some(({name}) => line.has(name)));
	});
	return fits.length === 1 ? fits[0] : undefined;
}

/** Whether every disk that the line to this snapshot has recorded is backed by the image that was frozen last in it. Other disks say nothing. */
function fitsHeads(context: PlanContext, index: Map<string, Snapshot[]>, snapshot: Snapshot): boolean {
	const line = withAncestors(context.inventory.details.snapshots, snapshot.name);
	return writtenHeads(context).every(({target, path}) => {
		const recorded = line.find(candidate => isExternalOn(candidate, target));
		const frozen = recorded && frozenPath(recorded, target);
		return frozen === undefined || nearestFrozen(context, index, path)?.key === context.graph.keyOf(frozen);
	});
}

/** Of these snapshots the one from which the disks come, by the images; undefined where the disks are on none of them, or not all on the same line. */
export function snapshotBelowHeads(context: PlanContext, snapshots: readonly Snapshot[]): Snapshot | undefined {
	const index = frozenIndex(context, snapshots);
	const candidates = writtenHeads(context).flatMap(({target, path}) => {
		const found = nearestFrozen(context, index, path)?.snapshots.filter(snapshot => isExternalOn(snapshot, target)) ?? [];
		return found.length > 0 ? [found] : [];
	});
	return candidates.length === 0 ? undefined : youngest(snapshots, candidates);
}

/** Asks every head. A domain without external snapshots is right as it is. */
export function judgeCurrent(context: PlanContext): CurrentVerdict {
	const {snapshots, currentSnapshot} = context.inventory.details;
	const index = frozenIndex(context);
	if (index.size === 0) {
		return {isRight: true, rightful: undefined, isHandMerged: false};
	}

	const line = currentSnapshot === undefined ? [] : withAncestors(snapshots, currentSnapshot);
	const current = line[0];
	const candidates: Snapshot[][] = [];
	let isRight = true;
	let isHandMerged = false;
	for (const {target, path} of writtenHeads(context)) {
		const recorded = line.find(snapshot => isExternalOn(snapshot, target));
		const recordedPath = recorded && frozenPath(recorded, target);
		const found = nearestFrozen(context, index, path);
		// A disk that the current snapshot left out may be backed by what another one froze: that one is where the domain comes from only if the other disks agree.
		const frozenHere = (found?.snapshots ?? []).filter(snapshot => isExternalOn(snapshot, target) && (recordedPath !== undefined || fitsHeads(context, index, snapshot)));
		if (frozenHere.length > 0) {
			candidates.push(frozenHere);
		}

		// What could not be read is not judged: further down there may be what is recorded.
		const isUnknown = found === undefined && !isWholeChain(context.graph, path);
		const isAsRecorded = isUnknown || (recordedPath === undefined ? frozenHere.length === 0 : found?.key === context.graph.keyOf(recordedPath));
		isRight &&= isAsRecorded;
		isHandMerged ||= !isAsRecorded && current !== undefined && recordedOverlays(current).get(target) === path;
	}

	// None is right where the disks are on what no snapshot froze, as after the delete of a root beside its branches.
	const mayBeNone = candidates.length === 0 && !context.can.revertUnlinksRecordedOverlays;
	return {
		isRight: isRight && (currentSnapshot !== undefined || mayBeNone),
		rightful: candidates.length === 0 ? undefined : youngest(snapshots, candidates),
		isHandMerged,
	};
}

/** Disks of which the record of the current snapshot names another file than the domain writes to. */
export function misnamedHeads(context: PlanContext, current: Snapshot): Head[] {
	const overlays = recordedOverlays(current);
	return writtenHeads(context).filter(({target, path}) => {
		const overlay = overlays.get(target);
		return isExternalOn(current, target) && overlay !== undefined && context.graph.keyOf(overlay) !== context.graph.keyOf(path);
	});
}

/** Whether the record of the current snapshot has to name what the domain writes to: before 9.9 one with children keeps what it named. */
export function mustNameHeads(context: PlanContext, current: Snapshot): boolean {
	return context.can.currentNamesHeads || !context.inventory.details.snapshots.some(({parent}) => parent === current.name);
}
