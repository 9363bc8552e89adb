/**
What happens to the disks that a domain leaves for a snapshot, in files and in words: shared by revert and branch.
*/
import {posix} from 'node:path';
import {abandonHead} from '../../model/images/abandon-head.ts';
import {buildImageGraph, imageAt} from '../../model/images/image-graph.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {PlanContext} from '../../planner/context.ts';
import type {Kept} from '../../planner/steps/keep.ts';
import type {RevertDisks} from '../../planner/steps/revert-disks.ts';

/** Of what another snapshot needs, or a template, nothing is said. */
const whyItStays: Partial<Record<ReturnType<typeof abandonHead>['staying'][number]['reason'], (path: string, target: string) => string>> = {
	'stands-alone': (path, target) => `${path} stays where it is, though ${target} leaves it: it is no overlay on anything that is kept here.`,
	'has-internal-snapshots': (path, target) => `${path} stays where it is, though ${target} leaves it: internal snapshots are inside.`,
	'is-device': (path, target) => `${path} stays, though ${target} leaves it: it is a block device, and only files are removed.`,
	'has-data-file': (path, target) => `${path} stays with its external data file, though ${target} leaves it.`,
	'in-use-elsewhere': (path, target) => `${path} stays where it is, though ${target} leaves it: another image is backed by it.`,
};

/** What can be removed when the heads are left, seen from the graph as it will be. */
export function abandonHeads(context: PlanContext, disks: RevertDisks, kept: Kept | undefined) {
	const remaining: Pin[] = [
		...context.pins.filter(pin => !(pin.hold === 'head' && pin.domainUuid === context.uuid)),
		...disks.untouched.map((disk): Pin => ({path: disk.path, hold: 'head', domainUuid: context.uuid, label: 'head', snapshot: undefined, target: disk.target})),
		...disks.overlaid.map((disk): Pin => ({path: disk.basePath, hold: 'content', domainUuid: context.uuid, label: 'new overlay', snapshot: undefined, target: disk.target})),
		...(kept?.pins ?? []),
	];
	const graph = buildImageGraph(context.inventory.details.images, remaining);
	const removed: string[] = [];
	const consequences: Consequence[] = [];
	for (const disk of disks.overlaid) {
		if (disk.headPath === undefined) {
			continue;
		}

		const {removable, staying} = abandonHead(graph, disk.headPath);
		removed.push(...removable.filter(path => !removed.includes(path)));
		const texts = staying.flatMap(({path, reason}) => whyItStays[reason]?.(path, disk.target) ?? []);
		consequences.push(...texts.map((text): Consequence => ({severity: 'info', text})));
	}

	return {removed, consequences};
}

export function describeLost(context: PlanContext, removed: string[]): Consequence[] {
	const bytes = removed.reduce((sum, path) => sum + (imageAt(context.graph, path)?.allocatedBytes ?? 0), 0);
	return removed.length === 0 ? [] : [{severity: 'loss', text: `What was written since is lost: ${formatBytes(bytes)} in ${removed.map(path => posix.basename(path)).join(', ')}.`}];
}

export function describeDisks(context: PlanContext, disks: RevertDisks, snapshot: Snapshot): Consequence[] {
	const consequences: Consequence[] = [];
	for (const disk of disks.untouched) {
		consequences.push({severity: 'warning', text: `${disk.target} was left out of the snapshot and is not rolled back: it keeps its present content.`});
	}

	for (const disk of disks.overlaid.filter(candidate => candidate.wasLeftOut)) {
		consequences.push({severity: 'warning', text: `${disk.target} was left out of the snapshot and is not rolled back; it gets an overlay, because a snapshot needs its present image.`});
	}

	for (const disk of disks.leaving) {
		consequences.push({
			severity: 'warning',
			text: `${disk.target} was added after the snapshot and leaves the definition${disk.sourcePath === undefined ? '' : `; its file ${disk.sourcePath} stays`}.`,
		});
	}

	for (const disk of disks.overlaid.filter(candidate => !candidate.wasLeftOut)) {
		const modifiedAt = Number(imageAt(context.graph, disk.basePath)?.file?.modifiedAt ?? 0);
		// Guests and QEMU finish writing within moments of the snapshot; a frozen image that is much younger was changed by somebody.
		if (modifiedAt > snapshot.createdAt + 120) {
			consequences.push({severity: 'warning', text: `${disk.basePath} was written to after the snapshot was made: what comes back on ${disk.target} may not be what it was.`});
		}
	}

	return consequences;
}
