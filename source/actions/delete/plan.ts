/**
The planner for `delete`: one snapshot, with or without those that come after it, or these alone; or the records only. Pure: the world, the time and the
id come in.
*/
import type {DeleteAction} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {withDescendants} from '../../model/domain/tree.ts';
import {refuseBusyDomain, refuseReadOnly} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {requireRecordedDomains} from '../drop/blockers.ts';
import {taggedImages} from '../drop/internal.ts';
import {planDrop} from '../drop/plan.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {isOpenHead, openDiskOf} from '../../planner/steps/merge.ts';
import {nvramCopiesOf} from '../../planner/steps/nvram.ts';
import {fileHeads, planFrame} from '../../planner/frame.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {step} from '../../planner/steps/step.ts';
import {findSnapshot} from '../../planner/checks/asked-snapshot.ts';
import {describeDeleted, describeRecordsGone, pausesGuest} from './words.ts';

/** Those that an action of this scope deletes, in the order of the list. */
export function snapshotsDeleted(snapshots: readonly Snapshot[], {snapshot: name, others = [], scope}: DeleteAction): Snapshot[] {
	const below = withDescendants(snapshots, name);
	return snapshots.filter(snapshot => others.includes(snapshot.name) || (scope === 'one' ? snapshot.name === name : below.has(snapshot.name) && (scope === 'with-children' || snapshot.name !== name)));
}

/** Whether libvirt has to do it, because its QEMU has the images open that hold the state. */
function isHeldByQemu(context: PlanContext, deleted: readonly Snapshot[]): boolean {
	return deleted.every(snapshot => !isExternal(snapshot))
		&& hasProcess(context.inventory.details.domain)
		&& taggedImages(context, deleted).some(({path}) => openDiskOf(context, path) !== undefined);
}

const quotedNames = (snapshots: readonly Snapshot[]) => snapshots.map(({name}) => `"${name}"`).join(', ');

/** Internal snapshots of a running domain, by libvirt, which writes records and images in one go. */
function planHeld(context: PlanContext, action: DeleteAction, {deleted, inventory, given}: {deleted: Snapshot[]; inventory: Inventory; given: PlanArguments}): Result<Plan> {
	const {details} = inventory;
	const tagged = taggedImages(context, deleted);
	for (const {path, snapshot} of tagged.filter(({path}) => !isOpenHead(context, path))) {
		context.blockers.push({
			kind: 'domain-state',
			text: `The state "${snapshot.name}" is inside ${path}, a backing file of the running domain: QEMU can delete it only from the image that it writes to.`,
			remedy: 'Shut the domain down first.',
		});
	}

	const {deleteWithState} = context.hypervisor.records;
	if (deleteWithState === undefined) {
		context.blockers.push({
			kind: 'domain-state',
			text: `The images that hold ${quotedNames(deleted)} are open in a standalone QEMU: internal snapshots are deleted only while it is off.`,
			remedy: 'Shut the guest down first, then delete.',
		});
	}

	if (context.blockers.length > 0 || deleteWithState === undefined) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const written = [...new Set(tagged.map(({path}) => path))];
	const nvramCopies = nvramCopiesOf(context, deleted).gone;
	return succeed({
		...planFrame(action, inventory, given, {
			// It is proven before anything is removed, and here everything is a removal.
			expected: {
				heads: fileHeads(inventory),
				chains: [],
				currentSnapshot: details.currentSnapshot,
				snapshots: details.snapshots.filter(snapshot => !deleted.includes(snapshot)).flatMap(({name, parent}) => deleted.some(gone => gone.name === parent) ? [] : [{name, parent}]),
				endState: undefined,
			},
			fingerprint: fingerprintOf(inventory, written),
		}),
		consequences: [
			...describeDeleted(deleted, given.now),
			pausesGuest,
		],
		images: {created: [], removed: nvramCopies, written, kept: details.images.map(({path}) => path)},
		steps: [...[...deleted].reverse().map(({name}, index): Step => step('remove', {
			id: `delete-${index + 1}`,
			title: `Delete "${name}" inside the images of the running domain`,
			command: deleteWithState(name),
			changesInside: 'deletes',
			doneWhen: {kind: 'snapshot-missing', uuid: context.uuid, name},
			whenStopped: 'Recover would finish the rest.',
		})), ...removeSteps(context, nvramCopies)],
	});
}

/** Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planDelete(action: DeleteAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const lost = [action.snapshot, ...action.others ?? []].map(name => findSnapshot(inventory, name)).find(found => !found.ok);
	if (lost?.ok === false) {
		return lost;
	}

	const context = planContext(inventory, given);
	const deleted = snapshotsDeleted(inventory.details.snapshots, action);
	if (deleted.length === 0) {
		context.blockers.push({kind: 'not-supported', text: `"${action.snapshot}" has no descendants.`, remedy: 'Leave --children-only out to delete the snapshot itself.'});
		return fail({kind: 'refused', blockers: context.blockers});
	}

	if (action.isMetadataOnly) {
		refuseReadOnly(context);
	} else {
		refuseBusyDomain(context);
		requireRecordedDomains(context, deleted);
	}

	return !action.isMetadataOnly && isHeldByQemu(context, deleted)
		? planHeld(context, action, {deleted, inventory, given})
		: planDrop(context, {action, deleted, isMetadataOnly: action.isMetadataOnly, meaning: (action.isMetadataOnly ? describeRecordsGone : describeDeleted)(deleted, given.now)}, {inventory, given});
}
