/**
Making libvirt's own records true after a revert, so that plain virsh goes on working (docs/facts/behaviour.md#the-current-record).

libvirt >= 9.9, when it reverts, unlinks the files that the current snapshot's record names as overlays. So the current snapshot must name the
images that the domain writes to. Before 9.9 a snapshot with children must keep what it named: rewritten, its own delete would commit the head
into the image that the children share.
*/
import {headDisks} from '../../model/domain/domain.ts';
import {devicePaths} from '../../model/images/image-graph.ts';
import {mapResult, succeed, together, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Step} from '../../model/plan/plan.ts';
import {changeSnapshotXml} from '../../model/xml/change-snapshot.ts';
import type {PlanContext} from '../context.ts';
import {step} from '../steps/step.ts';

function overlaysOf(disks: Snapshot['disks']): Map<string, string> {
	return new Map(disks.flatMap(disk => disk.overlayPath === undefined ? [] : [[disk.target, disk.overlayPath]]));
}

function devicesOf(disks: Snapshot['disks']): Set<string> {
	return new Set(disks.flatMap(({overlayPath, isDevice}) => isDevice && overlayPath !== undefined ? [overlayPath] : []));
}

/**
The record as a redefine must hold it so that its meaning stays: a redefine drops `<revertDisks>`, so its files go into `<disks>`, which libvirt
reads where there are none.
*/
export function preservingXml(snapshot: Snapshot): Result<string> {
	return snapshot.revertDisks.length === 0
		? succeed(snapshot.xml)
		: changeSnapshotXml(snapshot.xml, {overlays: overlaysOf(snapshot.revertDisks), devices: devicesOf(snapshot.revertDisks), dropRevertDisks: true});
}

function headPaths(context: PlanContext): Map<string, string> {
	return new Map(headDisks(context.inventory.details.domain).flatMap(disk => disk.sourcePath === undefined ? [] : [[disk.target, disk.sourcePath]]));
}

/** Makes the record of the former current snapshot current again, without losing what it says of its overlays. */
function backToFormerCurrent(context: PlanContext, former: Snapshot | undefined, target: Snapshot): Result<Step['undo']> {
	// Current it stays, for that cannot be taken back; so its record has to name what the domain writes to, or libvirt's own revert unlinks the wrong files.
	const targetXml = former === undefined && context.can.currentNamesHeads
		? changeSnapshotXml(target.xml, {overlays: headPaths(context), devices: devicePaths(context.graph), dropRevertDisks: true})
		: preservingXml(target);
	const isOther = former !== undefined && former.name !== target.name;
	return mapResult(together({targetXml, formerXml: isOther ? preservingXml(former) : succeed('')}), ({targetXml: xml, formerXml}) => [
		context.hypervisor.records.replace({fileName: 'snapshot-target-before', xml, makeCurrent: former?.name === target.name}),
		...(isOther ? [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: formerXml, makeCurrent: true})] : []),
	]);
}

/**
Takes the overlays of an earlier revert out of the record of the snapshot that was current: they are frozen or gone from here on, and a later revert or
delete by libvirt must not take them for its own.
*/
export function dropRevertDisks(context: PlanContext, former: Snapshot | undefined): Result<Step[]> {
	if (former === undefined || former.revertDisks.length === 0) {
		return succeed([]);
	}

	return mapResult(changeSnapshotXml(former.xml, {overlays: new Map(), dropRevertDisks: true}), xml => [step('switch', {
		id: 'drop-revert-disks',
		title: `Remove the overlays of the earlier revert from the record of "${former.name}"`,
		command: context.hypervisor.records.replace({fileName: 'snapshot-former', xml, makeCurrent: false}),
	})]);
}

/** Writes the record of a new snapshot, which becomes the current one. Fails with `unreadable` where the former one's cannot be changed. */
export function recordNew(context: PlanContext, given: {id: string; title: string; fileName: string; name: string; xml: string; whenStopped?: string}): Result<Step[]> {
	const {id, title, fileName, name, xml, whenStopped} = given;
	const {uuid, hypervisor: {records}, inventory: {details: {snapshots, currentSnapshot}}} = context;
	const former = snapshots.find(snapshot => snapshot.name === currentSnapshot);
	return mapResult(together({formerXml: former === undefined ? succeed('') : preservingXml(former), tidied: dropRevertDisks(context, former)}), ({formerXml, tidied}) => [
		step('switch', {
			id,
			title,
			command: records.replace({fileName, xml, makeCurrent: true}),
			undo: [
				{...records.deleteMetadata(name), onlyIf: {kind: 'snapshot-exists', uuid, name}},
				...(former === undefined ? [] : [records.replace({fileName: 'snapshot-current-before', xml: formerXml, makeCurrent: true})]),
			],
			...(whenStopped !== undefined && {whenStopped}),
		}),
		...tidied,
	]);
}

export function bookkeepingSteps(context: PlanContext, target: Snapshot, given: {heads: Map<string, string>; hasChildren: boolean}): Result<Step[]> {
	const {details} = context.inventory;
	const former = details.snapshots.find(snapshot => snapshot.name === details.currentSnapshot);
	const mayRewrite = !given.hasChildren || context.can.currentNamesHeads;
	return mapResult(together({
		undo: backToFormerCurrent(context, former, target),
		xml: mayRewrite ? changeSnapshotXml(target.xml, {overlays: given.heads, devices: devicePaths(context.graph), dropRevertDisks: true}) : preservingXml(target),
		tidied: former?.name === target.name ? succeed([]) : dropRevertDisks(context, former),
	}), ({undo, xml, tidied}) => [
		step('switch', {
			id: 'current',
			title: `Make "${target.name}" current${mayRewrite ? ', with the new disks in its record' : ''}`,
			command: context.hypervisor.records.replace({fileName: 'snapshot-target', xml, makeCurrent: true}),
			undo,
		}),
		...tidied,
	]);
}
