/**
libvirt's snapshot records while snapshots are dropped and images are merged, so that plain virsh goes on working: parents, overlays, the images that the
stored domains name, and which snapshot is current.

Deleting the metadata of a record makes libvirt 9.0 and 10.0 re-write the records of its descendants, and wrongly; so each of them is written anew from what it was.
*/
import type {Step} from '../../model/plan/plan.ts';
import type {ImagePlace} from '../../model/images/image.ts';
import {devicePaths} from '../../model/images/image-graph.ts';
import {
	allOf, mapResult, succeed, together, type Result,
} from '../../model/result.ts';
import {frozenPath, isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {childrenByParent, withAncestors, withDescendants} from '../../model/domain/tree.ts';
import {rewriteSnapshotXml} from '../../model/xml/change-snapshot.ts';
import type {PlanContext} from '../context.ts';
import {step} from '../steps/step.ts';
import {recordedOverlays, snapshotBelowHeads} from './lineage.ts';
import {preservingXml} from './bookkeeping.ts';

type RecordChange = {
	deleted: readonly Snapshot[];
	/** Where an image's content is read from afterwards, by the key of the image; images that stay what they are are missing. */
	contents: ReadonlyMap<string, ImagePlace>;
	/** For what is named as overlay: also images that went up into others. */
	successors: ReadonlyMap<string, string>;
	/** What the domain writes to afterwards, by target. */
	heads: ReadonlyMap<string, string>;
	/** Once metadata is deleted, nothing can be undone by putting records back: images are committed. */
	isIrreversible: boolean;
};

type RecordPlan = {
	/** Before images are committed, and after. */
	before: Step[];
	after: Step[];
	currentSnapshot: string | undefined;
	parents: Array<{name: string; parent: string | undefined}>;
};

const whenStopped = 'Recover would finish the switch; the guest\'s data is safe.';

/** The current snapshot afterwards: the nearest ancestor that remains, else the one that the disks come from by the images. Never one of another branch. */
export function nextCurrent(context: PlanContext, gone: ReadonlySet<string>): string | undefined {
	const {snapshots, currentSnapshot} = context.inventory.details;
	const above = currentSnapshot === undefined ? undefined : withAncestors(snapshots, currentSnapshot).find(({name}) => !gone.has(name));
	if (above) {
		return above.name;
	}

	return snapshotBelowHeads(context, snapshots.filter(snapshot => !gone.has(snapshot.name) && isExternal(snapshot)))?.name;
}

/** By the name of each snapshot that remains: the nearest above it that remains too. */
function parentsAfter(snapshots: readonly Snapshot[], gone: ReadonlySet<string>): Map<string, string | undefined> {
	const byName = new Map(snapshots.map(snapshot => [snapshot.name, snapshot]));
	return new Map(snapshots.filter(({name}) => !gone.has(name)).map(({name, parent}) => {
		let above = parent;
		for (const seen = new Set([name]); above !== undefined && gone.has(above) && !seen.has(above); above = byName.get(above)?.parent) {
			seen.add(above);
		}

		return [name, above];
	}));
}

/** Parents first, so that each finds its parent. */
function inOrder(snapshots: readonly Snapshot[], wanted: ReadonlySet<string>): Snapshot[] {
	const children = childrenByParent(snapshots);
	const open = [...children.get(undefined) ?? []];
	const ordered: Snapshot[] = [];
	for (let next = open.shift(); next !== undefined; next = open.shift()) {
		ordered.push(next);
		open.push(...children.get(next.name) ?? []);
	}

	return ordered.filter(({name}) => wanted.has(name));
}

type Draft = {snapshot: Snapshot; number: number; parent: string | undefined; interimXml: string; finalXml: string};

/** The overlays that the record names afterwards: the current one those that the domain writes to, the others what became of theirs. */
function overlaysAfter(context: PlanContext, snapshot: Snapshot, given: {change: RecordChange; isCurrent: boolean; isLeaf: boolean}): Map<string, string> {
	const {heads, successors} = given.change;
	const overlays = new Map([...recordedOverlays(snapshot)].map(([target, path]) => [target, successors.get(path) ?? path]));
	// Before 9.9 a record with children keeps what it named: rewritten, libvirt's own delete would commit the head into what the children share.
	return given.isCurrent && (given.isLeaf || context.can.currentNamesHeads) ? new Map([...overlays, ...heads]) : overlays;
}

function draftOf(context: PlanContext, snapshot: Snapshot, given: {number: number; change: RecordChange; parents: ReadonlyMap<string, string | undefined>; current: string | undefined}): Result<Draft> {
	const {number, change, parents} = given;
	const parent = parents.get(snapshot.name);
	const isLeaf = snapshot.name !== given.current || ![...parents.values()].includes(snapshot.name);
	const devices = devicePaths(context.graph);
	const interim = change.isIrreversible ? rewriteSnapshotXml(snapshot.xml, {parent, overlays: recordedOverlays(snapshot), devices, contents: new Map()}) : succeed('');
	const final = rewriteSnapshotXml(snapshot.xml, {
		parent,
		overlays: overlaysAfter(context, snapshot, {change, isCurrent: snapshot.name === given.current, isLeaf}),
		devices,
		contents: change.contents,
	});
	return mapResult(together({interimXml: interim, finalXml: final}), xmls => ({snapshot, number, parent, ...xmls}));
}

/** Records that have to be written anew: below and right above what is forgotten, the current one, and whatever names an image that moves. */
function affectedBy(context: PlanContext, change: RecordChange, given: {gone: ReadonlySet<string>; current: string | undefined}): Set<string> {
	const {snapshots} = context.inventory.details;
	const {gone, current} = given;
	const below = change.deleted.flatMap(({name}) => [...withDescendants(snapshots, name)]);
	const above = change.deleted.flatMap(({parent}) => parent ?? []);
	const naming = snapshots.filter(snapshot =>
		snapshot.disks.some(({target}) => change.contents.has(frozenPath(snapshot, target) ?? ''))
		|| [...recordedOverlays(snapshot).values()].some(path => change.successors.has(path)));
	// A recorded chain beats the headers of the images: one that names a file which went would not open.
	const chained = change.successors.size === 0 ? [] : snapshots.filter(({xml}) => /<backingStore[\s>]/u.test(xml));
	return new Set([...below, ...above, ...(current === undefined ? [] : [current]), ...[...naming, ...chained].map(({name}) => name)].filter(name => !gone.has(name)));
}

function restoreCommands(context: PlanContext, snapshots: readonly Snapshot[]): Result<NonNullable<Step['undo']>> {
	return allOf(snapshots.map((snapshot, index) => mapResult(preservingXml(snapshot), xml => {
		const makeCurrent = snapshot.name === context.inventory.details.currentSnapshot;
		return context.hypervisor.records.replace({fileName: `record-${index + 1}-before`, xml, makeCurrent});
	})));
}

function redefineStep(context: PlanContext, draft: Draft, stage: 'between' | 'after'): Step {
	const {snapshot, number, parent} = draft;
	const before = snapshot.parent === parent ? `Prepare the record of "${snapshot.name}" for the merge` : `Reparent "${snapshot.name}"`;
	const xml = stage === 'after' ? draft.finalXml : draft.interimXml;
	return step('switch', {
		id: `record-${number}-${stage}`,
		title: stage === 'after' ? `Correct the metadata of "${snapshot.name}"` : before,
		// Put back with the first record that was forgotten, because it may name that one as its parent.
		command: context.hypervisor.records.replace({fileName: `record-${number}-${stage}`, xml, makeCurrent: false}),
		whenStopped,
	});
}

/** The current snapshot is changed before the old one is forgotten, so that there is one at every moment. */
function currentSteps(context: PlanContext, draft: Draft | undefined): Result<Step[]> {
	const {snapshots, currentSnapshot} = context.inventory.details;
	if (draft === undefined || draft.snapshot.name === currentSnapshot) {
		return succeed([]);
	}

	const former = snapshots.find(({name}) => name === currentSnapshot);
	return mapResult(together({
		xml: preservingXml(draft.snapshot),
		undo: former === undefined ? succeed([]) : restoreCommands(context, [draft.snapshot, former]),
	}), ({xml, undo}) => [step('switch', {
		id: 'current',
		title: `Make "${draft.snapshot.name}" the current snapshot`,
		command: context.hypervisor.records.replace({fileName: 'record-current', xml, makeCurrent: true}),
		undo,
		whenStopped,
	})]);
}

/** Fails with `unreadable` where a record cannot be changed. */
export function planRecords(context: PlanContext, change: RecordChange): Result<RecordPlan> {
	const {snapshots} = context.inventory.details;
	const deletedNames = new Set(change.deleted.map(({name}) => name));
	const current = nextCurrent(context, deletedNames);
	const parents = parentsAfter(snapshots, deletedNames);
	const affected = affectedBy(context, change, {gone: deletedNames, current});
	const drafted = allOf(inOrder(snapshots, affected).map((snapshot, index) => draftOf(context, snapshot, {number: index + 1, change, parents, current})));
	if (!drafted.ok) {
		return drafted;
	}

	const drafts = drafted.value;
	const planned = together({
		makeCurrent: currentSteps(context, drafts.find(({snapshot}) => snapshot.name === current)),
		restore: restoreCommands(context, inOrder(snapshots, new Set([...deletedNames, ...affected]))),
	});
	if (!planned.ok) {
		return planned;
	}

	const {makeCurrent, restore} = planned.value;
	const deleteMetadata = inOrder(snapshots, deletedNames).reverse().map((snapshot, index): Step => step('switch', {
		id: `delete-record-${index + 1}`,
		title: `Delete the record of "${snapshot.name}"`,
		command: context.hypervisor.records.deleteMetadata(snapshot.name),
		undo: index === 0 ? restore : [],
		doneWhen: {kind: 'snapshot-missing', uuid: context.uuid, name: snapshot.name},
		whenStopped,
	}));
	return succeed({
		before: [...makeCurrent, ...deleteMetadata, ...(change.isIrreversible ? drafts.map(draft => redefineStep(context, draft, 'between')) : [])],
		after: drafts.map(draft => redefineStep(context, draft, 'after')),
		currentSnapshot: current,
		parents: [...parents].map(([name, parent]) => ({name, parent})),
	});
}
