/**
The planner for `branch`: a second line of development from an external snapshot.

Two layers are made on what the snapshot froze: the lower one is frozen at once by the branch's own first snapshot, the upper one is what the domain goes
on writing to. With one layer two snapshots would freeze one image, and libvirt's own delete of either would harm the other. Pure: the world, the time and
the id come in.
*/
import {keptName, type BranchAction} from '../../model/plan/request.ts';
import {stampOf} from '../../model/text/format.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {fail, type Result} from '../../model/result.ts';
import {conditionOf, isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {buildSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {refuseBusyDomain, requireFreeName} from '../../planner/checks/blockers.ts';
import {findSnapshot, lackOfDomain} from '../../planner/checks/asked-snapshot.ts';
import {recordNew} from '../../planner/records/bookkeeping.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {checkpointSteps} from '../../planner/steps/checkpoints.ts';
import {bootSteps} from '../../planner/steps/domain.ts';
import {branchNvram} from '../../planner/steps/nvram-revert.ts';
import {overlayPath, stemOf} from '../../planner/steps/overlay-name.ts';
import {filesAt} from '../../planner/steps/overlay.ts';
import type {OverlaidDisk} from '../../planner/steps/revert-disks.ts';
import {newDefinition, sourcesOf} from '../go-back/definition.ts';
import {leaveFor, type Leave} from '../go-back/leave.ts';
import {planWayBack} from '../go-back/plan.ts';
import {describeBegin, describeEnd} from './words.ts';

/** What the branch writes to: a second overlay on each of those that its first snapshot freezes. */
function upperLayer(context: PlanContext, lower: readonly OverlaidDisk[], now: Date): OverlaidDisk[] {
	const {details, folders} = context.inventory;
	const taken = new Set([...details.images.map(image => image.path), ...lower.map(disk => disk.overlayPath)]);
	return lower.map(disk => ({
		...disk,
		layer: 'upper',
		basePath: disk.overlayPath,
		baseFormat: 'qcow2',
		overlayPath: overlayPath(stemOf(disk.overlayPath), {stamp: stampOf(now), folders, taken}),
	}));
}

/** The branch's first snapshot: its record names the lower layer as what it froze. */
function recordSteps(context: PlanContext, action: BranchAction, given: {snapshot: Snapshot; leave: Leave; now: Date}): Result<Step[]> {
	const {snapshot, leave: {disks, upper}, now} = given;
	const condition = conditionOf(snapshot);
	const definition = newDefinition(context, snapshot, sourcesOf(disks, disks.overlaid), condition === 'frozen' ? {snapshot: action.name, uuid: context.uuid} : undefined);
	if (!definition.ok) {
		return definition;
	}

	const overlays = new Map(upper.map(disk => [disk.target, disk.overlayPath]));
	return recordNew(context, {
		id: 'branch',
		title: `Record the start of the branch as snapshot "${action.name}", after "${snapshot.name}"`,
		fileName: 'snapshot-branch',
		name: action.name,
		xml: buildSnapshotXml({
			name: action.name,
			description: `A branch from "${snapshot.name}"`,
			// Its disks are those of the snapshot, and as good as they.
			state: condition === 'off' ? 'shutoff' : 'disk-snapshot',
			parent: snapshot.name,
			createdAt: Math.floor(now.getTime() / 1000),
			memory: {mode: 'no'},
			disks: snapshot.domain!.disks.map(({target}) => ({target, mode: overlays.has(target) ? 'external' : 'no', overlayPath: overlays.get(target)})),
			domainXml: definition.value.xml,
		}),
	});
}

/** Appends blockers. */
function refuseBranch(context: PlanContext, action: BranchAction, snapshot: Snapshot): void {
	refuseBusyDomain(context);
	requireFreeName(context, action.name, 'the branch');
	if (action.currentState.kind === 'keep') {
		requireFreeName(context, action.currentState.name);
		if (action.currentState.name === action.name) {
			context.blockers.push({kind: 'name-taken', text: `The branch and the kept state cannot both be called "${action.name}".`, remedy: 'Choose another name for one of them.'});
		}
	}

	if (!isExternal(snapshot)) {
		context.blockers.push({
			kind: 'not-supported',
			text: `"${snapshot.name}" is inside the images, which hold one line of history only: no overlay can be based on it.`,
			remedy: 'Revert to it, keeping the current state (--keep), and take the next snapshot there: that forks the tree.',
		});
	}
}

/** Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where a document cannot be changed. */
export function planBranch(action: BranchAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const found = findSnapshot(inventory, action.snapshot);
	if (!found.ok) {
		return found;
	}

	const snapshot = found.value;
	const {now} = given;
	const context = planContext(inventory, given);
	refuseBranch(context, action, snapshot);
	const lack = lackOfDomain(snapshot);
	if (lack !== undefined || !isExternal(snapshot)) {
		return fail({kind: 'refused', blockers: [...context.blockers, ...lack === undefined ? [] : [lack]]});
	}

	const leave = leaveFor(context, {
		snapshot, currentState: action.currentState, overlayFolder: action.overlayFolder, now, leftFor: `the branch "${action.name}"`, resumes: false, layOver: lower => upperLayer(context, lower, now),
	});
	if (!leave.ok) {
		return leave;
	}

	const {disks: {overlaid}, upper, definitionXml, finish} = leave.value;
	if (overlaid.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'The snapshot froze no disk, so nothing can branch from it.', remedy: 'Take a snapshot with the disks, and branch from that one.'});
	}

	const nvram = branchNvram(context, snapshot, {name: action.name, now, definitionXml});
	const records = recordSteps(context, action, {snapshot, leave: leave.value, now});
	if (!records.ok) {
		return records;
	}

	const checkpoints = checkpointSteps(context, {snapshot, disks: overlaid, upper, keepName: keptName(action)});
	if (!checkpoints.ok) {
		return checkpoints;
	}

	const {bitmaps, upperBitmaps, before, after} = checkpoints.value;
	const endState = action.endState ?? 'shutoff';
	const end = endState === 'shutoff' ? [] : bootSteps(context, {definitionXml, isPaused: endState === 'paused'});
	const parts = finish({bitmaps, upperBitmaps, before, nvram: nvram.switch, after: [...records.value, ...after, ...end]});
	return planWayBack(context, action, {
		...given,
		snapshot,
		parts: {...parts, consequences: [...parts.consequences, ...checkpoints.value.consequences], checkpoints: checkpoints.value.expected, created: [...parts.created, ...filesAt(nvram.created)], endState},
		course: {
			begins: describeBegin(action, snapshot),
			ends: describeEnd(snapshot, endState),
			currentSnapshot: action.name,
			newSnapshots: [{name: action.name, parent: snapshot.name}],
			layers: overlaid.map(({overlayPath: path}) => path),
		},
	});
}
