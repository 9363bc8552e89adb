/**
The planner for `repair-records`: which snapshot is the current one, what its record names as overlays, and who is whose parent, written anew by what the
images say. No image is touched, and a running domain runs on.
*/
import type {RepairRecordsAction} from '../../model/plan/request.ts';
import {devicePaths} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import {rewriteSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {bookkeepingSteps} from '../../planner/records/bookkeeping.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {
	frozenIndex, isExternalOn, judgeCurrent, misnamedHeads, mustNameHeads, nearestFrozen, recordedOverlays, writtenHeads, newSnapshotRemedy,
} from '../../planner/records/lineage.ts';
import {
	assembleRepair, refuseRepair, besideCheckpoints, emptyRepair,
} from '../../planner/records/repair-plan.ts';
import {step} from '../../planner/steps/step.ts';
import {describeRepair} from './words.ts';

/** The snapshot on whose frozen image this one's stands; undefined: it is a root, or the images do not say. */
function parentByImages(context: PlanContext, snapshot: Snapshot): string | undefined {
	const index = frozenIndex(context);
	const below = withDescendants(context.inventory.details.snapshots, snapshot.name);
	const parents = new Set(snapshot.disks.filter(({mode}) => mode === 'external').flatMap(({target}) => {
		const path = frozenPath(snapshot, target);
		const found = path === undefined ? undefined : nearestFrozen(context, index, path);
		return (found?.snapshots ?? []).map(({name}) => name).filter(name => !below.has(name));
	}));
	return parents.size === 1 ? [...parents][0] : undefined;
}

/** Snapshots hung on the right parent, as they will be. The name of a parent that has no record cannot be put back: libvirt would refuse it. */
function repairParents(context: PlanContext): Result<{steps: Step[]; repaired: Map<string, Snapshot>}> {
	const {snapshots} = context.inventory.details;
	const names = new Set(snapshots.map(({name}) => name));
	const steps: Step[] = [];
	const repaired = new Map<string, Snapshot>();
	for (const [index, snapshot] of snapshots.entries()) {
		if (snapshot.parent === undefined || names.has(snapshot.parent)) {
			continue;
		}

		const parent = parentByImages(context, snapshot);
		const overlays = recordedOverlays(snapshot);
		const xml = rewriteSnapshotXml(snapshot.xml, {parent, overlays, devices: devicePaths(context.graph), contents: new Map()});
		if (!xml.ok) {
			return xml;
		}

		repaired.set(snapshot.name, {
			...snapshot, parent, xml: xml.value, revertDisks: [], disks: snapshot.disks.map(disk => ({...disk, overlayPath: overlays.get(disk.target) ?? disk.overlayPath})),
		});
		steps.push(step('switch', {
			id: `parent-${index + 1}`,
			title: parent === undefined ? `Make "${snapshot.name}" a root, because "${snapshot.parent}" has no record` : `Reparent "${snapshot.name}" to "${parent}"`,
			command: context.hypervisor.records.replace({fileName: `snapshot-parent-${index + 1}`, xml: xml.value, makeCurrent: false}),
			whenStopped: 'Recover would write the rest; no image is touched.',
		}));
	}

	return succeed({steps, repaired});
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planRepairRecords(action: RepairRecordsAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const before = planContext(inventory, given);
	const parents = repairParents(before);
	if (!parents.ok) {
		return parents;
	}

	const snapshots = inventory.details.snapshots.map(snapshot => parents.value.repaired.get(snapshot.name) ?? snapshot);
	const context = planContext({...inventory, details: {...inventory.details, snapshots}}, given);
	refuseRepair(context);
	const verdict = judgeCurrent(context);
	const current = snapshots.find(({name}) => name === inventory.details.currentSnapshot);
	const isMisnamed = verdict.isRight && current !== undefined && mustNameHeads(context, current) && misnamedHeads(context, current).length > 0;
	const rightful = verdict.isRight ? (isMisnamed ? current : undefined) : (verdict.isHandMerged ? undefined : verdict.rightful);
	const hasChildren = snapshots.some(({parent}) => parent !== undefined && parent === rightful?.name);
	const heads = new Map(writtenHeads(context).filter(({target}) => rightful && isExternalOn(rightful, target)).map(({target, path}) => [target, path]));
	const bookkeeping = rightful === undefined ? succeed([]) : bookkeepingSteps(context, rightful, {heads, hasChildren});
	if (!bookkeeping.ok) {
		return bookkeeping;
	}

	const records = besideCheckpoints(context, [...parents.value.steps, ...bookkeeping.value.map(step => ({...step, whenStopped: 'Recover would write the rest; no image is touched.'}))]);
	if (!records.ok) {
		return records;
	}

	if (records.value.steps.length === 0) {
		context.blockers.push(verdict.isRight
			? {kind: 'not-supported', text: 'The records agree with the disks: there is nothing to repair.'}
			: {
				kind: 'not-supported',
				text: verdict.isHandMerged ? 'Images were merged, and the records were not changed along, so those of the snapshots in between are wrong, whichever is current.' : 'The images do not say which snapshot the current state is based on.',
				remedy: newSnapshotRemedy,
			});
	}

	return assembleRepair(context, action, given, {
		...emptyRepair(context),
		...records.value,
		basis: writtenHeads(context).map(({path}) => path),
		snapshots,
		currentSnapshot: rightful?.name ?? inventory.details.currentSnapshot,
		consequences: describeRepair(rightful && {name: rightful.name, isRewritten: mustNameHeads(context, rightful)}, [...parents.value.repaired.values()]),
	});
}
