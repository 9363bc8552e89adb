/**
The words that revert and branch share: what happens to the state and to the disks that a domain leaves.
*/
import {posix} from 'node:path';
import {hasProcess, headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {deviceWord} from '../../model/qemu/network-image.ts';
import {trueMoment, type Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {CurrentState} from '../../model/plan/request.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {PlanContext} from '../../planner/context.ts';
import {snapshotBelowHeads} from '../../planner/records/lineage.ts';
import {storageWord} from '../../planner/storage/storage.ts';
import {canStart} from '../../planner/steps/domain.ts';
import type {RevertDisks} from '../../planner/steps/revert-disks.ts';
import {keepsMemory} from '../current-state.ts';

/** What happens to the current state and to the running guest. */
export function describeLeaving(context: PlanContext, currentState: CurrentState): Consequence[] {
	const {definitionXml, details: {domain}} = context.inventory;
	return [
		...(currentState.kind === 'keep' ? [{severity: 'info', about: 'kept', text: `The current state, as "${currentState.name}": you can revert to it.`} as const] : []),
		...(hasProcess(domain) && !keepsMemory(currentState)
			? [{severity: 'loss', text: 'The memory of the guest: it is cut off without a shutdown.', what: 'the guest\'s memory'} as const]
			: []),
		...(hasProcess(domain) && !canStart(context, definitionXml)
			? [{severity: 'warning', text: 'If something fails once it is off, it stays off, because its command line is not known well enough to start it again.'} as const]
			: []),
	];
}

/** What the guest wrote since the snapshot below its disks, in the images that are removed with it. */
export function describeDiscarded(context: PlanContext, removed: readonly string[]): Consequence[] {
	if (removed.length === 0) {
		return [];
	}

	const since = snapshotBelowHeads(context, context.inventory.details.snapshots);
	const what = `everything written since${since === undefined ? '' : ` "${since.name}"`}`;
	const size = formatBytes(removed.reduce((sum, path) => sum + (imageAt(context.graph, path)?.allocatedBytes ?? 0), 0));
	return [{severity: 'loss', text: `E${what.slice(1)} (${size} in ${removed.map(path => posix.basename(path)).join(', ')}) will be gone for good.`, what}];
}

/** What was written into images whose own snapshots are reverted to. */
export function lostContent(targets: readonly string[]): Consequence {
	const what = `everything written to ${targets.join(', ')} since`;
	return {severity: 'loss', text: `E${what.slice(1)} will be gone for good.`, what};
}

/** Why an image that the domain leaves is not removed. Of what another snapshot needs, or a template, nothing is said. */
const whyItStays: Partial<Record<string, (path: string, target: string) => string>> = {
	'stands-alone': (path, target) => `${path} stays, though ${target} no longer uses it: it is not an overlay of anything kept here.`,
	'has-internal-snapshots': (path, target) => `${path} stays, though ${target} no longer uses it: it holds internal snapshots.`,
	'is-device': (path, target) => `${path} stays, though ${target} no longer uses it: it is ${deviceWord(path)}, and only files are removed.`,
	'has-data-file': (path, target) => `${path} stays with its external data file, though ${target} no longer uses it.`,
	'in-use-elsewhere': (path, target) => `${path} stays, though ${target} no longer uses it: another image is backed by it.`,
};

export function describeStaying(staying: ReadonlyArray<{path: string; reason: string}>, target: string): Consequence[] {
	return staying.flatMap(({path, reason}) => whyItStays[reason]?.(path, target) ?? []).map(text => ({severity: 'info', text}));
}

const wasLeftOut = (target: string) => `${target} was left out of the snapshot and is not reverted`;

/** What a disk holds afterwards that no snapshot reverts. */
function leftOutWarning(context: PlanContext, target: string): Consequence {
	const isTransient = headDisks(context.inventory.details.domain).some(disk => disk.target === target && disk.transient !== undefined);
	return {severity: 'warning', text: `${wasLeftOut(target)}: ${isTransient ? 'it is transient, and starts from its image again, without what the guest has written to it' : 'it keeps its current content'}.`};
}

/** The disks that are not simply put on what the snapshot kept. */
export function describeDisks(context: PlanContext, disks: RevertDisks, snapshot: Snapshot): Consequence[] {
	return [
		...disks.untouched.map(({target}) => leftOutWarning(context, target)),
		...disks.outside.map((disk): Consequence => ({
			severity: 'warning', text: `${wasLeftOut(disk.target)}: it is no image file but of the type ${storageWord(disk)}${disk.sourcePath === undefined ? '' : ` (${disk.sourcePath})`}, and keeps its current content.`,
		})),
		...disks.overlaid.filter(disk => disk.wasLeftOut).map(({target}): Consequence => ({severity: 'warning', text: `${wasLeftOut(target)}; it gets an overlay, because a snapshot needs its current image.`})),
		...disks.leaving.map(({target, sourcePath}): Consequence => ({
			severity: 'warning', text: `${target} was added after the snapshot and is removed from the VM definition${sourcePath === undefined ? '' : `; its file ${sourcePath} stays`}.`,
		})),
		// Guests and QEMU finish writing within moments of the snapshot; a frozen image that is much younger was changed by something else.
		...disks.overlaid.filter(disk => !disk.wasLeftOut && Number(imageAt(context.graph, disk.basePath)?.file?.modifiedAt ?? 0) > (trueMoment(context.inventory.details.snapshots, snapshot) ?? Number.POSITIVE_INFINITY) + 120).map(({basePath, target}): Consequence => ({
			severity: 'warning', text: `${basePath} was written to after the snapshot was taken: ${target} may not be restored as it was.`,
		})),
	];
}

/** Of an internal snapshot: the disks that the guest can write and that it does not hold. */
export function describeLeftOut(context: PlanContext, held: ReadonlySet<string>): Consequence[] {
	return headDisks(context.inventory.details.domain).filter(disk => isWritableMedium(disk) && disk.sourcePath !== undefined && !held.has(disk.target))
		.map(({target}) => leftOutWarning(context, target));
}

export function describeKeptMemory(name: string, {path, memoryBytes, freeBytes}: {path: string; memoryBytes: number; freeBytes: number | undefined}): Consequence[] {
	const size = formatBytes(memoryBytes);
	return [
		{severity: 'info', about: 'kept', text: `The guest's memory is saved to ${path}, up to ${size}; the guest is stopped at that moment. Reverting to "${name}" resumes exactly there.`},
		...(freeBytes !== undefined && freeBytes < memoryBytes
			? [{severity: 'warning', text: `The memory file may take ${size}, and ${posix.dirname(path)} has ${formatBytes(freeBytes)} free. Without enough space nothing is done, and the guest stays as it is.`} as const]
			: []),
	];
}
