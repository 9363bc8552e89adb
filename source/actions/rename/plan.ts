/**
The planner for `rename`: the record is written under the new name, what came after the snapshot is hung on that, and the old record goes. No image is
touched: overlays and the memory file keep their names, since the record says where they are. A copy of the firmware's variables, or of the state of the TPM, is found by
the name of its snapshot, so it gets the new one.
*/
import {posix} from 'node:path';
import type {RenameAction} from '../../model/plan/request.ts';
import {devicePaths} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {nvramCopyOf, nvramCopyPath, unreadableNvramCopy} from '../../model/domain/nvram.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {mapResult, together, type Result} from '../../model/result.ts';
import {rewriteSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {findSnapshot} from '../../planner/checks/asked-snapshot.ts';
import {requireFreeName} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {preservingXml} from '../../planner/records/bookkeeping.ts';
import {recordedOverlays} from '../../planner/records/lineage.ts';
import {
	assembleRepair, emptyRepair, besideCheckpoints, refuseRepair,
} from '../../planner/records/repair-plan.ts';
import {copySteps} from '../../planner/steps/copy-file.ts';
import {isForeignNvram} from '../../planner/steps/nvram.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {step} from '../../planner/steps/step.ts';
import {describeRename} from './words.ts';

const whenStopped = 'The old name would be put back: no image is touched.';

/** qcow2 finds a state by its name, and nothing changes that name. */
function refuseStateInside(context: PlanContext, snapshot: Snapshot): void {
	if (snapshot.memory.mode === 'internal' || snapshot.disks.some(({mode}) => mode === 'internal')) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The state "${snapshot.name}" is stored inside the images under this name, and neither QEMU nor qemu-img can rename it there.`,
			remedy: 'Keep the name; what the snapshot is for can stand in its description (virsh snapshot-edit).',
		});
	}
}

const rootRemedy = 'Run it as root (sudo), or as a user who may write there.';

/** A copy that goes with the name of the snapshot, and where it goes. `rest`: what such a file is without its snapshot. */
type Move = {id: 'nvram' | 'tpm'; what: string; rest: string; from: string; to: string};

const copies = {
	nvram: {id: 'nvram', what: 'the copy of the firmware\'s variables', rest: 'firmware variables'},
	tpm: {id: 'tpm', what: 'the copy of the TPM\'s state', rest: 'the state of a TPM'},
} as const;

/** Appends blockers where it cannot go there. */
function moveOf(context: PlanContext, copy: Pick<Move, 'id' | 'what' | 'rest'>, {from, to}: {from: string; to: string | undefined}, name: string): Move[] {
	const {folders} = context.inventory;
	const folder = posix.dirname(from);
	if (to === undefined) {
		context.blockers.push({kind: 'name', text: `The name is too long for ${copy.what}, which bears it too (${from}).`, remedy: 'Choose a shorter name.'});
		return [];
	}

	if (folders.get(folder)?.names.has(posix.basename(to))) {
		context.blockers.push({
			kind: 'name-taken', text: `${to} is there already: ${copy.rest} of an earlier snapshot "${name}".`, remedy: 'Choose another name, or remove that file if nobody needs it (vsnap-tui doctor).',
		});
	}

	if (!folders.get(folder)?.isWritable) {
		context.blockers.push({
			kind: 'not-permitted', text: `The ${copy.what.slice('the '.length)}, ${from}, has to be renamed too, and you may not write to ${folder}.`, remedy: rootRemedy, needsRights: true,
		});
	}

	return [{...copy, from, to}];
}

/** Of the firmware's variables, and of the state of the TPM that was kept when another one was put back. Appends blockers. */
function movesOf(context: PlanContext, snapshot: Snapshot, name: string): Move[] {
	const {nvramFiles, tpmPath} = context.inventory;
	const unreadable = unreadableNvramCopy(snapshot, context.inventory);
	if (unreadable !== undefined) {
		context.blockers.push({kind: 'not-permitted', text: `The copy of the firmware's variables, ${unreadable}, has to be renamed too, and you may not read it.`, remedy: rootRemedy, needsRights: true});
	}

	const variables = nvramCopyOf(snapshot, nvramFiles);
	const tpm = tpmPath === undefined ? undefined : nvramCopyPath(tpmPath, snapshot.name);
	return [
		...(variables === undefined || isForeignNvram(context, snapshot.domain!.nvramPath!) ? [] : moveOf(context, copies.nvram, {from: variables, to: nvramCopyPath(snapshot.domain!.nvramPath!, name)}, name)),
		...(tpm === undefined || !nvramFiles.has(tpm) ? [] : moveOf(context, copies.tpm, {from: tpm, to: nvramCopyPath(tpmPath!, name)}, name)),
	];
}

/** The record under its new name, the children hung on it, and the old record gone. */
function recordSteps(context: PlanContext, snapshot: Snapshot, name: string): Result<Step[]> {
	const {uuid, hypervisor: {records}, inventory: {details: {snapshots, currentSnapshot}}} = context;
	const children = snapshots.filter(({parent}) => parent === snapshot.name);
	const rewrite = (record: Snapshot, change: {name?: string; parent: string | undefined}) =>
		rewriteSnapshotXml(record.xml, {...change, overlays: recordedOverlays(record), devices: devicePaths(context.graph), contents: new Map()});
	const wasCurrent = snapshot.name === currentSnapshot;
	const drafts: Array<{child: Snapshot; xml: string; oldXml: string}> = [];
	for (const child of children) {
		const draft = together({xml: rewrite(child, {parent: name}), oldXml: preservingXml(child)});
		if (!draft.ok) {
			return draft;
		}

		drafts.push({child, ...draft.value});
	}

	return mapResult(together({xml: rewrite(snapshot, {name, parent: snapshot.parent}), oldXml: preservingXml(snapshot)}), ({xml, oldXml}) => {
		const putBack = records.replace({fileName: 'snapshot-old', xml: oldXml, makeCurrent: wasCurrent});
		return [
			step('switch', {
				id: 'record',
				title: `Record the snapshot as "${name}"`,
				command: records.replace({fileName: 'snapshot-new', xml, makeCurrent: wasCurrent}),
				undo: [{...records.deleteMetadata(name), onlyIf: {kind: 'snapshot-exists', uuid, name}}, ...(wasCurrent ? [putBack] : [])],
				whenStopped,
			}),
			...drafts.map((draft, index): Step => step('switch', {
				id: `parent-${index + 1}`,
				title: `Reparent "${draft.child.name}"`,
				command: records.replace({fileName: `snapshot-child-${index + 1}`, xml: draft.xml, makeCurrent: false}),
				undo: [records.replace({fileName: `snapshot-child-${index + 1}-before`, xml: draft.oldXml, makeCurrent: draft.child.name === currentSnapshot})],
				whenStopped,
			})),
			step('switch', {
				id: 'old',
				title: `Remove the record of "${snapshot.name}"`,
				command: records.deleteMetadata(snapshot.name),
				undo: [putBack],
				doneWhen: {kind: 'snapshot-missing', uuid, name: snapshot.name},
				whenStopped,
			}),
		];
	});
}

/** Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planRename(action: RenameAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const found = findSnapshot(inventory, action.snapshot);
	if (!found.ok) {
		return found;
	}

	const {name} = action;
	const context = planContext(inventory, given);
	refuseRepair(context);
	refuseStateInside(context, found.value);
	requireFreeName(context, name, 'the snapshot');
	const moves = movesOf(context, found.value, name);
	const written = recordSteps(context, found.value, name);
	const records = written.ok ? besideCheckpoints(context, written.value) : written;
	if (!records.ok) {
		return records;
	}

	const {snapshots, currentSnapshot} = inventory.details;
	const renamed = (old: string | undefined) => old === action.snapshot ? name : old;
	return assembleRepair(context, action, given, {
		...emptyRepair(context),
		steps: [
			...moves.flatMap(({id, what, from, to}) => copySteps(context, {
				id, title: `${what} under its new name`, phase: 'create', date: inventory.nvramFiles.get(from)!.modifiedAt, like: inventory.nvramFiles.get(from), from, to,
			})),
			...records.value.steps,
			...removeSteps(context, moves.map(({from}) => from)),
		],
		created: moves.map(({to}) => to),
		removed: moves.map(({from}) => from),
		snapshots: snapshots.map(snapshot => ({name: renamed(snapshot.name)!, parent: renamed(snapshot.parent)})),
		currentSnapshot: renamed(currentSnapshot),
		goneSnapshots: [action.snapshot],
		checkpoints: records.value.checkpoints,
		consequences: describeRename(action, found.value, moves),
	});
}
